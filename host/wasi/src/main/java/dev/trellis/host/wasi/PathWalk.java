package dev.trellis.host.wasi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NotLinkException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The way from a directory to what a guest's path names, never above that directory: {@code ..} above it, absolute paths, and
 * symbolic links that lead there are not permitted. Holds the directory of the last name until it is closed.
 */
final class PathWalk implements AutoCloseable {
    /** Bytes of a path; as Linux has it. */
    static final int PATH_BYTES_MAX = 4096;

    /** Symbolic links on the way; as Linux has it. */
    static final int LINKS_MAX = 40;

    /** Directories below the first one that a path may pass through at a time: each is held. */
    static final int DEPTH_MAX = 256;

    private final FileHandle base;
    /** From the base downwards, without it. */
    private final Deque<FileHandle> down = new ArrayDeque<>();

    private final Deque<String> ahead = new ArrayDeque<>();
    private Optional<String> name = Optional.empty();
    private boolean mustBeDirectory;
    private int links;

    private PathWalk(FileHandle base) {
        this.base = base;
    }

    /**
     * Goes to the last name of a path.
     *
     * @param base stays the caller's, and open while this is used
     * @param followLast whether a symbolic link at the end is followed
     */
    static PathWalk to(FileHandle base, String path, boolean followLast) throws FileException {
        PathWalk walk = new PathWalk(base);
        try {
            walk.add(path, true);
            walk.go(followLast);
            return walk;
        } catch (FileException | RuntimeException e) {
            walk.close();
            throw e;
        }
    }

    /** Where {@link #name} is an entry, or what the path names if there is none. */
    FileHandle directory() {
        FileHandle last = down.peekLast();
        return last == null ? base : last;
    }

    /** The last name; nothing if the path names {@link #directory} itself, as {@code .} does. */
    Optional<String> name() {
        return name;
    }

    /** The last name, for what cannot be done to a directory that one stands in. */
    String nameOr(FileError otherwise) throws FileException {
        if (name.isEmpty()) {
            throw new FileException(otherwise);
        }
        return name.get();
    }

    /** Whether the path ends as only one of a directory may. */
    boolean mustBeDirectory() {
        return mustBeDirectory;
    }

    /** A hold on what the path names, the caller's. */
    FileHandle hold() throws FileException {
        if (name.isEmpty()) {
            return directory().again();
        }
        FileHandle held = directory().child(name.get());
        try {
            if (mustBeDirectory && held.stat().kind() != FileHandle.Kind.DIRECTORY) {
                throw new FileException(FileError.NOT_DIRECTORY);
            }
            return held;
        } catch (FileException | RuntimeException e) {
            held.close();
            throw e;
        }
    }

    FileHandle.Stat stat() throws FileException {
        if (name.isEmpty()) {
            return directory().stat();
        }
        FileHandle.Stat stat = directory().stat(name.get());
        if (mustBeDirectory && stat.kind() != FileHandle.Kind.DIRECTORY) {
            throw new FileException(FileError.NOT_DIRECTORY);
        }
        return stat;
    }

    private void add(String path, boolean last) throws FileException {
        checkPath(path);
        List<String> names = new ArrayList<>();
        for (String one : path.split("/", -1)) {
            if (!one.isEmpty() && !one.equals(".")) {
                names.add(one);
            }
        }
        if (last
                && (path.endsWith("/")
                        || path.endsWith("/.")
                        || path.endsWith("/..")
                        || path.equals(".")
                        || path.equals(".."))) {
            mustBeDirectory = true;
        }
        for (String one : names.reversed()) {
            ahead.addFirst(one);
        }
    }

    /** What holds of every path, whether it is walked or kept as the target of a link. */
    static void checkPath(String path) throws FileException {
        if (path.isEmpty()) {
            throw new FileException(FileError.NO_ENTRY);
        }
        if (path.length() > PATH_BYTES_MAX || path.getBytes(StandardCharsets.UTF_8).length > PATH_BYTES_MAX) {
            throw new FileException(FileError.NAME_TOO_LONG);
        }
        if (path.indexOf('\0') >= 0) {
            throw new FileException(FileError.INVALID);
        }
        if (path.startsWith("/")) {
            throw new FileException(FileError.NOT_PERMITTED);
        }
    }

    private void go(boolean followLast) throws FileException {
        for (String next; (next = ahead.pollFirst()) != null; ) {
            if (next.equals("..")) {
                up();
                continue;
            }
            boolean last = ahead.isEmpty();
            if (last && !followLast && !mustBeDirectory) {
                name = Optional.of(next);
                return;
            }
            FileHandle.Kind kind = kind(next, last);
            if (kind == FileHandle.Kind.SYMBOLIC_LINK) {
                follow(next, last);
            } else if (last) {
                name = Optional.of(next);
                return;
            } else {
                enter(next);
            }
        }
    }

    /** {@link FileHandle.Kind#UNKNOWN} for a last name that is not there. */
    private FileHandle.Kind kind(String next, boolean last) throws FileException {
        try {
            return directory().stat(next).kind();
        } catch (FileException e) {
            if (last && e.error() == FileError.NO_ENTRY) {
                return FileHandle.Kind.UNKNOWN;
            }
            throw e;
        }
    }

    private void up() throws FileException {
        FileHandle last = down.pollLast();
        if (last == null) {
            throw new FileException(FileError.NOT_PERMITTED);
        }
        last.close();
    }

    private void follow(String link, boolean last) throws FileException {
        if (++links > LINKS_MAX) {
            throw new FileException(FileError.LOOP);
        }
        try {
            add(Files.readSymbolicLink(directory().path(link)).toString(), last);
        } catch (NotLinkException e) {
            ahead.addFirst(link); // it has changed; counted as a link, so that this ends
        } catch (IOException e) {
            throw new FileException(FileError.of(e));
        }
    }

    private void enter(String next) throws FileException {
        if (down.size() == DEPTH_MAX) {
            throw new FileException(FileError.NAME_TOO_LONG);
        }
        FileHandle child = directory().child(next);
        down.addLast(child);
        if (child.stat().kind() != FileHandle.Kind.DIRECTORY) {
            throw new FileException(FileError.NOT_DIRECTORY);
        }
    }

    @Override
    public void close() {
        down.forEach(FileHandle::close);
        down.clear();
    }
}

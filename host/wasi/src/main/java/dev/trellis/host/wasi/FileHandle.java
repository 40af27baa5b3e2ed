package dev.trellis.host.wasi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/**
 * A hold on one file or directory of the host: the thing itself, not its name. Not for use by two threads at once.
 */
final class FileHandle implements AutoCloseable {
    /*
     * A path of several names can lead elsewhere the moment after it was checked, when somebody puts a symbolic link in its
     * way. So every directory on the way is held by a descriptor, and no path given to the system has more than one name
     * after /proc/self/fd/N, which the kernel takes as the held directory itself. What is there cannot be exchanged; and
     * the last name is never followed where it is a link. All of Java's file operations work on such paths, for as long as
     * the descriptor is open: no Path made here may be used after close.
     */

    /** What a file is. */
    enum Kind {
        UNKNOWN("unknown"),
        BLOCK_DEVICE("block-device"),
        CHARACTER_DEVICE("character-device"),
        DIRECTORY("directory"),
        FIFO("fifo"),
        SYMBOLIC_LINK("symbolic-link"),
        REGULAR_FILE("regular-file"),
        SOCKET("socket");

        private static final int MASK = 0xf000;

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        /** As {@code descriptor-type} calls it. */
        String label() {
            return label;
        }

        private static Kind of(int mode) {
            return switch (mode & MASK) {
                case 0x1000 -> FIFO;
                case 0x2000 -> CHARACTER_DEVICE;
                case 0x4000 -> DIRECTORY;
                case 0x6000 -> BLOCK_DEVICE;
                case 0x8000 -> REGULAR_FILE;
                case 0xa000 -> SYMBOLIC_LINK;
                case 0xc000 -> SOCKET;
                default -> UNKNOWN;
            };
        }
    }

    /** What is known of a file. */
    record Stat(
            Kind kind,
            long device,
            long number,
            long links,
            long size,
            FileTime accessed,
            FileTime modified,
            FileTime changed) {
        boolean sameObject(Stat other) {
            return device == other.device && number == other.number;
        }
    }

    private final int descriptor;
    private boolean closed;

    private FileHandle(int descriptor) {
        this.descriptor = descriptor;
    }

    /** A hold on what the host's own path names; links at its end are not followed. */
    static FileHandle of(Path path) throws FileException {
        return new FileHandle(LinuxFiles.hold(LinuxFiles.WORKING_DIRECTORY, path.toString()));
    }

    /** A hold on an entry of this directory, on a symbolic link itself if it is one. */
    FileHandle child(String name) throws FileException {
        oneName(name);
        return new FileHandle(LinuxFiles.hold(open(), name));
    }

    /** Another hold on this directory. */
    FileHandle again() throws FileException {
        return new FileHandle(LinuxFiles.hold(open(), "."));
    }

    /** A path to the held thing itself. */
    Path path() {
        return Path.of("/proc/self/fd/" + open());
    }

    /** A path to an entry of this directory, which may be any kind of thing or not be there. */
    Path path(String name) throws FileException {
        oneName(name);
        try {
            return path().resolve(name);
        } catch (InvalidPathException e) {
            throw new FileException(FileError.ILLEGAL_BYTE_SEQUENCE);
        }
    }

    Stat stat() throws FileException {
        return stat(path());
    }

    /** Of an entry of this directory, of a symbolic link itself if it is one. */
    Stat stat(String name) throws FileException {
        return stat(path(name), LinkOption.NOFOLLOW_LINKS);
    }

    private static Stat stat(Path path, LinkOption... options) throws FileException {
        try {
            Map<String, Object> all = Files.readAttributes(
                    path, "unix:mode,dev,ino,nlink,size,lastAccessTime,lastModifiedTime,ctime", options);
            return new Stat(
                    Kind.of((int) number(all, "mode")),
                    number(all, "dev"),
                    number(all, "ino"),
                    number(all, "nlink"),
                    number(all, "size"),
                    time(all, "lastAccessTime"),
                    time(all, "lastModifiedTime"),
                    time(all, "ctime"));
        } catch (IOException e) {
            throw new FileException(FileError.of(e));
        }
    }

    private static long number(Map<String, Object> attributes, String name) {
        return ((Number) java.util.Objects.requireNonNull(attributes.get(name), name)).longValue();
    }

    private static FileTime time(Map<String, Object> attributes, String name) {
        return (FileTime) java.util.Objects.requireNonNull(attributes.get(name), name);
    }

    private static void oneName(String name) {
        if (name.isEmpty() || name.indexOf('/') >= 0 || name.indexOf('\0') >= 0 || name.equals("..")) {
            throw new IllegalArgumentException("one name of an entry was expected, not '" + name + "'");
        }
    }

    private int open() {
        if (closed) {
            throw new IllegalStateException("the file is no longer held");
        }
        return descriptor;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LinuxFiles.close(descriptor);
        }
    }
}

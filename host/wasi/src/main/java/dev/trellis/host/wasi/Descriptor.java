package dev.trellis.host.wasi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/** A file or directory that a guest has open: {@code wasi:filesystem/types.descriptor}. */
final class Descriptor {
    /** Of {@code descriptor-flags}. */
    enum Flag {
        READ(1),
        WRITE(1 << 1),
        FILE_INTEGRITY_SYNC(1 << 2),
        DATA_INTEGRITY_SYNC(1 << 3),
        REQUESTED_WRITE_SYNC(1 << 4),
        MUTATE_DIRECTORY(1 << 5);

        private final int bit;

        Flag(int bit) {
            this.bit = bit;
        }

        static Set<Flag> of(long bits) {
            Set<Flag> flags = EnumSet.noneOf(Flag.class);
            for (Flag one : values()) {
                if ((bits & one.bit) != 0) {
                    flags.add(one);
                }
            }
            return flags;
        }

        static long bits(Set<Flag> flags) {
            long bits = 0;
            for (Flag one : flags) {
                bits |= one.bit;
            }
            return bits;
        }
    }

    private final OpenFiles open;
    private final FileHandle handle;
    private final FileHandle.Kind kind;
    private final Set<Flag> flags;
    private final boolean writableTree;
    /** Null where the flags allow nothing that needs it. */
    private final @org.jspecify.annotations.Nullable FileChannel channel;

    private Descriptor(OpenFiles open, FileHandle handle, FileHandle.Kind kind, Set<Flag> flags, boolean writableTree)
            throws FileException {
        this.open = open;
        this.handle = handle;
        this.kind = kind;
        this.flags = flags;
        this.writableTree = writableTree;
        boolean used = flags.contains(Flag.READ) || flags.contains(Flag.WRITE);
        this.channel = kind == FileHandle.Kind.REGULAR_FILE && used ? channel(options()) : null;
    }

    /**
     * Opens a held file or directory.
     *
     * @param handle the descriptor's from now on, also if this fails
     * @param writableTree whether the preopened directory that it is in may be written
     */
    static Descriptor open(OpenFiles open, FileHandle handle, Set<Flag> flags, boolean writableTree)
            throws FileException {
        boolean done = false;
        try {
            FileHandle.Kind kind = handle.stat().kind();
            switch (kind) {
                case DIRECTORY, REGULAR_FILE -> {
                    // What can be opened.
                }
                case SYMBOLIC_LINK -> throw new FileException(FileError.LOOP);
                // Opening a pipe waits for its other end, and devices are no business of guests.
                case UNKNOWN, BLOCK_DEVICE, CHARACTER_DEVICE, FIFO, SOCKET ->
                    throw new FileException(FileError.NOT_PERMITTED);
            }
            open.opening();
            try {
                Descriptor opened = new Descriptor(open, handle, kind, flags, writableTree);
                done = true;
                return opened;
            } finally {
                if (!done) {
                    open.closed();
                }
            }
        } finally {
            if (!done) {
                handle.close();
            }
        }
    }

    private Set<OpenOption> options() {
        Set<OpenOption> options = new HashSet<>();
        if (flags.contains(Flag.READ)) {
            options.add(StandardOpenOption.READ);
        }
        if (flags.contains(Flag.WRITE)) {
            options.add(StandardOpenOption.WRITE);
        }
        if (flags.contains(Flag.FILE_INTEGRITY_SYNC) || flags.contains(Flag.REQUESTED_WRITE_SYNC)) {
            options.add(StandardOpenOption.SYNC);
        } else if (flags.contains(Flag.DATA_INTEGRITY_SYNC)) {
            options.add(StandardOpenOption.DSYNC);
        }
        return options;
    }

    private FileChannel channel(Set<? extends OpenOption> options) throws FileException {
        try {
            return FileChannel.open(handle.path(), options);
        } catch (IOException e) {
            throw new FileException(FileError.of(e));
        }
    }

    FileHandle handle() {
        return handle;
    }

    FileHandle.Kind kind() {
        return kind;
    }

    Set<Flag> flags() {
        return flags;
    }

    OpenFiles openFiles() {
        return open;
    }

    boolean writableTree() {
        return writableTree;
    }

    /** To be asked before something in or about this directory is looked up. */
    FileHandle directory() throws FileException {
        if (kind != FileHandle.Kind.DIRECTORY) {
            throw new FileException(FileError.NOT_DIRECTORY);
        }
        return handle;
    }

    /** To be asked before an entry of this directory is changed. */
    FileHandle mutableDirectory() throws FileException {
        FileHandle directory = directory();
        if (!flags.contains(Flag.MUTATE_DIRECTORY)) {
            throw new FileException(FileError.READ_ONLY);
        }
        return directory;
    }

    FileChannel readable() throws FileException {
        return with(Flag.READ);
    }

    FileChannel writable() throws FileException {
        return with(Flag.WRITE);
    }

    private FileChannel with(Flag flag) throws FileException {
        FileChannel known = channel;
        if (known == null || !flags.contains(flag)) {
            throw new FileException(FileError.BAD_DESCRIPTOR);
        }
        return known;
    }

    /** A stream of its own that outlives this descriptor. */
    GuestInput input(long offset) throws FileException {
        readable();
        open.opening();
        boolean done = false;
        try {
            GuestInput input = new FileInput(open, channel(Set.of(StandardOpenOption.READ)), offset);
            done = true;
            return input;
        } finally {
            if (!done) {
                open.closed();
            }
        }
    }

    /**
     * A stream of its own that outlives this descriptor.
     *
     * @param offset where it begins; below 0 for the end of the file, whatever others write
     */
    GuestOutput output(long offset) throws FileException {
        writable();
        open.opening();
        boolean done = false;
        try {
            Set<OpenOption> options = options();
            options.remove(StandardOpenOption.READ);
            if (offset < 0) {
                options.add(StandardOpenOption.APPEND);
            }
            GuestOutput output = new FileOutput(open, channel(options), offset);
            done = true;
            return output;
        } finally {
            if (!done) {
                open.closed();
            }
        }
    }

    /** @param metadata whether more than the contents must reach the disk */
    void force(boolean metadata) throws FileException {
        FileChannel known = channel;
        try {
            if (known != null) {
                known.force(metadata);
            } else if (kind == FileHandle.Kind.DIRECTORY) {
                try (FileChannel own = channel(Set.of(StandardOpenOption.READ))) {
                    own.force(metadata);
                }
            }
        } catch (IOException e) {
            throw new FileException(FileError.of(e));
        }
    }

    void close() {
        FileChannel known = channel;
        try {
            if (known != null) {
                known.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a file of a guest cannot be closed", e);
        } finally {
            handle.close();
            open.closed();
        }
    }
}

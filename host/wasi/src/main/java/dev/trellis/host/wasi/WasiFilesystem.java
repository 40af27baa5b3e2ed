package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.Variant;
import dev.trellis.host.wasi.Descriptor.Flag;
import dev.trellis.host.wasi.FileHandle.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code wasi:filesystem}: files in preopened directories, which only commands that are run by hand have. */
final class WasiFilesystem {
    private static final String DESCRIPTOR_NAME = "descriptor";
    private static final String ENTRIES_NAME = "directory-entry-stream";

    private static final Resource<Descriptor> DESCRIPTOR =
            new Resource<>(DESCRIPTOR_NAME, Descriptor.class, Descriptor::close);
    private static final Resource<DirectoryEntries> ENTRIES =
            new Resource<>(ENTRIES_NAME, DirectoryEntries.class, DirectoryEntries::close);

    // open-flags, by bit
    private static final int CREATE = 1;
    private static final int DIRECTORY = 1 << 1;
    private static final int EXCLUSIVE = 1 << 2;
    private static final int TRUNCATE = 1 << 3;

    private static final int NANOS_MAX = 999_999_999;

    /** How often a file is looked for again that appears and vanishes while it is opened. */
    private static final int OPEN_ATTEMPTS_MAX = 8;

    private static final Result DONE = Result.ok(null);

    private WasiFilesystem() {}

    static ComponentImports imports() {
        Interface.Builder types = Interface.named("wasi:filesystem/types@" + WasiImports.VERSION)
                .resource(DESCRIPTOR)
                .resource(ENTRIES)
                .resource(WasiIo.INPUT_STREAM)
                .resource(WasiIo.OUTPUT_STREAM)
                .resource(WasiIo.ERROR);
        contents(types);
        metadata(types);
        entries(types);
        return ComponentImports.of(
                types.build(),
                Interface.named("wasi:filesystem/preopens@" + WasiImports.VERSION)
                        .resource(DESCRIPTOR)
                        .function("get-directories", (instance, _) -> preopens(instance.attachment(WasiCall.class)))
                        .build());
    }

    private static List<List<Object>> preopens(WasiCall call) {
        List<List<Object>> directories = new ArrayList<>();
        for (Preopen one : call.environment().preopens()) {
            Set<Flag> flags = one.writable() ? EnumSet.of(Flag.READ, Flag.MUTATE_DIRECTORY) : EnumSet.of(Flag.READ);
            try {
                directories.add(List.of(
                        Descriptor.open(call.openFiles(), one.directory().again(), flags, one.writable()),
                        one.guestPath()));
            } catch (FileException e) {
                throw new IllegalStateException(
                        "preopened directory " + one.guestPath() + " cannot be opened: "
                                + e.error().label(),
                        e);
            }
        }
        return directories;
    }

    // ---- how functions fail

    /** A function of a descriptor; what it throws is its {@code error-code}. */
    @FunctionalInterface
    private interface Body {
        /** @return the value of the result; null for none */
        @Nullable
        Object call(Descriptor self, @Nullable Object[] args) throws FileException, IOException, InterruptedException;
    }

    private static void method(Interface.Builder types, String name, Body body) {
        types.function("[method]descriptor." + name, (_, args) -> {
            try {
                Object value = body.call(Arguments.of(Descriptor.class, args, 0), args);
                return value == null ? DONE : Result.ok(value);
            } catch (FileException e) {
                return failed(e.error());
            } catch (ClosedByInterruptException e) {
                Thread.interrupted();
                throw new InterruptedException("interrupted in " + name);
            } catch (IOException e) {
                return failed(FileError.of(e));
            }
        });
    }

    private static Result failed(FileError error) {
        return Result.err(error.label());
    }

    // ---- contents

    private static void contents(Interface.Builder types) {
        method(types, "read-via-stream", (self, args) -> new InputStreamHandle(self.input(offset(args, 1))));
        method(types, "write-via-stream", (self, args) -> new OutputStreamHandle(self.output(offset(args, 1))));
        method(types, "append-via-stream", (self, _) -> new OutputStreamHandle(self.output(-1)));
        method(types, "read", (self, args) -> read(self.readable(), Arguments.u64(args, 1), offset(args, 2)));
        method(types, "write", (self, args) -> {
            ByteBuffer bytes = ByteBuffer.wrap(Arguments.bytes(args, 1));
            return (long) self.writable().write(bytes, offset(args, 2));
        });
        method(types, "advise", (self, _) -> {
            if (self.kind() != Kind.REGULAR_FILE) {
                throw new FileException(FileError.BAD_DESCRIPTOR);
            }
            return null;
        });
        method(types, "set-size", (self, args) -> {
            setSize(self.writable(), Arguments.u64(args, 1));
            return null;
        });
        method(types, "sync", (self, _) -> {
            self.force(true);
            return null;
        });
        method(types, "sync-data", (self, _) -> {
            self.force(false);
            return null;
        });
    }

    private static long offset(@Nullable Object[] args, int index) throws FileException {
        long offset = Arguments.number(args, index);
        if (offset < 0) {
            throw new FileException(FileError.INVALID);
        }
        return offset;
    }

    private static List<Object> read(FileChannel from, long wanted, long offset) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(wanted, WasiIo.READ_BYTES_MAX));
        int count = Math.max(0, from.read(buffer, offset));
        byte[] bytes = count == buffer.capacity() ? buffer.array() : Arrays.copyOf(buffer.array(), count);
        return List.of(bytes, count == 0);
    }

    private static void setSize(FileChannel file, long size) throws IOException, FileException {
        if (size == Long.MAX_VALUE) {
            throw new FileException(FileError.FILE_TOO_LARGE);
        }
        if (size <= file.size()) {
            file.truncate(size);
        } else {
            file.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    // ---- metadata

    private static void metadata(Interface.Builder types) {
        method(types, "get-flags", (self, _) -> Flag.bits(self.flags()));
        method(types, "get-type", (self, _) -> self.kind().label());
        method(types, "stat", (self, _) -> stat(self.handle().stat()));
        method(types, "stat-at", (self, args) -> {
            try (PathWalk walk = walk(self.directory(), args, 1)) {
                return stat(walk.stat());
            }
        });
        method(types, "metadata-hash", (self, _) -> hash(self.handle().stat()));
        method(types, "metadata-hash-at", (self, args) -> {
            try (PathWalk walk = walk(self.directory(), args, 1)) {
                return hash(walk.stat());
            }
        });
        method(types, "set-times", (self, args) -> {
            if (!self.writableTree()) {
                throw new FileException(FileError.READ_ONLY);
            }
            setTimes(self.handle().path(), args, 1);
            return null;
        });
        method(types, "set-times-at", (self, args) -> {
            try (PathWalk walk = walk(self.mutableDirectory(), args, 1)) {
                walk.stat();
                if (walk.name().isPresent()) {
                    setTimes(walk.directory().path(walk.name().get()), args, 3, LinkOption.NOFOLLOW_LINKS);
                } else {
                    setTimes(walk.directory().path(), args, 3);
                }
                return null;
            }
        });
        types.function("[method]descriptor.is-same-object", (_, args) -> {
            try {
                return Arguments.of(Descriptor.class, args, 0)
                        .handle()
                        .stat()
                        .sameObject(
                                Arguments.of(Descriptor.class, args, 1).handle().stat());
            } catch (FileException e) {
                return false;
            }
        });
        types.function("filesystem-error-code", (_, args) -> {
            Object cause = Arguments.of(IoError.class, args, 0).cause();
            return cause instanceof FileError known ? Optional.of(known.label()) : Optional.empty();
        });
    }

    /** With the flags at {@code index} and the path after them. */
    private static PathWalk walk(FileHandle base, @Nullable Object[] args, int index) throws FileException {
        return PathWalk.to(base, Arguments.string(args, index + 1), follows(args, index));
    }

    private static boolean follows(@Nullable Object[] args, int index) {
        return (Arguments.number(args, index) & 1) != 0;
    }

    private static List<Object> stat(FileHandle.Stat stat) {
        return List.of(
                stat.kind().label(),
                stat.links(),
                stat.size(),
                datetime(stat.accessed()),
                datetime(stat.modified()),
                datetime(stat.changed()));
    }

    private static Optional<List<Long>> datetime(FileTime time) {
        return Optional.of(WasiClocks.datetime(time.toInstant()));
    }

    private static List<Long> hash(FileHandle.Stat stat) {
        try {
            ByteBuffer hash = ByteBuffer.wrap(MessageDigest.getInstance("SHA-256")
                    .digest((stat.device() + ":" + stat.number()).getBytes(StandardCharsets.UTF_8)));
            return List.of(hash.getLong(), hash.getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void setTimes(Path path, @Nullable Object[] args, int index, LinkOption... options)
            throws IOException, FileException {
        FileTime accessed = newTime(args, index);
        FileTime modified = newTime(args, index + 1);
        Files.getFileAttributeView(path, BasicFileAttributeView.class, options).setTimes(modified, accessed, null);
    }

    /** Null for no change. */
    private static @Nullable FileTime newTime(@Nullable Object[] args, int index) throws FileException {
        Variant wanted = Arguments.of(Variant.class, args, index);
        return switch (wanted.label()) {
            case "no-change" -> null;
            case "now" -> FileTime.from(Instant.now());
            default -> {
                @Nullable
                Object[] datetime = java.util.Objects.requireNonNull((List<?>) wanted.payload())
                        .toArray();
                long seconds = Arguments.u64(datetime, 0);
                long nanos = Arguments.number(datetime, 1);
                if (nanos < 0 || nanos > NANOS_MAX) {
                    throw new FileException(FileError.INVALID);
                }
                try {
                    yield FileTime.from(Instant.ofEpochSecond(seconds, nanos));
                } catch (DateTimeException e) {
                    throw new FileException(FileError.OVERFLOW);
                }
            }
        };
    }

    // ---- entries of directories

    private static void entries(Interface.Builder types) {
        method(types, "open-at", WasiFilesystem::openAt);
        method(types, "read-directory", (self, _) -> DirectoryEntries.of(self.openFiles(), self.directory()));
        types.function("[method]directory-entry-stream.read-directory-entry", (_, args) -> {
            try {
                return Result.ok(Arguments.of(DirectoryEntries.class, args, 0).next());
            } catch (FileException e) {
                return failed(e.error());
            }
        });
        method(types, "create-directory-at", (self, args) -> {
            try (PathWalk walk = PathWalk.to(self.mutableDirectory(), Arguments.string(args, 1), false)) {
                Files.createDirectory(walk.directory().path(walk.nameOr(FileError.EXIST)));
                return null;
            }
        });
        method(types, "remove-directory-at", (self, args) -> {
            try (PathWalk walk = PathWalk.to(self.mutableDirectory(), Arguments.string(args, 1), false)) {
                String name = walk.nameOr(FileError.INVALID);
                if (walk.stat().kind() != Kind.DIRECTORY) {
                    throw new FileException(FileError.NOT_DIRECTORY);
                }
                Files.delete(walk.directory().path(name));
                return null;
            }
        });
        method(types, "unlink-file-at", (self, args) -> {
            try (PathWalk walk = PathWalk.to(self.mutableDirectory(), Arguments.string(args, 1), false)) {
                String name = walk.nameOr(FileError.IS_DIRECTORY);
                if (walk.stat().kind() == Kind.DIRECTORY) {
                    throw new FileException(FileError.IS_DIRECTORY);
                }
                Files.delete(walk.directory().path(name));
                return null;
            }
        });
        method(types, "rename-at", WasiFilesystem::renameAt);
        method(types, "link-at", WasiFilesystem::linkAt);
        method(types, "symlink-at", (self, args) -> {
            String target = Arguments.string(args, 1);
            PathWalk.checkPath(target);
            try (PathWalk walk = PathWalk.to(self.mutableDirectory(), Arguments.string(args, 2), false)) {
                if (walk.mustBeDirectory()) {
                    throw new FileException(walk.name().isPresent() ? FileError.NO_ENTRY : FileError.EXIST);
                }
                Files.createSymbolicLink(walk.directory().path(walk.nameOr(FileError.EXIST)), hostPath(target));
                return null;
            }
        });
        method(types, "readlink-at", (self, args) -> {
            try (PathWalk walk = PathWalk.to(self.directory(), Arguments.string(args, 1), false)) {
                String target = Files.readSymbolicLink(walk.directory().path(walk.nameOr(FileError.INVALID)))
                        .toString();
                if (target.startsWith("/")) { // not the guest's business
                    throw new FileException(FileError.NOT_PERMITTED);
                }
                return target;
            }
        });
    }

    private static Path hostPath(String text) throws FileException {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new FileException(FileError.ILLEGAL_BYTE_SEQUENCE);
        }
    }

    private static Descriptor openAt(Descriptor self, @Nullable Object[] args) throws FileException, IOException {
        long how = Arguments.number(args, 3);
        Set<Flag> flags = Flag.of(Arguments.number(args, 4));
        boolean writes = flags.contains(Flag.WRITE);
        FileHandle base = self.directory();
        if ((how & (CREATE | TRUNCATE)) != 0 || writes || flags.contains(Flag.MUTATE_DIRECTORY)) {
            base = self.mutableDirectory();
        }
        boolean truncates = (how & TRUNCATE) != 0;
        if (((how & CREATE) != 0 && (how & DIRECTORY) != 0) || (truncates && !writes)) {
            throw new FileException(FileError.INVALID);
        }
        boolean exclusive = (how & EXCLUSIVE) != 0 && (how & CREATE) != 0;
        try (PathWalk walk = PathWalk.to(base, Arguments.string(args, 2), follows(args, 1) && !exclusive)) {
            FileHandle held = (how & CREATE) == 0 ? walk.hold() : holdOrCreate(walk, exclusive);
            Kind kind = kindOf(held);
            if (kind == Kind.DIRECTORY && (writes || (how & CREATE) != 0)) {
                held.close();
                throw new FileException(FileError.IS_DIRECTORY);
            }
            if (kind != Kind.DIRECTORY && (how & DIRECTORY) != 0) {
                held.close();
                throw new FileException(FileError.NOT_DIRECTORY);
            }
            // Compilers do not ask for it: a directory may be changed if the one that it was found in may be.
            flags.remove(Flag.MUTATE_DIRECTORY);
            if (kind == Kind.DIRECTORY && self.writableTree()) {
                flags.add(Flag.MUTATE_DIRECTORY);
            }
            Descriptor opened = Descriptor.open(self.openFiles(), held, flags, self.writableTree());
            if (truncates) {
                boolean done = false;
                try {
                    opened.writable().truncate(0);
                    done = true;
                } finally {
                    if (!done) {
                        opened.close();
                    }
                }
            }
            return opened;
        }
    }

    private static Kind kindOf(FileHandle held) throws FileException {
        boolean done = false;
        try {
            Kind kind = held.stat().kind();
            done = true;
            return kind;
        } finally {
            if (!done) {
                held.close();
            }
        }
    }

    private static FileHandle holdOrCreate(PathWalk walk, boolean exclusive) throws FileException, IOException {
        if (walk.name().isEmpty()) {
            throw new FileException(exclusive ? FileError.EXIST : FileError.IS_DIRECTORY);
        }
        for (int attempt = 0; attempt < OPEN_ATTEMPTS_MAX; attempt++) {
            if (!exclusive) {
                try {
                    return walk.hold();
                } catch (FileException e) {
                    if (e.error() != FileError.NO_ENTRY) {
                        throw e;
                    }
                }
            }
            if (walk.mustBeDirectory()) {
                throw new FileException(FileError.IS_DIRECTORY);
            }
            try {
                Files.createFile(walk.directory().path(walk.nameOr(FileError.EXIST)));
                return walk.hold();
            } catch (java.nio.file.FileAlreadyExistsException e) {
                if (exclusive) {
                    throw e;
                }
            }
        }
        throw new FileException(FileError.BUSY);
    }

    private static @Nullable Object renameAt(Descriptor self, @Nullable Object[] args)
            throws FileException, IOException {
        FileHandle to = Arguments.of(Descriptor.class, args, 2).mutableDirectory();
        try (PathWalk from = PathWalk.to(self.mutableDirectory(), Arguments.string(args, 1), false);
                PathWalk into = PathWalk.to(to, Arguments.string(args, 3), false)) {
            String name = from.nameOr(FileError.INVALID);
            String newName = into.nameOr(FileError.INVALID);
            boolean directory = from.stat().kind() == Kind.DIRECTORY;
            if (into.mustBeDirectory() && !directory) {
                throw new FileException(FileError.NOT_DIRECTORY);
            }
            Files.move(from.directory().path(name), into.directory().path(newName), StandardCopyOption.ATOMIC_MOVE);
            return null;
        }
    }

    private static @Nullable Object linkAt(Descriptor self, @Nullable Object[] args) throws FileException, IOException {
        FileHandle to = Arguments.of(Descriptor.class, args, 3).mutableDirectory();
        try (PathWalk from = walk(self.mutableDirectory(), args, 1);
                PathWalk into = PathWalk.to(to, Arguments.string(args, 4), false)) {
            if (from.stat().kind() == Kind.DIRECTORY) {
                throw new FileException(FileError.NOT_PERMITTED);
            }
            if (into.mustBeDirectory()) {
                throw new FileException(FileError.NO_ENTRY);
            }
            Files.createLink(
                    into.directory().path(into.nameOr(FileError.EXIST)),
                    from.directory().path(from.nameOr(FileError.NOT_PERMITTED)));
            return null;
        }
    }
}

package dev.trellis.host.wasi;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/** The two system calls that Java does not offer: to hold on to a file or directory itself, whatever its name becomes. */
final class LinuxFiles {
    /** In place of a descriptor: paths begin at the working directory. */
    static final int WORKING_DIRECTORY = -100;

    private static final int O_PATH = 0x20_0000;
    private static final int O_CLOEXEC = 0x8_0000;
    private static final int O_NOFOLLOW =
            switch (System.getProperty("os.arch", "")) {
                case "aarch64", "arm", "ppc64le" -> 0x8000;
                default -> 0x2_0000;
            };

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    private static final MethodHandle OPENAT = call(
            "openat",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(3));
    private static final MethodHandle CLOSE =
            call("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private LinuxFiles() {}

    @SuppressWarnings("restricted") // two functions of the C library, with the types it documents
    private static MethodHandle call(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        Linker.Option[] all = java.util.Arrays.copyOf(options, options.length + 1);
        all[options.length] = Linker.Option.captureCallState("errno");
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, all);
    }

    static boolean supported() {
        return System.getProperty("os.name", "").equals("Linux");
    }

    /**
     * Takes hold of what {@code path} names, without opening it for anything: a pipe does not block, a device does nothing,
     * and a symbolic link at the end is not followed.
     *
     * @return a descriptor that only this class closes
     */
    static int hold(int directory, String path) throws FileException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            MemorySegment name = arena.allocateFrom(path, StandardCharsets.UTF_8);
            int descriptor = (int) OPENAT.invokeExact(state, directory, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
            if (descriptor < 0) {
                throw new FileException(FileError.ofErrno((int) ERRNO.get(state, 0L)));
            }
            return descriptor;
        } catch (FileException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("openat cannot be called", e);
        }
    }

    static void close(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) CLOSE.invokeExact(arena.allocate(STATE), descriptor);
            if (result != 0) {
                throw new IllegalStateException("descriptor " + descriptor + " was closed before");
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("close cannot be called", e);
        }
    }
}

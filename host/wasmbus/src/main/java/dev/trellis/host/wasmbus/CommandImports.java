package dev.trellis.host.wasmbus;

import static dev.trellis.host.engine.WasmType.I32;

import dev.trellis.host.engine.GuestInstance;
import dev.trellis.host.engine.GuestMemoryException;
import dev.trellis.host.engine.HostFunction;
import dev.trellis.host.engine.WasmType;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/**
 * What commands get in place of the engine's {@code wasi_snapshot_preview1}: the operation as the last argument, the
 * request on standard input, the reply from standard output. Everything else of WASI is the engine's.
 */
final class CommandImports {
    static final String MODULE = "wasi_snapshot_preview1";

    private static final int SUCCESS = 0;
    private static final int BADF = 8;
    private static final int FAULT = 21;
    private static final int INVAL = 28;

    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private static final int IOVECS_MAX = 1_024;
    private static final int IOVEC_BYTES = 8;
    private static final byte[] PROGRAM_NAME = "main.wasm\0".getBytes(StandardCharsets.UTF_8);

    /** A call that gives an error number. */
    @FunctionalInterface
    private interface Body {
        int call(GuestInstance guest, CommandCall call, long[] args);
    }

    private CommandImports() {}

    static List<HostFunction> functions() {
        return List.of(
                function("args_sizes_get", 2, CommandImports::argsSizesGet),
                function("args_get", 2, CommandImports::argsGet),
                function("fd_read", 4, CommandImports::read),
                function("fd_write", 4, CommandImports::write));
    }

    private static HostFunction function(String name, int params, Body body) {
        List<WasmType> types = Collections.nCopies(params, I32);
        return new HostFunction(MODULE, name, types, List.of(I32), (guest, args) -> {
            try {
                return new long[] {body.call(guest, guest.attachment(CommandCall.class), args)};
            } catch (GuestMemoryException e) {
                return new long[] {FAULT};
            }
        });
    }

    private static int argsSizesGet(GuestInstance guest, CommandCall call, long[] args) {
        guest.writeInt((int) args[0], 2);
        guest.writeInt((int) args[1], PROGRAM_NAME.length + call.operation.length + 1);
        return SUCCESS;
    }

    private static int argsGet(GuestInstance guest, CommandCall call, long[] args) {
        int pointers = (int) args[0];
        int texts = (int) args[1];
        guest.writeInt(pointers, texts);
        guest.writeInt(pointers + Integer.BYTES, texts + PROGRAM_NAME.length);
        guest.write(texts, PROGRAM_NAME);
        guest.write(texts + PROGRAM_NAME.length, call.operation);
        guest.write(texts + PROGRAM_NAME.length + call.operation.length, new byte[1]);
        return SUCCESS;
    }

    private static int read(GuestInstance guest, CommandCall call, long[] args) {
        int vectors = (int) args[2];
        if (args[0] != STDIN) {
            return BADF;
        }
        if (vectors < 0 || vectors > IOVECS_MAX) {
            return INVAL;
        }
        int total = 0;
        for (int i = 0; i < vectors && call.stdinLeft() > 0; i++) {
            int vector = (int) args[1] + i * IOVEC_BYTES;
            int length = guest.readInt(vector + Integer.BYTES);
            if (length < 0) {
                return INVAL;
            }
            int taken = Math.min(length, call.stdinLeft());
            int address = guest.readInt(vector);
            guest.write(address, call.request.array(), call.takeStdin(taken), taken);
            total += taken;
        }
        guest.writeInt((int) args[3], total);
        return SUCCESS;
    }

    private static int write(GuestInstance guest, CommandCall call, long[] args) {
        int descriptor = (int) args[0];
        int vectors = (int) args[2];
        if (descriptor != STDOUT && descriptor != STDERR) {
            return BADF;
        }
        if (vectors < 0 || vectors > IOVECS_MAX) {
            return INVAL;
        }
        int total = 0;
        for (int i = 0; i < vectors; i++) {
            int vector = (int) args[1] + i * IOVEC_BYTES;
            int length = guest.readInt(vector + Integer.BYTES);
            if (length < 0 || length > Integer.MAX_VALUE - total) {
                return INVAL;
            }
            int address = guest.readInt(vector);
            if (length > 0) {
                if (descriptor == STDOUT) {
                    call.checkStdout(length);
                    call.writeStdout(guest.read(address, length));
                } else {
                    call.countLog(length);
                    call.writeStderr(guest.read(address, length));
                }
            }
            total += length;
        }
        guest.writeInt((int) args[3], total);
        return SUCCESS;
    }
}

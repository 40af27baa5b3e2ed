package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.Variant;
import dev.trellis.host.engine.GuestException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code wasi:io}: errors, waiting, and streams. */
final class WasiIo {
    /** What one read gives at most, whatever the guest asks for; so do skip and splice. */
    static final int READ_BYTES_MAX = 256 << 10;

    /** Most bytes of one call of the blocking writes; the specification names it. */
    static final int BLOCKING_WRITE_BYTES_MAX = 4096;

    /** Pollables that one call of {@code poll} waits for; more are a trap. */
    static final int POLLABLES_MAX = 10_000;

    static final Resource<IoError> ERROR = Resource.of("error", IoError.class);
    static final Resource<Pollable> POLLABLE = new Resource<>("pollable", Pollable.class, Pollable::close);
    static final Resource<InputStreamHandle> INPUT_STREAM =
            new Resource<>("input-stream", InputStreamHandle.class, InputStreamHandle::drop);
    static final Resource<OutputStreamHandle> OUTPUT_STREAM =
            new Resource<>("output-stream", OutputStreamHandle.class, OutputStreamHandle::drop);

    private static final Result DONE = Result.ok(null);
    private static final Result CLOSED = Result.err(Variant.of("closed"));
    private static final byte[] NOTHING = {};

    private WasiIo() {}

    static ComponentImports imports() {
        return ComponentImports.of(error(), poll(), streams());
    }

    // ---- error and poll

    private static Interface error() {
        return Interface.named("wasi:io/error@" + WasiImports.VERSION)
                .resource(ERROR)
                .function(
                        "[method]error.to-debug-string", Function.leaf((_, args) -> Arguments.of(IoError.class, args, 0)
                                .message()))
                .build();
    }

    private static Interface poll() {
        return Interface.named("wasi:io/poll@" + WasiImports.VERSION)
                .resource(POLLABLE)
                .function("[method]pollable.ready", (_, args) -> Arguments.of(Pollable.class, args, 0)
                        .ready())
                .function("[method]pollable.block", (instance, args) -> {
                    instance.attachment(WasiCall.class).await(Arguments.of(Pollable.class, args, 0));
                    return null;
                })
                .function(
                        "poll", (instance, args) -> poll(instance.attachment(WasiCall.class), Arguments.list(args, 0)))
                .build();
    }

    private static int[] poll(WasiCall call, List<?> waited) throws InterruptedException {
        if (waited.isEmpty() || waited.size() > POLLABLES_MAX) {
            throw GuestException.trapped(
                    "poll takes from 1 to " + POLLABLES_MAX + " pollables, these are " + waited.size());
        }
        List<Pollable> pollables = new ArrayList<>(waited.size());
        waited.forEach(one -> pollables.add((Pollable) one));
        while (true) {
            int[] ready = new int[pollables.size()];
            int count = 0;
            for (int i = 0; i < ready.length; i++) {
                if (pollables.get(i).ready()) {
                    ready[count++] = i;
                }
            }
            if (count > 0) {
                return Arrays.copyOf(ready, count);
            }
            call.await(pollables);
        }
    }

    // ---- streams

    /** A function of a stream; what it throws is its {@code stream-error}. */
    @FunctionalInterface
    private interface StreamFunction<T> {
        /** @return the value of the result; null for none */
        @Nullable
        Object call(WasiCall call, T stream, @Nullable Object[] args) throws StreamException, InterruptedException;
    }

    private static <T> Function function(Class<T> type, StreamFunction<? super T> function) {
        return (instance, args) -> {
            try {
                Object value = function.call(instance.attachment(WasiCall.class), Arguments.of(type, args, 0), args);
                return value == null ? DONE : Result.ok(value);
            } catch (StreamException e) {
                return failed(e);
            }
        };
    }

    private static Result failed(StreamException e) {
        return e.error()
                .map(error -> Result.err(new Variant("last-operation-failed", error)))
                .orElse(CLOSED);
    }

    private static Function input(StreamFunction<GuestInput> function) {
        return function(InputStreamHandle.class, (call, stream, args) -> function.call(call, stream.input(), args));
    }

    private static Function output(StreamFunction<GuestOutput> function) {
        return function(OutputStreamHandle.class, (call, stream, args) -> function.call(call, stream.output(), args));
    }

    private static Interface streams() {
        return Interface.named("wasi:io/streams@" + WasiImports.VERSION)
                .resource(ERROR)
                .resource(POLLABLE)
                .resource(INPUT_STREAM)
                .function("[method]input-stream.read", input((_, in, args) -> read(in, Arguments.u64(args, 1))))
                .function(
                        "[method]input-stream.blocking-read",
                        input((call, in, args) -> blockingRead(call, in, Arguments.u64(args, 1))))
                .function("[method]input-stream.skip", input((_, in, args) ->
                        (long) read(in, Arguments.u64(args, 1)).length))
                .function("[method]input-stream.blocking-skip", input((call, in, args) ->
                        (long) blockingRead(call, in, Arguments.u64(args, 1)).length))
                .function("[method]input-stream.subscribe", (_, args) -> Arguments.of(InputStreamHandle.class, args, 0)
                        .subscribe())
                .resource(OUTPUT_STREAM)
                .function("[method]output-stream.check-write", output((_, out, _) -> out.writable()))
                .function("[method]output-stream.write", output((_, out, args) -> {
                    byte[] contents = Arguments.bytes(args, 1);
                    permitted(out, contents.length);
                    out.write(contents);
                    return null;
                }))
                .function("[method]output-stream.blocking-write-and-flush", output((call, out, args) -> {
                    writeAndFlush(call, out, Arguments.bytes(args, 1));
                    return null;
                }))
                .function("[method]output-stream.flush", output((_, out, _) -> {
                    out.flush();
                    return null;
                }))
                .function("[method]output-stream.blocking-flush", output((call, out, _) -> {
                    flush(call, out);
                    return null;
                }))
                .function(
                        "[method]output-stream.subscribe", (_, args) -> Arguments.of(OutputStreamHandle.class, args, 0)
                                .subscribe())
                .function("[method]output-stream.write-zeroes", output((_, out, args) -> {
                    writeZeroes(out, Arguments.u64(args, 1));
                    return null;
                }))
                .function("[method]output-stream.blocking-write-zeroes-and-flush", output((call, out, args) -> {
                    writeAndFlush(call, out, new byte[blocking(Arguments.u64(args, 1))]);
                    return null;
                }))
                .function("[method]output-stream.splice", output((_, out, args) -> splice(out, source(args), args)))
                .function("[method]output-stream.blocking-splice", output((call, out, args) -> {
                    GuestInput in = source(args);
                    call.await(out);
                    call.await(in);
                    return splice(out, in, args);
                }))
                .build();
    }

    private static byte[] read(GuestInput in, long wanted) throws StreamException {
        return wanted == 0 ? NOTHING : in.read((int) Math.min(wanted, READ_BYTES_MAX));
    }

    private static byte[] blockingRead(WasiCall call, GuestInput in, long wanted)
            throws StreamException, InterruptedException {
        byte[] bytes = read(in, wanted);
        while (bytes.length == 0 && wanted > 0) {
            call.await(in);
            bytes = read(in, wanted);
        }
        return bytes;
    }

    private static void permitted(GuestOutput out, long bytes) throws StreamException {
        long permitted = out.writable();
        if (bytes > permitted) {
            throw GuestException.trapped("output-stream.write takes at most what check-write permits, that is "
                    + permitted + " bytes, these are " + bytes);
        }
    }

    private static int blocking(long bytes) {
        if (bytes > BLOCKING_WRITE_BYTES_MAX) {
            throw GuestException.trapped(
                    "a blocking write takes at most " + BLOCKING_WRITE_BYTES_MAX + " bytes, these are " + bytes);
        }
        return (int) bytes;
    }

    private static void writeZeroes(GuestOutput out, long bytes) throws StreamException {
        permitted(out, bytes);
        for (long left = bytes; left > 0; left -= Math.min(left, READ_BYTES_MAX)) {
            out.write(new byte[(int) Math.min(left, READ_BYTES_MAX)]);
        }
    }

    private static void writeAndFlush(WasiCall call, GuestOutput out, byte[] bytes)
            throws StreamException, InterruptedException {
        int done = 0;
        for (int left = blocking(bytes.length); left > 0; left = bytes.length - done) {
            int permitted = (int) Math.min(out.writable(), left);
            if (permitted == 0) {
                call.await(out);
                continue;
            }
            out.write(permitted == bytes.length ? bytes : Arrays.copyOfRange(bytes, done, done + permitted));
            done += permitted;
        }
        flush(call, out);
    }

    /** Returns when everything written has gone on; a failure of that shows in what can be written then. */
    private static void flush(WasiCall call, GuestOutput out) throws StreamException, InterruptedException {
        out.flush();
        call.await(out);
        out.writable();
    }

    private static GuestInput source(@Nullable Object[] args) {
        return Arguments.of(InputStreamHandle.class, args, 1).input();
    }

    private static long splice(GuestOutput out, GuestInput in, @Nullable Object[] args) throws StreamException {
        long permitted = out.writable();
        long wanted = Math.min(permitted, Arguments.u64(args, 2));
        byte[] bytes = read(in, wanted);
        if (bytes.length > 0) {
            out.write(bytes);
        }
        return bytes.length;
    }
}

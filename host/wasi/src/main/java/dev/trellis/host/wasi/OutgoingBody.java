package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.engine.GuestException;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.http.Header;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The resource {@code outgoing-body}, of a request or a response. What the guest writes is kept until there is a
 * {@link BodySink}, then goes there. Used by the guest's thread.
 */
final class OutgoingBody {
    /** Bytes kept of a body that can be sent on but is not yet; then it is sent, or the guest has to wait. */
    static final int KEPT_BYTES_MAX = 64 << 10;

    private static final byte[] NOTHING = {};

    static final Resource<OutgoingBody> RESOURCE =
            new Resource<>("outgoing-body", OutgoingBody.class, OutgoingBody::drop);

    /** Whom a body is of, once that is certain; decides when it is sent. */
    interface Owner {
        /** As many bytes are kept as may be: to send the body now, if that is possible. */
        void full();

        /** The guest wants what it wrote to be sent. */
        void flushed();

        /** Most bytes that may be kept as there is nowhere to send the body to; 0 if there is. */
        int keptBytesMax();
    }

    private enum State {
        OPEN,
        WHOLE,
        BROKEN
    }

    private final WasiCall call;
    private final boolean request;
    private final long declared;
    private State state = State.OPEN;
    private boolean streamed;
    private boolean streaming;
    private long written;
    private byte[] kept = NOTHING;
    private int keptLength;
    private long charged;
    private List<Header> trailers = List.of();
    private @Nullable Owner owner;
    private @Nullable BodySink sink;
    private @Nullable StreamException failure;

    /**
     * A body.
     *
     * @param request whether it is that of a request; else of a response
     * @param declared by {@code content-length}; -1 if it is not
     */
    OutgoingBody(WasiCall call, boolean request, long declared) {
        this.call = call;
        this.request = request;
        this.declared = declared;
    }

    // ---- for who sends it

    /** From now on {@code to} decides when it is sent. */
    void ownedBy(Owner to) {
        owner = to;
        if (to.keptBytesMax() > 0) {
            discharge();
        }
    }

    /** Whether the guest has finished it. */
    boolean whole() {
        return state == State.WHOLE;
    }

    /** Whether it will never be whole. */
    boolean broken() {
        return state == State.BROKEN;
    }

    List<Header> trailers() {
        return trailers;
    }

    /** What was written so far; the caller's now. */
    ByteString takeKept() {
        ByteString bytes = keptLength == 0 ? ByteString.EMPTY : UnsafeByteOperations.unsafeWrap(kept, 0, keptLength);
        kept = NOTHING;
        keptLength = 0;
        discharge();
        return bytes;
    }

    /** What is written from now on goes to {@code to}; what was before has gone there. */
    void sendTo(BodySink to) {
        sink = to;
        switch (state) {
            case OPEN -> {
                // its end follows
            }
            case WHOLE -> to.end(trailers);
            case BROKEN -> to.abort(brokenText());
        }
    }

    /** There is nowhere to send it to any more. */
    void fail(InvocationException why) {
        failure = HttpErrors.stream(why);
    }

    // ---- the guest's end

    /** {@code output-stream} of a body. */
    private final class Stream implements GuestOutput {
        @Override
        public boolean ready() {
            try {
                return writable() > 0;
            } catch (StreamException e) {
                return true;
            }
        }

        @Override
        public long writable() throws StreamException {
            checkOpen();
            Owner of = owner;
            if (sink == null && of != null) {
                if (of.keptBytesMax() > 0) {
                    return KEPT_BYTES_MAX;
                }
                if (keptLength >= KEPT_BYTES_MAX) {
                    of.full();
                    checkOpen();
                }
            }
            BodySink to = sink;
            if (to == null) {
                return Math.max(0, KEPT_BYTES_MAX - keptLength);
            }
            try {
                return to.writable();
            } catch (InvocationException e) {
                throw failed(HttpErrors.stream(e));
            }
        }

        @Override
        public void write(byte[] bytes) throws StreamException {
            checkOpen();
            written += bytes.length;
            if (declared >= 0 && written > declared) {
                throw failed(HttpErrors.stream(
                        "more bytes than content-length " + declared + " were written",
                        HttpErrors.bodySize(request, written)));
            }
            BodySink to = sink;
            if (to == null) {
                keep(bytes);
                return;
            }
            try {
                to.write(UnsafeByteOperations.unsafeWrap(bytes));
            } catch (InvocationException e) {
                throw failed(HttpErrors.stream(e));
            }
        }

        @Override
        public void flush() throws StreamException {
            checkOpen();
            Owner of = owner;
            if (sink == null && of != null) {
                of.flushed();
                checkOpen();
            }
        }

        @Override
        public void close() {
            streaming = false;
        }
    }

    private void checkOpen() throws StreamException {
        if (failure != null) {
            throw failure;
        }
    }

    private StreamException failed(StreamException why) {
        failure = why;
        return why;
    }

    private void keep(byte[] bytes) {
        Owner of = owner;
        int most = of == null ? 0 : of.keptBytesMax();
        if (most > 0) {
            if (bytes.length > most - keptLength) {
                throw new CallEndedException(new InvocationFailure.PayloadTooLarge(
                        call.actor().value(), "its response is larger than " + most + " bytes (payload-bytes-max)"));
            }
        } else {
            call.http().memory().hold(bytes.length);
            charged += bytes.length;
        }
        if (keptLength == 0) {
            kept = bytes;
        } else {
            if (bytes.length > kept.length - keptLength) {
                kept = Arrays.copyOf(kept, Math.max(keptLength + bytes.length, 2 * keptLength));
            }
            System.arraycopy(bytes, 0, kept, keptLength, bytes.length);
        }
        keptLength += bytes.length;
    }

    private void discharge() {
        call.http().memory().letGo(charged);
        charged = 0;
    }

    private void checkNotStreaming(String what) {
        if (streaming) {
            throw GuestException.trapped(
                    "an outgoing-body must not be " + what + " before its output-stream is dropped");
        }
    }

    private Result finish(Optional<?> fields) {
        checkNotStreaming("finished");
        if (fields.isPresent() && fields.get() instanceof HttpFields given) {
            trailers = given.lines();
            given.release();
        }
        if (declared >= 0 && written != declared) {
            abort();
            return Result.err(HttpErrors.bodySize(request, written));
        }
        state = State.WHOLE;
        BodySink to = sink;
        if (to != null) {
            try {
                to.end(trailers);
            } catch (InvocationException e) {
                return Result.err(HttpErrors.of(e.failure()));
            }
        }
        return HttpFields.DONE;
    }

    private void drop() {
        if (state == State.OPEN) {
            abort();
        }
        checkNotStreaming("dropped");
    }

    private void abort() {
        state = State.BROKEN;
        takeKept();
        BodySink to = sink;
        if (to != null) {
            to.abort(brokenText());
        }
    }

    /** Why it is not whole, for people. */
    String brokenText() {
        String what = request ? "request" : "response";
        return declared >= 0 && written != declared
                ? "the " + what + " body has " + written + " bytes, its content-length says " + declared
                : "the " + what + " body was not finished (outgoing-body.finish)";
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE)
                .function("[method]outgoing-body.write", Function.leaf((_, args) -> {
                    OutgoingBody self = Arguments.of(OutgoingBody.class, args, 0);
                    if (self.streamed) {
                        return Result.err(null);
                    }
                    self.streamed = true;
                    self.streaming = true;
                    return Result.ok(new OutputStreamHandle(self.new Stream()));
                }))
                .function("[static]outgoing-body.finish", (_, args) -> Arguments.of(OutgoingBody.class, args, 0)
                        .finish(Arguments.option(args, 1)));
    }
}

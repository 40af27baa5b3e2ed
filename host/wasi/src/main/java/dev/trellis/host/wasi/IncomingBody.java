package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.engine.GuestException;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.http.Header;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The resource {@code incoming-body}, of a request or a response, and what guests make of it. Used by the guest's thread. */
final class IncomingBody {
    /** Bytes that one look of {@code future-trailers} throws away at most, so that a fast sender cannot hold it up. */
    private static final int SKIPPED_MAX = 1 << 20;

    private static final byte[] NONE_YET = {};

    static final Resource<IncomingBody> RESOURCE =
            new Resource<>("incoming-body", IncomingBody.class, IncomingBody::drop);
    static final Resource<FutureTrailers> FUTURE_TRAILERS =
            new Resource<>("future-trailers", FutureTrailers.class, FutureTrailers::drop);

    private final Waker waker;
    private final BodySource source;
    private ByteString beginning;
    private int taken;
    private boolean streamed;
    private boolean streaming;
    private @Nullable InvocationException failure;
    private boolean ended;

    /** @param beginning what came with the head */
    IncomingBody(Waker waker, ByteString beginning, BodySource source) {
        this.waker = waker;
        this.beginning = beginning;
        this.source = source;
    }

    private int left() {
        return beginning.size() - taken;
    }

    private boolean readable() {
        return left() > 0 || ended || failure != null || source.readable();
    }

    /** Empty for now; null at the end. */
    private @Nullable ByteString next(int max) throws InvocationException {
        int left = left();
        if (left > 0) {
            ByteString part =
                    left <= max && taken == 0 ? beginning : beginning.substring(taken, taken + Math.min(left, max));
            taken += part.size();
            if (left() == 0) {
                beginning = ByteString.EMPTY;
                taken = 0;
            }
            return part;
        }
        if (ended) {
            return null;
        }
        if (failure != null) {
            throw failure;
        }
        try {
            ByteString part = source.read(max);
            ended = part == null;
            return part;
        } catch (InvocationException e) {
            failure = e;
            throw e;
        }
    }

    private void checkNotStreaming(String what) {
        if (streaming) {
            throw GuestException.trapped(
                    "an incoming-body must not be " + what + " before its input-stream is dropped");
        }
    }

    private void drop() {
        source.giveUp();
        checkNotStreaming("dropped");
    }

    /** {@code input-stream} of a body. */
    private final class Stream implements GuestInput {
        @Override
        public boolean ready() {
            return readable();
        }

        @Override
        public byte[] read(int max) throws StreamException {
            ByteString part;
            try {
                part = next(max);
            } catch (InvocationException e) {
                throw HttpErrors.stream(e);
            }
            if (part == null) {
                throw StreamException.closed();
            }
            return part.isEmpty() ? NONE_YET : part.toByteArray();
        }

        @Override
        public void close() {
            streaming = false;
        }
    }

    /** The resource {@code future-trailers}: reads what the guest did not want of the body, until its end. */
    static final class FutureTrailers implements Pollable {
        private final IncomingBody body;
        private final Subscriptions subscriptions = new Subscriptions();
        private boolean given;

        private FutureTrailers(IncomingBody body) {
            this.body = body;
        }

        @Override
        public boolean ready() {
            if (given) {
                return true;
            }
            try {
                int skipped = 0;
                while (body.readable()) {
                    ByteString part = body.next(WasiIo.READ_BYTES_MAX);
                    if (part == null) {
                        return true;
                    }
                    skipped += part.size();
                    if (skipped > SKIPPED_MAX) {
                        body.waker.wake();
                        return false;
                    }
                }
                return false;
            } catch (InvocationException e) {
                return true;
            }
        }

        private Optional<Result> get() {
            if (!ready()) {
                return Optional.empty();
            }
            if (given) {
                return Optional.of(Result.err(null));
            }
            given = true;
            InvocationException failed = body.failure;
            if (failed != null) {
                return Optional.of(Result.ok(Result.err(HttpErrors.of(failed.failure()))));
            }
            List<Header> trailers = body.source.trailers();
            return Optional.of(Result.ok(
                    Result.ok(trailers.isEmpty() ? Optional.empty() : Optional.of(HttpFields.received(trailers)))));
        }

        private void drop() {
            body.source.giveUp();
            subscriptions.end("future-trailers");
        }
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE)
                .function("[method]incoming-body.stream", (_, args) -> {
                    IncomingBody self = Arguments.of(IncomingBody.class, args, 0);
                    if (self.streamed) {
                        return Result.err(null);
                    }
                    self.streamed = true;
                    self.streaming = true;
                    return Result.ok(new InputStreamHandle(self.new Stream()));
                })
                .function("[static]incoming-body.finish", (_, args) -> {
                    IncomingBody self = Arguments.of(IncomingBody.class, args, 0);
                    self.checkNotStreaming("finished");
                    return new FutureTrailers(self);
                })
                .resource(FUTURE_TRAILERS)
                .function("[method]future-trailers.subscribe", (_, args) -> {
                    FutureTrailers self = Arguments.of(FutureTrailers.class, args, 0);
                    return self.subscriptions.subscribe(self);
                })
                .function("[method]future-trailers.get", (_, args) -> Arguments.of(FutureTrailers.class, args, 0)
                        .get())
                .function("http-error-code", (_, args) -> HttpErrors.code(Arguments.of(IoError.class, args, 0)));
    }
}

package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.Variant;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The resource {@code response-outparam}: the response to the request that a guest handles. Used by the guest's thread. */
final class ResponseOut implements OutgoingBody.Owner {
    /*
     * A response that is small, and whole when the guest returns, is the reply of the call and the exchange is never touched.
     * Any other goes through the exchange, head first: once OutgoingBody.KEPT_BYTES_MAX of its body wait, as soon as the
     * guest waits for something, or when it flushes later than FLUSHED_AFTER_NANOS after it set the response. (Bindings
     * flush after every few kilobytes, also of a response that is whole a microsecond later.)
     */

    private static final long FLUSHED_AFTER_NANOS = 10_000_000;

    static final Resource<ResponseOut> RESOURCE = Resource.of("response-outparam", ResponseOut.class);

    private final WasiCall call;
    private final @Nullable HttpExchange exchange;
    private final Runnable begin = this::begin;
    private @Nullable OutgoingResponse response;
    private @Nullable Variant error;
    private @Nullable InvocationException lost;
    private boolean begun;
    private long setAtNanos;

    /** @param exchange null if the reply of the call is the only way for the response */
    ResponseOut(WasiCall call, @Nullable HttpExchange exchange) {
        this.call = call;
        this.exchange = exchange;
    }

    private void set(Result given) {
        if (given instanceof Result.Err err) {
            error = (Variant) err.error();
            return;
        }
        OutgoingResponse ok = (OutgoingResponse) Objects.requireNonNull(((Result.Ok) given).value());
        response = ok;
        if (exchange != null) {
            setAtNanos = System.nanoTime();
            call.beforeWait(begin);
        }
        OutgoingBody body = ok.body();
        if (body != null) {
            body.ownedBy(this);
        }
    }

    // ---- when the body is sent

    @Override
    public void full() {
        begin();
    }

    @Override
    public void flushed() {
        if (exchange != null && System.nanoTime() - setAtNanos > FLUSHED_AFTER_NANOS) {
            begin();
        }
    }

    @Override
    public int keptBytesMax() {
        return exchange == null ? Math.max(1, call.limits().payloadBytesMax()) : 0;
    }

    private void begin() {
        HttpExchange to = exchange;
        OutgoingResponse head = response;
        if (begun || to == null || head == null) {
            return;
        }
        begun = true;
        call.notBeforeWait(begin);
        OutgoingBody body = head.body();
        try {
            to.onChange(call.waker()::wake);
            to.respond(message(head, body == null ? ByteString.EMPTY : body.takeKept()));
            if (body == null) {
                to.end(List.of());
            } else {
                body.sendTo(new Sink(to));
            }
        } catch (InvocationException e) {
            lost = e;
            if (body != null) {
                body.fail(e);
            }
        }
    }

    /** The response's body on its way through the exchange; remembers that the other side is gone. */
    private final class Sink implements BodySink {
        private final HttpExchange to;

        Sink(HttpExchange to) {
            this.to = to;
        }

        @Override
        public int writable() {
            try {
                return to.writable();
            } catch (InvocationException e) {
                throw remembered(e);
            }
        }

        @Override
        public void write(ByteString part) {
            try {
                to.write(part);
            } catch (InvocationException e) {
                throw remembered(e);
            }
        }

        @Override
        public void end(List<Header> trailers) {
            try {
                to.end(trailers);
            } catch (InvocationException e) {
                throw remembered(e);
            }
        }

        @Override
        public void abort(String why) {
            // the call fails when the guest returns
        }

        private InvocationException remembered(InvocationException e) {
            lost = e;
            return e;
        }
    }

    private static HttpResponse message(OutgoingResponse head, ByteString body) {
        return HttpResponse.newBuilder()
                .setStatus(head.status())
                .addAllHeaders(head.headers().lines())
                .setBody(body)
                .build();
    }

    // ---- when the guest has returned

    /** Whether there is a response and it is whole. */
    boolean whole() {
        OutgoingResponse head = response;
        return head != null && (head.body() == null || head.body().whole());
    }

    /**
     * The reply of the call whose guest has returned.
     *
     * @throws InvocationException if the guest gave an error, no response, or not the whole of it
     */
    Payload reply() {
        if (error != null) {
            throw failed("it answered with error-code " + HttpErrors.text(error));
        }
        OutgoingResponse head = response;
        if (head == null) {
            throw failed("it returned without a response (response-outparam.set)");
        }
        OutgoingBody body = head.body();
        if (body != null && !body.whole()) {
            throw lost == null ? failed(body.brokenText()) : lost;
        }
        boolean trailers = body != null && !body.trailers().isEmpty();
        if (trailers && !begun) {
            begin();
        }
        if (lost != null) {
            throw lost;
        }
        // A response in one piece has no place for trailers; they are left out, as on connections that have none
        // either.
        return begun
                ? Payload.EMPTY
                : new Payload.Typed(message(head, body == null ? ByteString.EMPTY : body.takeKept()));
    }

    private InvocationException failed(String message) {
        Optional<InvocationFailure> cause = call.hostFailure();
        return new InvocationException(
                new InvocationFailure.ActorFailed(call.actor().value(), InvocationFailure.limited(message), cause));
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE).function("[static]response-outparam.set", Function.leaf((_, args) -> {
            Arguments.of(ResponseOut.class, args, 0).set(Arguments.of(Result.class, args, 1));
            return null;
        }));
    }
}

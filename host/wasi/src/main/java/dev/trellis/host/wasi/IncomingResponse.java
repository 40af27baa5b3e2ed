package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The resource {@code incoming-response}, and the future it comes from. Used by the guest's thread. */
final class IncomingResponse {
    static final Resource<IncomingResponse> RESOURCE =
            new Resource<>("incoming-response", IncomingResponse.class, IncomingResponse::drop);
    static final Resource<Future> FUTURE = new Resource<>("future-incoming-response", Future.class, Future::drop);

    private final WasiCall call;
    private final HttpResponse head;
    private final OutgoingCall from;
    private boolean consumed;

    private IncomingResponse(WasiCall call, HttpResponse head, OutgoingCall from) {
        this.call = call;
        this.head = head;
        this.from = from;
    }

    private Result consume() {
        if (consumed) {
            return Result.err(null);
        }
        consumed = true;
        return Result.ok(new IncomingBody(call.waker(), ByteString.EMPTY, from));
    }

    private void drop() {
        if (!consumed) {
            from.giveUp();
        }
    }

    /** The resource {@code future-incoming-response}. */
    static final class Future implements Pollable {
        private final WasiCall call;
        private final OutgoingCall from;
        private final Subscriptions subscriptions = new Subscriptions();
        private boolean given;

        Future(WasiCall call, OutgoingCall from) {
            this.call = call;
            this.from = from;
        }

        @Override
        public boolean ready() {
            return given || from.responded();
        }

        private Optional<Result> get() {
            if (given) {
                return Optional.of(Result.err(null));
            }
            HttpResponse head;
            try {
                head = from.response();
            } catch (InvocationException e) {
                given = true;
                return Optional.of(Result.ok(Result.err(HttpErrors.of(e.failure()))));
            }
            if (head == null) {
                return Optional.empty();
            }
            given = true;
            return Optional.of(Result.ok(Result.ok(new IncomingResponse(call, head, from))));
        }

        private void drop() {
            if (!given) {
                from.giveUp();
            }
            subscriptions.end("future-incoming-response");
        }
    }

    private static IncomingResponse self(@Nullable Object[] args) {
        return Arguments.of(IncomingResponse.class, args, 0);
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE)
                .function(
                        "[method]incoming-response.status",
                        Function.leaf((_, args) -> self(args).head.getStatus()))
                .function(
                        "[method]incoming-response.headers",
                        Function.leaf(
                                (_, args) -> HttpFields.received(self(args).head.getHeadersList())))
                .function("[method]incoming-response.consume", (_, args) -> self(args)
                        .consume())
                .resource(FUTURE)
                .function("[method]future-incoming-response.subscribe", (_, args) -> {
                    Future self = Arguments.of(Future.class, args, 0);
                    return self.subscriptions.subscribe(self);
                })
                .function("[method]future-incoming-response.get", (_, args) -> Arguments.of(Future.class, args, 0)
                        .get());
    }
}

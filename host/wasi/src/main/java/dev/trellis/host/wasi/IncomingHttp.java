package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/** Calls of {@code wasi:http/incoming-handler}: how components answer the contract of HTTP servers. */
final class IncomingHttp {
    /** The function that a component exports to answer HTTP requests. */
    static final String HANDLE = "wasi:http/incoming-handler@" + WasiImports.VERSION + "#handle";

    private IncomingHttp() {}

    /**
     * Has a guest answer a request, on this thread.
     *
     * @param instance with {@code call} attached
     * @param handler the function {@link #HANDLE} of its component
     * @param request {@link Payload.Typed} or {@link Payload.Streamed} with an {@link HttpRequest}
     * @return the whole response, or {@link Payload#EMPTY} if it went through the request's exchange
     * @throws InvocationException with {@link InvocationFailure.ActorFailed} if the guest gave an error code, no response
     *     or not all of it; with {@link InvocationFailure.PayloadTooLarge}; or because whoever asked is gone
     * @throws dev.trellis.host.actor.CallEndedException as host functions throw it
     * @throws GuestException if the guest was ended
     * @throws InterruptedException if the thread was interrupted
     */
    static Payload handle(ComponentInstance instance, ComponentExport handler, WasiCall call, Payload request)
            throws InterruptedException {
        return switch (request) {
            case Payload.Typed(HttpRequest whole) -> handle(instance, handler, call, whole, null);
            case Payload.Streamed(HttpRequest head, HttpExchange exchange) ->
                handle(instance, handler, call, head, exchange);
            case Payload.Typed _, Payload.Streamed _, Payload.Opaque _ ->
                throw new InvocationException(new InvocationFailure.UnknownOperation(
                        call.actor().value(), "its HTTP handler answers requests of HTTP servers only"));
        };
    }

    private static Payload handle(
            ComponentInstance instance,
            ComponentExport handler,
            WasiCall call,
            HttpRequest request,
            @Nullable HttpExchange exchange)
            throws InterruptedException {
        if (exchange == null && request.getBody().size() > call.limits().payloadBytesMax()) {
            throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                    call.actor().value(),
                    "request of " + request.getBody().size() + " bytes is larger than "
                            + call.limits().payloadBytesMax() + " (payload-bytes-max)"));
        }
        ResponseOut out = new ResponseOut(call, exchange);
        try {
            instance.call(handler, new IncomingRequest(call, request, exchange), out);
        } catch (GuestException e) {
            // Guests of languages with a main function may leave by exit(0) once they have answered.
            if (!(e.failure() instanceof GuestFailure.Exited(int code)) || code != 0 || !out.whole()) {
                throw e;
            }
        }
        return out.reply();
    }
}

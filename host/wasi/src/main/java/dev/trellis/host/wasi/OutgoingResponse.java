package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import org.jspecify.annotations.Nullable;

/** The resource {@code outgoing-response}. Used by the guest's thread. */
final class OutgoingResponse {
    static final Resource<OutgoingResponse> RESOURCE =
            new Resource<>("outgoing-response", OutgoingResponse.class, OutgoingResponse::release);

    private static final int STATUS_DEFAULT = 200;
    private static final int STATUS_MIN = 100;
    private static final int STATUS_MAX = 999;

    private final HttpFields headers;
    private int status = STATUS_DEFAULT;
    private @Nullable OutgoingBody body;

    private OutgoingResponse(HttpFields headers) {
        this.headers = headers;
    }

    int status() {
        return status;
    }

    HttpFields headers() {
        return headers;
    }

    /** Null if the guest has not asked for it: then there is none. */
    @Nullable
    OutgoingBody body() {
        return body;
    }

    void release() {
        headers.release();
    }

    private Result setStatus(long code) {
        if (code < STATUS_MIN || code > STATUS_MAX) {
            return Result.err(null);
        }
        status = (int) code;
        return HttpFields.DONE;
    }

    private Result takeBody(WasiCall call) {
        if (body != null) {
            return Result.err(null);
        }
        long declared;
        try {
            declared = headers.contentLength();
        } catch (NumberFormatException e) {
            return Result.err(null);
        }
        OutgoingBody made = new OutgoingBody(call, false, declared);
        body = made;
        return Result.ok(made);
    }

    private static OutgoingResponse self(@Nullable Object[] args) {
        return Arguments.of(OutgoingResponse.class, args, 0);
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE)
                .function(
                        "[constructor]outgoing-response",
                        Function.leaf((_, args) -> new OutgoingResponse(Arguments.of(HttpFields.class, args, 0))))
                .function("[method]outgoing-response.status-code", Function.leaf((_, args) -> self(args).status))
                .function("[method]outgoing-response.set-status-code", Function.leaf((_, args) -> self(args)
                        .setStatus(Arguments.number(args, 1))))
                .function(
                        "[method]outgoing-response.headers",
                        Function.leaf((_, args) -> self(args).headers.frozen()))
                .function("[method]outgoing-response.body", Function.leaf((instance, args) -> self(args)
                        .takeBody(instance.attachment(WasiCall.class))));
    }
}

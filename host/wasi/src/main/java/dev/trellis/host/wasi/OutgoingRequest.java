package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.Variant;
import dev.trellis.lattice.contracts.HttpPipe;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The resource {@code outgoing-request}, and how it goes out. Used by the guest's thread. */
final class OutgoingRequest {
    static final Resource<OutgoingRequest> RESOURCE =
            new Resource<>("outgoing-request", OutgoingRequest.class, OutgoingRequest::release);

    private final HttpFields headers;
    private Variant method = HttpValues.GET;
    private Optional<Variant> scheme = Optional.empty();
    private Optional<String> authority = Optional.empty();
    private Optional<String> pathWithQuery = Optional.empty();
    private @Nullable OutgoingBody body;

    private OutgoingRequest(HttpFields headers) {
        this.headers = headers;
    }

    private void release() {
        headers.release();
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
        OutgoingBody made = new OutgoingBody(call, true, declared);
        body = made;
        return Result.ok(made);
    }

    // ---- setters

    private Result setMethod(Variant to) {
        if (!HttpValues.validMethod(to)) {
            return Result.err(null);
        }
        method = to;
        return HttpFields.DONE;
    }

    private Result setScheme(Optional<Variant> to) {
        if (to.isPresent() && !HttpValues.validScheme(to.get())) {
            return Result.err(null);
        }
        scheme = to;
        return HttpFields.DONE;
    }

    private Result setAuthority(Optional<String> to) {
        if (to.isPresent() && !HttpSyntax.authority(to.get())) {
            return Result.err(null);
        }
        authority = to;
        return HttpFields.DONE;
    }

    private Result setPathWithQuery(Optional<String> to) {
        if (to.isPresent() && !HttpSyntax.pathWithQuery(to.get())) {
            return Result.err(null);
        }
        pathWithQuery = to;
        return HttpFields.DONE;
    }

    // ---- out

    /** The guest has handed it over: the future of its response, or why it does not go out. */
    private Result send(WasiCall call, @Nullable RequestOptions options) {
        try {
            return sendNow(call, options);
        } finally {
            release();
        }
    }

    private Result sendNow(WasiCall call, @Nullable RequestOptions options) {
        call.countHostCall();
        String path = pathWithQuery.orElse("/");
        if (authority.isEmpty() || path.equals("*")) {
            return Result.err(HttpErrors.URI_INVALID);
        }
        Optional<String> known = HttpValues.scheme(scheme.orElse(HttpValues.HTTPS));
        if (known.isEmpty()) {
            return Result.err(HttpErrors.PROTOCOL_ERROR);
        }
        OutgoingBody sent = body;
        if (sent != null && sent.broken()) {
            return Result.err(HttpErrors.PROTOCOL_ERROR);
        }
        if (!call.http().mayStart()) {
            return Result.err(HttpErrors.LIMIT_REACHED);
        }
        var request = dev.trellis.lattice.contracts.http.OutgoingRequest.newBuilder()
                .setMethod(HttpValues.method(method))
                .setUrl(known.get() + "://" + authority.get() + path)
                .addAllHeaders(headers.lines())
                .setBody(sent == null ? ByteString.EMPTY : sent.takeKept())
                .setRedirectsReturned(true);
        if (options != null) {
            options.putInto(request);
        }
        boolean whole = sent == null || (sent.whole() && sent.trailers().isEmpty());
        OutgoingCall started =
                OutgoingCall.start(call, request.build(), whole ? HttpPipe.ofWholeRequest() : new HttpPipe());
        if (sent != null && !whole) {
            sent.sendTo(started);
        }
        return Result.ok(new IncomingResponse.Future(call, started));
    }

    private static OutgoingRequest self(@Nullable Object[] args) {
        return Arguments.of(OutgoingRequest.class, args, 0);
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE)
                .function(
                        "[constructor]outgoing-request",
                        (_, args) -> new OutgoingRequest(Arguments.of(HttpFields.class, args, 0)))
                .function("[method]outgoing-request.body", (instance, args) -> self(args)
                        .takeBody(instance.attachment(WasiCall.class)))
                .function("[method]outgoing-request.method", (_, args) -> self(args).method)
                .function("[method]outgoing-request.set-method", (_, args) -> self(args)
                        .setMethod(Arguments.of(Variant.class, args, 1)))
                .function("[method]outgoing-request.path-with-query", (_, args) -> self(args).pathWithQuery)
                .function("[method]outgoing-request.set-path-with-query", (_, args) -> self(args)
                        .setPathWithQuery(Arguments.option(args, 1).map(String.class::cast)))
                .function("[method]outgoing-request.scheme", (_, args) -> self(args).scheme)
                .function("[method]outgoing-request.set-scheme", (_, args) -> self(args)
                        .setScheme(Arguments.option(args, 1).map(Variant.class::cast)))
                .function("[method]outgoing-request.authority", (_, args) -> self(args).authority)
                .function("[method]outgoing-request.set-authority", (_, args) -> self(args)
                        .setAuthority(Arguments.option(args, 1).map(String.class::cast)))
                .function(
                        "[method]outgoing-request.headers",
                        (_, args) -> self(args).headers.frozen());
    }

    /** {@code wasi:http/outgoing-handler}. */
    static Interface handler() {
        return Interface.named("wasi:http/outgoing-handler@" + WasiImports.VERSION)
                .function("handle", (instance, args) -> {
                    Optional<RequestOptions> options = Arguments.option(args, 1).map(RequestOptions.class::cast);
                    return self(args).send(instance.attachment(WasiCall.class), options.orElse(null));
                })
                .build();
    }
}

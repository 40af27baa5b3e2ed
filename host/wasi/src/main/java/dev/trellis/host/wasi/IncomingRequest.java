package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The resource {@code incoming-request}. Used by the guest's thread. */
final class IncomingRequest {
    static final Resource<IncomingRequest> RESOURCE = Resource.of("incoming-request", IncomingRequest.class);

    private final WasiCall call;
    private final HttpRequest request;
    private final @Nullable HttpExchange exchange;
    private boolean consumed;

    /** @param exchange null if the request holds the whole body */
    IncomingRequest(WasiCall call, HttpRequest request, @Nullable HttpExchange exchange) {
        this.call = call;
        this.request = request;
        this.exchange = exchange;
    }

    private String pathWithQuery() {
        return request.getQuery().isEmpty() ? request.getPath() : request.getPath() + "?" + request.getQuery();
    }

    private Optional<String> authority() {
        for (int i = 0; i < request.getHeadersCount(); i++) {
            if (request.getHeaders(i).getName().equals("host")) {
                return Optional.of(request.getHeaders(i).getValue());
            }
        }
        return Optional.empty();
    }

    private Result consume() {
        if (consumed) {
            return Result.err(null);
        }
        consumed = true;
        HttpExchange from = exchange;
        if (from == null) {
            return Result.ok(new IncomingBody(call.waker(), request.getBody(), BodySource.NOTHING));
        }
        if (!from.requestEnded()) {
            from.onChange(call.waker()::wake);
        }
        return Result.ok(new IncomingBody(call.waker(), request.getBody(), new Source(from)));
    }

    /** The rest of the request's body. */
    private record Source(HttpExchange exchange) implements BodySource {
        @Override
        public boolean readable() {
            return exchange.readable();
        }

        @Override
        public @Nullable ByteString read(int max) {
            return exchange.read(max);
        }

        @Override
        public List<Header> trailers() {
            return exchange.requestTrailers();
        }

        @Override
        public void giveUp() {
            // who made the call sees when it ends
        }
    }

    private static IncomingRequest self(@Nullable Object[] args) {
        return Arguments.of(IncomingRequest.class, args, 0);
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE)
                .function(
                        "[method]incoming-request.method",
                        Function.leaf((_, args) ->
                                HttpValues.method(self(args).request.getMethod())))
                .function(
                        "[method]incoming-request.path-with-query",
                        Function.leaf((_, args) -> Optional.of(self(args).pathWithQuery())))
                .function("[method]incoming-request.scheme", Function.leaf((_, _) -> Optional.of(HttpValues.HTTP)))
                .function("[method]incoming-request.authority", Function.leaf((_, args) -> self(args)
                        .authority()))
                .function(
                        "[method]incoming-request.headers",
                        Function.leaf((_, args) ->
                                HttpFields.received(self(args).request.getHeadersList())))
                .function("[method]incoming-request.consume", (_, args) -> self(args)
                        .consume());
    }
}

package dev.trellis.providers.httpserver;

import dev.trellis.lattice.contracts.http.Header;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.http1.Http1ServerRequest;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the trailers of a connection's requests, which Vert.x throws away. Sits behind the decoder, which may be ahead of
 * the request that is being served by what the client sent in one piece; so trailers are kept by their request. On the
 * event loop.
 */
final class RequestTrailers extends ChannelInboundHandlerAdapter {
    private @Nullable HttpRequest decoded;
    private @Nullable IdentityHashMap<HttpRequest, List<Header>> kept; // most connections need none

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest request) {
            decoded = request;
        }
        if (message instanceof LastHttpContent last) {
            HttpRequest request = decoded;
            if (request != null && !last.trailingHeaders().isEmpty()) {
                keep(request, last.trailingHeaders());
            }
            decoded = null;
        }
        context.fireChannelRead(message);
    }

    private void keep(HttpRequest request, HttpHeaders trailing) {
        var trailers = new ArrayList<Header>();
        for (Map.Entry<String, String> line : trailing) {
            String name = HeaderRules.lowerCase(line.getKey());
            if (HeaderRules.trailing(name) && HeaderRules.ascii(line.getValue())) {
                trailers.add(Header.newBuilder()
                        .setName(name)
                        .setValue(line.getValue())
                        .build());
            }
        }
        if (kept == null) {
            kept = new IdentityHashMap<>();
        }
        kept.put(request, List.copyOf(trailers));
    }

    /** The trailers of {@code request}, once. */
    List<Header> take(HttpServerRequest request) {
        if (kept == null || !(request instanceof Http1ServerRequest http)) {
            return List.of();
        }
        List<Header> trailers = kept.remove(http.nettyRequest());
        return trailers == null ? List.of() : trailers;
    }
}

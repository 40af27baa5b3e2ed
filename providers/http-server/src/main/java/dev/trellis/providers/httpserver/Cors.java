package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which web pages of other origins may read what the actor answers. Off as long as no origin is allowed: then
 * {@code OPTIONS} requests go to the actor like any other.
 *
 * @param origins allowed origins, compared exactly; {@code *} allows every one
 * @param methods answer to a preflight; empty repeats what was asked for
 * @param headers answer to a preflight; empty repeats what was asked for
 * @param exposed response headers that a page may read
 * @see <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">CORS protocol</a>
 */
record Cors(List<String> origins, List<String> methods, List<String> headers, List<String> exposed, Duration maxAge) {
    static final Cors OFF = new Cors(List.of(), List.of(), List.of(), List.of(), Duration.ofMinutes(5));

    Cors {
        origins = List.copyOf(origins);
        methods = List.copyOf(methods);
        headers = List.copyOf(headers);
        exposed = List.copyOf(exposed);
    }

    boolean on() {
        return !origins.isEmpty();
    }

    boolean allows(String origin) {
        return origins.contains("*") || origins.contains(origin);
    }

    /** The answer to a preflight request; null if the request, of {@code method}, is none that is answered here. */
    @Nullable
    Answer preflight(String method, MultiMap request, String traceId) {
        if (!on() || !method.equals("OPTIONS")) {
            return null;
        }
        String origin = request.get(HttpHeaderNames.ORIGIN);
        String asked = request.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
        if (origin == null || asked == null || !HeaderRules.ascii(asked)) {
            return null;
        }
        if (!allows(origin)) {
            return Problem.ORIGIN_REFUSED.answer(traceId);
        }
        String askedHeaders = request.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
        String allowedHeaders = headers.isEmpty()
                ? askedHeaders != null && HeaderRules.ascii(askedHeaders) ? askedHeaders : ""
                : String.join(", ", headers);
        return Answer.own(
                204,
                List.of(
                        "access-control-allow-methods",
                        methods.isEmpty() ? asked : String.join(", ", methods),
                        "access-control-allow-headers",
                        allowedHeaders,
                        "access-control-max-age",
                        Long.toString(maxAge.toSeconds())),
                ByteString.EMPTY);
    }

    /** Adds to {@code response} what pages of {@code origin} need to read it, if they may. */
    void addTo(MultiMap response, @Nullable String origin) {
        if (origin == null || !allows(origin) || response.contains("access-control-allow-origin")) {
            return;
        }
        if (origins.contains("*")) {
            response.add("access-control-allow-origin", "*");
        } else {
            response.add("access-control-allow-origin", origin);
            response.add("vary", "origin");
        }
        if (!exposed.isEmpty()) {
            response.add("access-control-expose-headers", String.join(", ", exposed));
        }
    }
}

package dev.trellis.providers.httpserver;

import java.time.Duration;
import java.util.List;

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
}

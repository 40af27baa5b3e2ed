package dev.trellis.providers.httpclient;

import dev.trellis.providers.sdk.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What requests over one link may do and use. Read from the provider's config and then from the link's, whose keys win.
 *
 * @param allow the origins that may be called
 * @param timeout time of a request with its redirects; the call's own deadline counts too
 * @param connectTimeout time to look up a name, connect, and agree on TLS
 * @param maxRequestBytes largest request body; a larger one is not sent
 * @param maxResponseBytes largest response body; at one byte more the connection is dropped and the call fails
 * @param maxHeaderBytes largest head, of requests and of responses
 * @param maxRedirects redirects followed for one request; one more fails the call. With 0 the actor gets the redirect
 * @param maxRequests requests in progress; more fail at once as overloaded
 * @param caCertificates PEM, trusted beside the well-known ones; empty for none
 */
record HttpClientSettings(
        AllowList allow,
        Duration timeout,
        Duration connectTimeout,
        int maxRequestBytes,
        int maxResponseBytes,
        int maxHeaderBytes,
        int maxRedirects,
        int maxRequests,
        String caCertificates) {
    static final long TIMEOUT_MS_CEILING = 3_600_000;
    static final long CONNECT_TIMEOUT_MS_CEILING = 30_000;
    static final int BODY_BYTES_CEILING = 16 << 20;
    static final int HEADER_BYTES_FLOOR = 1 << 10;
    static final int HEADER_BYTES_CEILING = 256 << 10;
    static final int REDIRECTS_CEILING = 10;
    static final int REQUESTS_CEILING = 1_024;

    static final HttpClientSettings DEFAULTS = new HttpClientSettings(
            new AllowList(List.of()),
            Duration.ofSeconds(10),
            Duration.ofSeconds(2),
            1 << 20,
            4 << 20,
            16 << 10,
            5,
            64,
            "");

    private static final List<String> KEYS = List.of(
            "allow",
            "timeout_ms",
            "connect_timeout_ms",
            "max_request_bytes",
            "max_response_bytes",
            "max_header_bytes",
            "max_redirects",
            "max_requests",
            "ca_certs");

    private static final Map<String, String> NOT_SUPPORTED = Map.of(
            "load_native_certs", "the certificates of the Java runtime are trusted; add others with ca_certs",
            "load_webpki_certs", "the certificates of the Java runtime are trusted; add others with ca_certs",
            "ssl_certs_file", "write the certificates themselves, as PEM, into ca_certs");

    /**
     * The settings of {@code config}; what it does not set is as in {@code otherwise}.
     *
     * @throws IllegalArgumentException that names the key, its value and what was expected
     */
    static HttpClientSettings of(Settings config, HttpClientSettings otherwise) {
        for (String key : config.keys()) {
            String instead = NOT_SUPPORTED.get(key);
            if (instead != null) {
                throw new IllegalArgumentException(
                        "setting '%s' of wasmCloud's HTTP client is not supported; %s".formatted(key, instead));
            }
            if (!KEYS.contains(key)) {
                throw new IllegalArgumentException(
                        "unknown setting '%s'; known are %s".formatted(key, String.join(", ", new TreeSet<>(KEYS))));
            }
        }
        return new HttpClientSettings(
                config.get("allow").map(AllowList::parse).orElse(otherwise.allow),
                Duration.ofMillis(config.number("timeout_ms", otherwise.timeout.toMillis(), 1, TIMEOUT_MS_CEILING)),
                Duration.ofMillis(config.number(
                        "connect_timeout_ms", otherwise.connectTimeout.toMillis(), 1, CONNECT_TIMEOUT_MS_CEILING)),
                bytes(config, "max_request_bytes", otherwise.maxRequestBytes, 0, BODY_BYTES_CEILING),
                bytes(config, "max_response_bytes", otherwise.maxResponseBytes, 0, BODY_BYTES_CEILING),
                bytes(config, "max_header_bytes", otherwise.maxHeaderBytes, HEADER_BYTES_FLOOR, HEADER_BYTES_CEILING),
                (int) config.number("max_redirects", otherwise.maxRedirects, 0, REDIRECTS_CEILING),
                (int) config.number("max_requests", otherwise.maxRequests, 1, REQUESTS_CEILING),
                config.get("ca_certs").orElse(otherwise.caCertificates));
    }

    private static int bytes(Settings config, String key, int otherwise, int min, int max) {
        return (int) config.number(key, otherwise, min, max);
    }
}

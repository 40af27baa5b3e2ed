package dev.trellis.providers.httpserver;

import dev.trellis.providers.sdk.Settings;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * How requests of one link are served. Read from the provider's config and then from the link's, whose keys win.
 *
 * @param maxBodyBytes largest request body; a larger one is refused with 413
 * @param bodyBufferBytes how much of a request's body is gathered before the actor is called; the rest of a longer one
 *     it reads while it runs
 * @param maxResponseBytes largest response body; a larger one becomes 502, or is cut off if its head is out already
 * @param timeout deadline of each call of the actor, with all bytes that it reads and writes
 * @param maxRequests requests in progress on the listener; more are refused with 503
 * @param maxConnections open connections of the listener; more are closed as they come
 * @param readOnly only {@code GET} and {@code HEAD} reach the actor
 * @param cacheControl value of {@code cache-control} where the actor sets none; empty for none
 */
record HttpServerSettings(
        long maxBodyBytes,
        int bodyBufferBytes,
        long maxResponseBytes,
        Duration timeout,
        int maxRequests,
        int maxConnections,
        boolean readOnly,
        String cacheControl,
        Cors cors) {
    /** Where the provider listens if neither it nor a link says so; the default of wasmCloud's provider. */
    static final ListenAddress ADDRESS_DEFAULT = new ListenAddress(InetAddress.ofLiteral("127.0.0.1"), 8000);

    static final long BODY_BYTES_CEILING = 1L << 40;
    static final int BUFFER_BYTES_CEILING = 16 << 20;
    static final long TIMEOUT_MS_CEILING = 3_600_000;
    private static final int DIGITS_MAX = 15;
    static final int REQUESTS_CEILING = 65_536;
    static final int CONNECTIONS_CEILING = 65_536;

    static final HttpServerSettings DEFAULTS =
            new HttpServerSettings(1 << 20, 1 << 20, 16 << 20, Duration.ofSeconds(2), 1024, 8192, false, "", Cors.OFF);

    private static final List<String> KEYS = List.of(
            "address",
            "host",
            "port",
            "max_body_bytes",
            "body_buffer_bytes",
            "max_response_bytes",
            "timeout_ms",
            "max_requests",
            "max_connections",
            "readonly_mode",
            "cache_control",
            "cors_allowed_origins",
            "cors_allowed_methods",
            "cors_allowed_headers",
            "cors_exposed_headers",
            "cors_max_age_secs");

    /** Names that wasmCloud's HTTP servers use for a setting of ours. */
    private static final Map<String, String> ALIASES = Map.of(
            "default_address", "address",
            "max_content_len", "max_body_bytes",
            "cors_allowed_origin", "cors_allowed_origins");

    private static final Map<String, String> NOT_SUPPORTED = Map.of(
            "config_file", "write its settings as keys of the link's config",
            "config_json", "write its settings as keys of the link's config",
            "config_b64", "write its settings as keys of the link's config",
            "tls_cert_file", "put a TLS proxy in front of this listener",
            "tls_priv_key_file", "put a TLS proxy in front of this listener",
            "routing_mode", "every actor has a listener of its own; give each link its own address");

    /**
     * The settings of {@code config}; what it does not set is as in {@code otherwise}.
     *
     * @throws IllegalArgumentException that names the key, its value and what was expected
     */
    static HttpServerSettings of(Settings config, HttpServerSettings otherwise) {
        refuseUnknown(config);
        String cacheControl = text(config, "cache_control").map(String::strip).orElse(otherwise.cacheControl);
        if (!HeaderRules.validValue(cacheControl)) {
            throw new IllegalArgumentException("cache_control must be a header value without control characters");
        }
        return new HttpServerSettings(
                bytes(config, "max_body_bytes", otherwise.maxBodyBytes, 1, BODY_BYTES_CEILING),
                (int) bytes(config, "body_buffer_bytes", otherwise.bodyBufferBytes, 0, BUFFER_BYTES_CEILING),
                bytes(config, "max_response_bytes", otherwise.maxResponseBytes, 1, BODY_BYTES_CEILING),
                Duration.ofMillis(config.number("timeout_ms", otherwise.timeout.toMillis(), 1, TIMEOUT_MS_CEILING)),
                (int) config.number("max_requests", otherwise.maxRequests, 1, REQUESTS_CEILING),
                (int) config.number("max_connections", otherwise.maxConnections, 1, CONNECTIONS_CEILING),
                config.flag("readonly_mode", otherwise.readOnly),
                cacheControl,
                cors(config, otherwise.cors));
    }

    /**
     * The address that {@code config} itself sets: {@code address}, or {@code port} with or without {@code host}
     * (without: every address of the machine); empty if it sets none.
     *
     * @throws IllegalArgumentException that names the key, its value and what was expected
     */
    static Optional<ListenAddress> address(Settings config) {
        var address = text(config, "address");
        var host = text(config, "host");
        var port = text(config, "port");
        if (address.isPresent()) {
            var whole = ListenAddress.parse("address", address.get());
            boolean agrees = (port.isEmpty() || config.number("port", 0, 0, 65535) == whole.port())
                    && (host.isEmpty() || ListenAddress.host("host", host.get()).equals(whole.host()));
            if (!agrees) {
                throw new IllegalArgumentException(
                        "address '%s' contradicts host '%s' and port '%s'; set either address, or host and port"
                                .formatted(address.get(), host.orElse(""), port.orElse("")));
            }
            return Optional.of(whole);
        }
        if (port.isPresent()) {
            return Optional.of(new ListenAddress(
                    ListenAddress.host("host", host.orElse("0.0.0.0")), (int) config.number("port", 0, 0, 65535)));
        }
        return host.map(value -> new ListenAddress(ListenAddress.host("host", value), ADDRESS_DEFAULT.port()));
    }

    private static Cors cors(Settings config, Cors otherwise) {
        var cors = new Cors(
                list(config, "cors_allowed_origins", otherwise.origins()),
                list(config, "cors_allowed_methods", otherwise.methods()),
                list(config, "cors_allowed_headers", otherwise.headers()),
                list(config, "cors_exposed_headers", otherwise.exposed()),
                Duration.ofSeconds(
                        config.number("cors_max_age_secs", otherwise.maxAge().toSeconds(), 0, 86_400)));
        boolean aimless = !cors.on()
                && !(cors.methods().isEmpty()
                        && cors.headers().isEmpty()
                        && cors.exposed().isEmpty());
        if (aimless) {
            throw new IllegalArgumentException(
                    "cors_allowed_origins must name an origin (or *) when another cors_ setting is given");
        }
        return cors;
    }

    /** A comma-separated list, or a JSON array of strings as wasmCloud's provider takes it. */
    private static List<String> list(Settings config, String key, List<String> otherwise) {
        var text = text(config, key);
        if (text.isEmpty()) {
            return otherwise;
        }
        String bare = text.get().strip();
        if (bare.startsWith("[") && bare.endsWith("]")) {
            bare = bare.substring(1, bare.length() - 1);
        }
        var values = new ArrayList<String>();
        for (String part : bare.split(",", -1)) {
            String value = part.strip();
            if (value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")) {
                value = value.substring(1, value.length() - 1);
            }
            if (value.isEmpty() || !HeaderRules.validValue(value)) {
                throw new IllegalArgumentException(
                        "%s must be a comma-separated list of header values, was '%s'".formatted(key, text.get()));
            }
            values.add(value);
        }
        return values;
    }

    /** A number of bytes, with an optional unit: {@code K}, {@code M}, {@code G} or {@code T}, in steps of 1024. */
    private static long bytes(Settings config, String key, long otherwise, long min, long max) {
        var text = text(config, key);
        if (text.isEmpty()) {
            return otherwise;
        }
        String value = text.get().strip().toLowerCase(Locale.ROOT);
        int digits = 0;
        while (digits < value.length() && Character.digit(value.charAt(digits), 10) >= 0) {
            digits++;
        }
        int shift =
                switch (value.substring(digits).strip()) {
                    case "", "b" -> 0;
                    case "k", "kb", "kib" -> 10;
                    case "m", "mb", "mib" -> 20;
                    case "g", "gb", "gib" -> 30;
                    case "t", "tb", "tib" -> 40;
                    default -> -1;
                };
        if (shift >= 0 && digits > 0 && digits <= DIGITS_MAX) {
            long number = Long.parseLong(value.substring(0, digits));
            if (number <= max >> shift && number << shift >= min) {
                return number << shift;
            }
        }
        throw new IllegalArgumentException("%s must be a number of bytes from %d to %d (%dM), was '%s'"
                .formatted(key, min, max, max >> 20, text.get()));
    }

    private static Optional<String> text(Settings config, String key) {
        var value = config.get(key);
        if (value.isPresent()) {
            return value;
        }
        for (var alias : ALIASES.entrySet()) {
            if (alias.getValue().equals(key)) {
                value = config.get(alias.getKey());
                if (value.isPresent()) {
                    return value;
                }
            }
        }
        return Optional.empty();
    }

    private static void refuseUnknown(Settings config) {
        for (String key : config.keys()) {
            String instead = NOT_SUPPORTED.get(key);
            if (instead != null) {
                throw new IllegalArgumentException(
                        "setting '%s' of wasmCloud's HTTP server is not supported; %s".formatted(key, instead));
            }
            if (!KEYS.contains(key) && !ALIASES.containsKey(key)) {
                throw new IllegalArgumentException("unknown setting '%s'; did you mean '%s'? Known settings: %s"
                        .formatted(key, nearest(key), String.join(", ", new TreeSet<>(KEYS))));
            }
        }
    }

    private static String nearest(String key) {
        String best = KEYS.getFirst();
        int least = Integer.MAX_VALUE;
        for (String known : KEYS) {
            int distance = distance(key.length() > 64 ? key.substring(0, 64) : key, known);
            if (distance < least) {
                least = distance;
                best = known;
            }
        }
        return best;
    }

    /** Levenshtein distance: insertions, deletions and replacements that turn one word into the other. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}

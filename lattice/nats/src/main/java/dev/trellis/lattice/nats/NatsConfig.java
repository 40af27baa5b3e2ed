package dev.trellis.lattice.nats;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which NATS servers to connect to, and how.
 *
 * @param urls servers of one cluster, such as {@code nats://127.0.0.1:4222}; {@code tls://} for an encrypted connection
 * @param name what the server shows as the name of this connection
 * @param connectTimeout how long one attempt to reach one server may take
 */
public record NatsConfig(List<String> urls, String name, NatsAuth auth, Duration connectTimeout) {
    /** Where a NATS server listens unless told otherwise. */
    public static final String DEFAULT_URL = "nats://127.0.0.1:4222";

    /** Default of {@code connectTimeout}. */
    public static final Duration CONNECT_TIMEOUT_DEFAULT = Duration.ofSeconds(2);

    private static final Duration CONNECT_TIMEOUT_MAX = Duration.ofMinutes(1);
    private static final Set<String> SCHEMES = Set.of("nats", "tls", "ws", "wss", "opentls");
    private static final Pattern USER_INFO = Pattern.compile("//[^/]*@");

    public NatsConfig {
        urls = List.copyOf(urls);
        if (urls.isEmpty()) {
            throw new IllegalArgumentException("at least one NATS URL is needed, such as " + DEFAULT_URL);
        }
        urls.forEach(NatsConfig::checkUrl);
        if (connectTimeout.isNegative()
                || connectTimeout.isZero()
                || connectTimeout.compareTo(CONNECT_TIMEOUT_MAX) > 0) {
            throw new IllegalArgumentException(
                    "connect timeout must be above 0 and at most " + CONNECT_TIMEOUT_MAX + ", was " + connectTimeout);
        }
    }

    /** One server without credentials, or with those in {@code url}; several URLs may be separated by commas. */
    public static NatsConfig of(String url, String name) {
        List<String> urls = List.of(url.trim().split("\\s*,\\s*"));
        return new NatsConfig(urls, name, new NatsAuth.None(), CONNECT_TIMEOUT_DEFAULT);
    }

    /** This, but with {@code auth}. */
    public NatsConfig withAuth(NatsAuth auth) {
        return new NatsConfig(urls, name, auth, connectTimeout);
    }

    /** The URLs without user, password or token, for people. */
    public String servers() {
        return urls.stream().map(NatsConfig::withoutUserInfo).collect(Collectors.joining(", "));
    }

    static String withoutUserInfo(String url) {
        return USER_INFO.matcher(url).replaceFirst("//");
    }

    private static void checkUrl(String url) {
        String reason;
        try {
            URI uri = new URI(url.contains("://") ? url : "nats://" + url);
            if (SCHEMES.contains(uri.getScheme()) && uri.getHost() != null) {
                return;
            }
            reason = "";
        } catch (URISyntaxException e) {
            reason = ": " + e.getReason();
        }
        throw new IllegalArgumentException(
                "NATS URL '" + withoutUserInfo(url) + "' must look like " + DEFAULT_URL + reason);
    }

    @Override
    public String toString() {
        return "NatsConfig[urls=" + servers() + ", name=" + name + ", auth=" + auth + ", connectTimeout="
                + connectTimeout + "]";
    }
}

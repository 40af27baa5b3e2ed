package dev.trellis.lattice.nats;

import dev.trellis.lattice.model.Role;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which NATS servers to connect to, and how.
 *
 * @param urls servers of one cluster, such as {@code nats://127.0.0.1:4222}; {@code tls://} for an encrypted connection
 * @param name what the server shows as the name of this connection
 * @param connectTimeout how long one attempt to reach one server may take
 * @param role whose replies come to subjects of their own; without one they come to {@code _INBOX.>}
 * @param authorities a file of certificates (PEM) that sign the servers' own; without one those of the JDK are trusted
 */
public record NatsConfig(
        List<String> urls,
        String name,
        NatsAuth auth,
        Duration connectTimeout,
        @Nullable Role role,
        @Nullable Path authorities) {
    /** Where a NATS server listens unless told otherwise. */
    public static final String DEFAULT_URL = "nats://127.0.0.1:4222";

    /** Default of {@code connectTimeout}. */
    public static final Duration CONNECT_TIMEOUT_DEFAULT = Duration.ofSeconds(2);

    private static final Duration CONNECT_TIMEOUT_MAX = Duration.ofMinutes(1);
    private static final Set<String> SCHEMES = Set.of("nats", "tls", "ws", "wss", "opentls");
    private static final String INBOX_PREFIX = "_INBOX";
    private static final Pattern USER_INFO = Pattern.compile("([A-Za-z]+://)?[^,]*@");

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
        return new NatsConfig(urls, name, new NatsAuth.None(), CONNECT_TIMEOUT_DEFAULT, null, null);
    }

    /** This, but with {@code auth}. */
    public NatsConfig withAuth(NatsAuth auth) {
        return new NatsConfig(urls, name, auth, connectTimeout, role, authorities);
    }

    /** This, but as {@code role}. */
    public NatsConfig withRole(Role role) {
        return new NatsConfig(urls, name, auth, connectTimeout, role, authorities);
    }

    /** This, but trusting only the certificates in {@code file} to sign those of servers. */
    public NatsConfig withAuthorities(Path file) {
        return new NatsConfig(urls, name, auth, connectTimeout, role, file);
    }

    /** The URLs without user, password or token, for people. */
    public String servers() {
        return urls.stream().map(NatsConfig::withoutUserInfo).collect(Collectors.joining(", "));
    }

    /** {@code url}, or several separated by commas, without user, password or token. */
    public static String withoutUserInfo(String url) {
        return USER_INFO.matcher(url).replaceAll("$1");
    }

    /** First token of the subjects on which replies come. */
    String inboxPrefix() {
        return role == null ? INBOX_PREFIX : role.inboxPrefix();
    }

    /** Whether {@code subject} is one on which somebody gets replies. */
    static boolean isInbox(String subject) {
        int next = INBOX_PREFIX.length();
        return subject.startsWith(INBOX_PREFIX)
                && subject.length() > next
                && (subject.charAt(next) == '.' || subject.charAt(next) == '_');
    }

    /** Who the server takes us for, for people, such as {@code user 'client' (role client)}. */
    String who() {
        return user() + (role == null ? "" : " (role " + role.label() + ")");
    }

    private String user() {
        return switch (auth) {
            case NatsAuth.None() -> {
                String url = urls.getFirst();
                int colon = url.indexOf(':', url.indexOf("//") + 2);
                int at = url.lastIndexOf('@');
                yield at < 0
                        ? "a connection without credentials"
                        : colon < at
                                ? "user '" + url.substring(url.indexOf("//") + 2, colon) + "'"
                                : "the token's user";
            }
            case NatsAuth.CredentialsFile(var path) -> "the user of " + path;
            case NatsAuth.UserPassword login -> "user '" + login.user() + "'";
            case NatsAuth.Token _ -> "the token's user";
            case NatsAuth.NkeySeed _ -> "the nkey's user";
        };
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
                + connectTimeout + ", role=" + role + ", authorities=" + authorities + "]";
    }
}

package dev.trellis.providers.keyvalueredis;

import io.lettuce.core.RedisURI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a Redis is and how to log in there. Holds a secret: {@link #toString()} leaves user and password out.
 *
 * @param user empty for the default user
 * @param password empty for no login
 */
record RedisAddress(boolean tls, String host, int port, int database, String user, String password) {
    /** What the links of a provider without any {@code URL} use. */
    static final RedisAddress DEFAULT = new RedisAddress(false, "127.0.0.1", 6379, 0, "", "");

    static final String EXPECTED = "expected redis://[[user]:password@]host[:port][/database], or rediss:// for TLS";

    private static final int URL_LENGTH_MAX = 4096;
    private static final int PORT_DEFAULT = 6379;
    private static final int PORT_MAX = 65_535;
    private static final int DATABASE_MAX = 65_535;
    private static final Pattern URL = Pattern.compile("(?<scheme>rediss?)://(?:(?<login>[^/?#]*)@)?"
            + "(?<host>\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+)(?::(?<port>[0-9]{1,5}))?(?:/(?<database>[0-9]{0,5}))?");

    /**
     * Reads a URL.
     *
     * @throws IllegalArgumentException with what was expected; never with the URL itself, which may hold a password
     */
    static RedisAddress parse(String url) {
        String stripped = url.strip();
        var match = URL.matcher(stripped);
        if (stripped.length() > URL_LENGTH_MAX || !match.matches()) {
            throw new IllegalArgumentException("URL is not the address of a Redis: " + EXPECTED
                    + "; user and password percent-encoded (the value is not shown, it may hold a password)");
        }
        String login = Optional.ofNullable(match.group("login")).orElse("");
        int colon = login.indexOf(':');
        if (colon < 0 && !login.isEmpty()) {
            throw new IllegalArgumentException("URL has a name before '@' but no ':', so that it is unclear whether"
                    + " it is a user or a password: " + EXPECTED);
        }
        return new RedisAddress(
                match.group("scheme").equals("rediss"),
                match.group("host"),
                number("port", match.group("port"), PORT_DEFAULT, 1, PORT_MAX),
                number("database", match.group("database"), 0, 0, DATABASE_MAX),
                colon < 0 ? "" : decoded(login.substring(0, colon)),
                colon < 0 ? "" : decoded(login.substring(colon + 1)));
    }

    @SuppressWarnings("NullAway") // Matcher.group is null for a part that is not there
    private static int number(String part, String text, int otherwise, int min, int max) {
        if (text == null || text.isEmpty()) {
            return otherwise;
        }
        int value = Integer.parseInt(text); // at most five digits
        if (value < min || value > max) {
            throw new IllegalArgumentException("URL has %s %d, expected %d to %d".formatted(part, value, min, max));
        }
        return value;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // not as cause: its message quotes the password
            throw new IllegalArgumentException("URL has a '%' in user or password that begins no two hex digits;"
                    + " write a percent sign itself as %25");
        }
    }

    /** As Lettuce wants it; {@code handshake} bounds TLS, login and database selection. */
    RedisURI toUri(Duration handshake) {
        var uri = RedisURI.builder()
                .withHost(host.startsWith("[") ? host.substring(1, host.length() - 1) : host)
                .withPort(port)
                .withDatabase(database)
                .withSsl(tls)
                .withClientName("trellis")
                .withTimeout(handshake);
        if (!user.isEmpty()) {
            uri.withAuthentication(user, password.toCharArray());
        } else if (!password.isEmpty()) {
            uri.withPassword(password.toCharArray());
        }
        return uri.build();
    }

    /** The URL without user and password. */
    @Override
    public String toString() {
        return (tls ? "rediss://" : "redis://") + host + ":" + port + (database == 0 ? "" : "/" + database);
    }
}

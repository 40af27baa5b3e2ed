package dev.trellis.providers.sqlpostgres;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is and how to log in there. Holds a secret: {@link #toString()} leaves user and password out.
 *
 * @param sslMode as libpq names them: {@code disable}, {@code prefer}, {@code require}, {@code verify-full} ...
 */
record PostgresAddress(String host, int port, String database, String user, String password, String sslMode) {
    static final String EXPECTED = "expected postgres://user[:password]@host[:port][/database][?sslmode=...]";

    private static final int URI_LENGTH_MAX = 4096;
    private static final int PORT_DEFAULT = 5432;
    private static final int PORT_MAX = 65_535;
    private static final String SSL_MODE_DEFAULT = "prefer";
    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");
    private static final Pattern URI = Pattern.compile("(?i:postgres|postgresql)://(?:(?<login>[^/?#@]*)@)?"
            + "(?<host>\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+)(?::(?<port>[0-9]{1,5}))?"
            + "(?:/(?<database>[^/?#]*))?(?:\\?(?<query>[^#]*))?");

    /**
     * Reads a URI.
     *
     * @throws IllegalArgumentException with what was expected; never with the URI itself, which may hold a password
     */
    static PostgresAddress parse(String uri) {
        String stripped = uri.strip();
        var match = URI.matcher(stripped);
        if (stripped.length() > URI_LENGTH_MAX || !match.matches()) {
            throw new IllegalArgumentException("uri is not the address of a PostgreSQL: " + EXPECTED
                    + "; user, password and database percent-encoded (the value is not shown, it may hold a password)");
        }
        String login = text(match.group("login"));
        int colon = login.indexOf(':');
        String user = decoded("user", colon < 0 ? login : login.substring(0, colon));
        String database = decoded("database", text(match.group("database")));
        String portText = text(match.group("port"));
        int port = portText.isEmpty() ? PORT_DEFAULT : Integer.parseInt(portText); // at most five digits
        if (port < 1 || port > PORT_MAX) {
            throw new IllegalArgumentException("uri has port " + port + ", expected 1 to " + PORT_MAX);
        }
        if (user.isEmpty()) {
            throw new IllegalArgumentException("uri names no user: " + EXPECTED);
        }
        String host = match.group("host");
        return new PostgresAddress(
                host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
                port,
                database.isEmpty() ? user : database, // as libpq has it
                user,
                colon < 0 ? "" : decoded("password", login.substring(colon + 1)),
                sslMode(text(match.group("query"))));
    }

    private static String sslMode(String query) {
        String mode = SSL_MODE_DEFAULT;
        for (String pair : query.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            if (!name.equals("sslmode")) {
                throw new IllegalArgumentException(
                        "uri has the parameter '" + printable(name) + "', only sslmode is known");
            }
            mode = pair.substring(equals + 1).toLowerCase(Locale.ROOT);
            if (!SSL_MODES.contains(mode)) {
                throw new IllegalArgumentException("uri has sslmode '" + printable(mode) + "', expected one of "
                        + SSL_MODES.stream().sorted().toList());
            }
        }
        return mode;
    }

    private static String printable(String text) {
        String plain = text.replaceAll("[^A-Za-z0-9_-]", "?");
        return plain.length() <= 40 ? plain : plain.substring(0, 40) + "...";
    }

    private static String text(@Nullable String group) {
        return group == null ? "" : group;
    }

    private static String decoded(String part, String text) {
        String decoded;
        try {
            decoded = URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // not as cause: its message quotes the text
            throw new IllegalArgumentException("uri has a '%' in its " + part
                    + " that begins no two hex digits; write a" + " percent sign itself as %25");
        }
        if (decoded.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("uri has NUL in its " + part);
        }
        return decoded;
    }

    /** The URI without user and password. */
    @Override
    public String toString() {
        return "postgres://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port + "/" + database;
    }
}

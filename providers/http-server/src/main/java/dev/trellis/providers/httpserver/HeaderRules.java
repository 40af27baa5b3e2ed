package dev.trellis.providers.httpserver;

import java.nio.charset.StandardCharsets;

/** What may stand in an HTTP/1 head (RFC 9110 section 5, RFC 9112), and what an actor may not set. */
final class HeaderRules {
    private static final boolean[] TOKEN = new boolean[128];

    static {
        for (char c = '0'; c <= '9'; c++) {
            TOKEN[c] = true;
        }
        for (char c = 'a'; c <= 'z'; c++) {
            TOKEN[c] = true;
            TOKEN[c - 32] = true;
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private HeaderRules() {}

    /** Whether {@code text} is a token: the form of methods and header names. */
    static boolean token(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 128 || !TOKEN[c]) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether {@code value} has no control character but tab, so that it cannot end its line. */
    static boolean validValue(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                return false;
            }
        }
        return true;
    }

    /** Whether {@code value} is printable ASCII with blanks. */
    static boolean ascii(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c >= 0x7f) {
                return false;
            }
        }
        return true;
    }

    /** Whether {@code target} has visible ASCII characters only: what a request target may hold. */
    static boolean target(String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c >= 0x7f) {
                return false;
            }
        }
        return !target.isEmpty();
    }

    /** {@code value} as Netty must be given it so that its UTF-8 bytes go out: one character per byte. */
    static String wire(String value) {
        return ascii(value) ? value : new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Whether {@code name} is about the connection or the framing, which are the server's alone to set. */
    static boolean serversOwn(String name) {
        return switch (name.length()) {
            case 2 -> name.equalsIgnoreCase("te");
            case 7 -> name.equalsIgnoreCase("upgrade") || name.equalsIgnoreCase("trailer");
            case 10 -> name.equalsIgnoreCase("connection") || name.equalsIgnoreCase("keep-alive");
            case 14 -> name.equalsIgnoreCase("content-length");
            case 16 -> name.equalsIgnoreCase("proxy-connection");
            case 17 -> name.equalsIgnoreCase("transfer-encoding");
            default -> false;
        };
    }

    /** Whether a header called {@code name} may come after a body (RFC 9110 section 6.5.1): what neither frames nor routes. */
    static boolean trailing(String name) {
        return switch (lowerCase(name)) {
            case "host",
                    "authorization",
                    "proxy-authorization",
                    "proxy-authenticate",
                    "www-authenticate",
                    "set-cookie",
                    "cookie",
                    "cache-control",
                    "expect",
                    "range",
                    "age",
                    "date",
                    "expires",
                    "location",
                    "vary",
                    "content-encoding",
                    "content-type",
                    "content-range" -> false;
            default -> !serversOwn(name);
        };
    }

    /** {@code name} in lower case; itself if it is already. */
    static String lowerCase(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                return name.toLowerCase(java.util.Locale.ROOT);
            }
        }
        return name;
    }
}

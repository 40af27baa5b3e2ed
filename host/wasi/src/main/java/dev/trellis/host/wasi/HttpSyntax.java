package dev.trellis.host.wasi;

import java.util.Locale;

/** What may stand in heads of HTTP (RFC 9110, RFC 3986) that guests make. */
final class HttpSyntax {
    /** Longest path with query, longest authority; longer ones are refused when they are set. */
    static final int TARGET_LENGTH_MAX = 8192;

    private static final int PORT_MAX = 65_535;
    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
    private static final String TARGET_REFUSED = "\"<>\\^`{|}#";
    private static final String AUTHORITY_MARKS = "-._~!$&'()*+,;=%:[]";
    private static final boolean[] TOKEN = table(TOKEN_MARKS);
    private static final boolean[] AUTHORITY = table(AUTHORITY_MARKS);

    private HttpSyntax() {}

    /** Does once what guests may do, for the classes that it takes: see {@link WasiHttp}. */
    static void rehearse() {
        scheme("https");
        authority("[::1]:80");
        pathWithQuery("/path?query");
        forbidden(lowerCase("Host"));
    }

    private static boolean[] table(String marks) {
        boolean[] table = new boolean[128];
        for (char c = 0; c < 128; c++) {
            table[c] = letter(c) || digit(c) || marks.indexOf(c) >= 0;
        }
        return table;
    }

    private static boolean letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean digit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean all(String text, boolean[] table) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 128 || !table[c]) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether {@code text} is a token: the form of methods and of the names of headers. */
    static boolean token(String text) {
        return all(text, TOKEN);
    }

    /** Whether no byte of {@code value} can end its line, or is another control character but a tab. */
    static boolean fieldValue(byte[] value) {
        for (byte b : value) {
            if ((b >= 0 && b < ' ' && b != '\t') || b == 0x7f) {
                return false;
            }
        }
        return true;
    }

    static boolean ascii(byte[] text) {
        for (byte b : text) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    static boolean scheme(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean inner = i > 0 && (digit(c) || c == '+' || c == '-' || c == '.');
            if (!letter(c) && !inner) {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= 64;
    }

    /** Whether {@code text} is a path, a query after a question mark, both, or the asterisk of {@code OPTIONS}. */
    static boolean pathWithQuery(String text) {
        if (text.length() > TARGET_LENGTH_MAX) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c >= 0x7f || TARGET_REFUSED.indexOf(c) >= 0) {
                return false;
            }
        }
        return text.isEmpty() || text.startsWith("/") || text.startsWith("?") || text.equals("*");
    }

    /** Whether {@code text} is a host, with a port or without. Users and passwords are no part of it. */
    static boolean authority(String text) {
        if (text.length() > TARGET_LENGTH_MAX || !all(text, AUTHORITY)) {
            return false;
        }
        int bracket = text.lastIndexOf(']');
        if ((text.indexOf('[') == 0) != (bracket > 0) || text.indexOf('[') > 0) {
            return false;
        }
        int colon = text.indexOf(':', Math.max(0, bracket));
        if (bracket > 0 && bracket < text.length() - 1 && colon != bracket + 1) {
            return false;
        }
        return colon < 0 || (colon > 0 && port(text.substring(colon + 1)));
    }

    private static boolean port(String text) {
        if (text.isEmpty() || text.length() > 5) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!digit(text.charAt(i))) {
                return false;
            }
        }
        return Integer.parseInt(text) <= PORT_MAX;
    }

    /** {@code name} in lower case; itself if it is already. */
    static String lowerCase(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                return name.toLowerCase(Locale.ROOT);
            }
        }
        return name;
    }

    /**
     * Whether a field is about the connection, which is not the guest's: it can neither be set nor seen.
     *
     * @param name in lower case
     */
    static boolean forbidden(String name) {
        return switch (name) {
            case "connection",
                    "host",
                    "http2-settings",
                    "keep-alive",
                    "proxy-authenticate",
                    "proxy-authorization",
                    "proxy-connection",
                    "transfer-encoding",
                    "upgrade" -> true;
            default -> false;
        };
    }
}

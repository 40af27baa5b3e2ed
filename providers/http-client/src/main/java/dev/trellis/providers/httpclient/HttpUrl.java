package dev.trellis.providers.httpclient;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.Locale;

/**
 * A URL that a request can be sent to. Its fragment is gone.
 *
 * @param target path and query as they go out: printable ASCII, beginning with a slash
 */
record HttpUrl(Origin origin, String target) {
    /*
     * Stricter than browsers, on purpose: whatever this parser and the one behind a server might read differently is
     * refused. Not mended are backslashes, blanks, control characters, user and password, empty ports, percent signs
     * without two hex digits, and characters that RFC 3986 does not know. Mended are only characters beyond ASCII in path
     * and query (to UTF-8, percent-encoded) and in the host (to punycode).
     */

    /** Longest URL. */
    static final int LENGTH_MAX = 8192;

    private static final String UNRESERVED_AND_DELIMITERS = "-._~!$&'()*+,;=:@/?";
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    /**
     * The URL that {@code text} is.
     *
     * @throws IllegalArgumentException that says what was expected; without path and query, which may hold secrets
     */
    static HttpUrl parse(String text) {
        if (text.length() > LENGTH_MAX) {
            throw new IllegalArgumentException("must have at most " + LENGTH_MAX + " characters, has " + text.length());
        }
        int colon = text.indexOf("://");
        boolean secure =
                switch (colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT)) {
                    case "https" -> true;
                    case "http" -> false;
                    default -> throw new IllegalArgumentException("must begin with http:// or https://");
                };
        int start = colon + 3;
        int end = start;
        while (end < text.length() && "/?#".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        return new HttpUrl(origin(secure, text.substring(start, end)), target(text.substring(end)));
    }

    /**
     * The origin with this scheme and authority.
     *
     * @throws IllegalArgumentException that says what was expected
     */
    static Origin origin(boolean secure, String authority) {
        if (authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException(
                    "must not hold a user or password; send them in the header authorization");
        }
        int colon = authority.lastIndexOf(':');
        if (colon < 0 || authority.endsWith("]")) {
            return new Origin(secure, UrlHost.parse(authority), Origin.defaultPort(secure));
        }
        return new Origin(secure, UrlHost.parse(authority.substring(0, colon)), port(authority.substring(colon + 1)));
    }

    private static int port(String digits) {
        boolean plain = !digits.isEmpty()
                && digits.length() <= 5
                && digits.charAt(0) != '0'
                && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        int port = plain ? Integer.parseInt(digits) : 0;
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException(
                    "port must be a number from 1 to 65535, was '" + HttpSyntax.shown(digits) + "'");
        }
        return port;
    }

    private static String target(String text) {
        int hash = text.indexOf('#');
        String wanted = hash < 0 ? text : text.substring(0, hash);
        var target = new StringBuilder(wanted.length() + 1);
        if (!wanted.startsWith("/")) {
            target.append('/');
        }
        boolean query = false;
        for (int i = 0; i < wanted.length(); ) {
            int c = wanted.codePointAt(i);
            query |= c == '?';
            if (c == '%') {
                if (i + 2 >= wanted.length() || !isHex(wanted.charAt(i + 1)) || !isHex(wanted.charAt(i + 2))) {
                    throw new IllegalArgumentException("'%' must be followed by two hex digits; write %25 for itself");
                }
                target.append('%');
            } else if (allowed(c, query)) {
                target.append((char) c);
            } else if (c >= 0x80 && !(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    target.append('%').append(HEX.toHexDigits(b));
                }
            } else {
                throw new IllegalArgumentException(
                        "must not hold the character U+%04X; percent-encode it".formatted(c));
            }
            i += Character.charCount(c);
        }
        return target.toString();
    }

    /** Brackets are no characters of a query, but {@code a[]=1} is everywhere, and read by all in the same way. */
    private static boolean allowed(int c, boolean query) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || UNRESERVED_AND_DELIMITERS.indexOf(c) >= 0
                || (query && (c == '[' || c == ']'));
    }

    private static boolean isHex(char c) {
        return c < 0x80 && Character.digit(c, 16) >= 0;
    }

    /**
     * The URL that {@code reference} means where this one was asked for (RFC 3986, 5.2).
     *
     * @throws IllegalArgumentException that says what was expected
     */
    HttpUrl resolve(String reference) {
        if (hasScheme(reference)) {
            return parse(reference);
        }
        if (reference.startsWith("//")) {
            return parse((origin.secure() ? "https:" : "http:") + reference);
        }
        if (reference.length() > LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "must have at most " + LENGTH_MAX + " characters, has " + reference.length());
        }
        int question = target.indexOf('?');
        String ownPath = question < 0 ? target : target.substring(0, question);
        if (reference.isEmpty() || reference.startsWith("#")) {
            return this;
        }
        if (reference.startsWith("?")) {
            return new HttpUrl(origin, target(ownPath + reference));
        }
        String merged =
                reference.startsWith("/") ? reference : ownPath.substring(0, ownPath.lastIndexOf('/') + 1) + reference;
        int end = 0;
        while (end < merged.length() && merged.charAt(end) != '?' && merged.charAt(end) != '#') {
            end++;
        }
        return new HttpUrl(origin, target(withoutDots(merged.substring(0, end)) + merged.substring(end)));
    }

    private static boolean hasScheme(String reference) {
        for (int i = 0; i < reference.length(); i++) {
            char c = reference.charAt(i);
            if (c == ':') {
                return i > 0;
            }
            if (c == '/' || c == '?' || c == '#') {
                return false;
            }
        }
        return false;
    }

    private static String withoutDots(String path) {
        var kept = new ArrayDeque<String>();
        String[] segments = path.split("/", -1);
        for (int i = 1; i < segments.length; i++) {
            String segment = segments[i];
            boolean dots = segment.equals(".") || segment.equals("..");
            if (segment.equals("..")) {
                kept.pollLast();
            }
            if (!dots) {
                kept.addLast(segment);
            } else if (i == segments.length - 1) {
                kept.addLast("");
            }
        }
        return "/" + String.join("/", kept);
    }

    /** The origin only: path and query may hold secrets. */
    @Override
    public String toString() {
        return origin.toString();
    }
}

package dev.trellis.providers.httpclient;

import java.net.IDN;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;

/** Host of a URL in its one form, so that two hosts are the same exactly if they are equal. */
sealed interface UrlHost {
    /** Longest host name, as DNS has it. */
    int LENGTH_MAX = 253;

    /** As it stands in a URL and in the header {@code host}. */
    String text();

    /** As TLS wants it: a name, or an address without brackets. */
    String peer();

    /** A host name: labels of lower-case ASCII, other scripts as {@code xn--}. */
    record Name(String value) implements UrlHost {
        @Override
        public String text() {
            return value;
        }

        @Override
        public String peer() {
            return value;
        }
    }

    /** An IP address that stands in the URL itself. */
    record Address(InetAddress value) implements UrlHost {
        @Override
        public String text() {
            return value instanceof Inet6Address ? "[" + peer() + "]" : peer();
        }

        @Override
        public String peer() {
            return value.getHostAddress();
        }
    }

    /**
     * The host that {@code text} names. IPv4 addresses in other forms than four decimal numbers are refused, for
     * resolvers differ about them: {@code 127.1}, {@code 0x7f.0.0.1}, {@code 2130706433}, {@code 0177.0.0.1}.
     *
     * @throws IllegalArgumentException that names the text and what was expected
     */
    static UrlHost parse(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("names no host");
        }
        if (text.startsWith("[")) {
            return bracketed(text);
        }
        if (text.length() > LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "host must have at most " + LENGTH_MAX + " characters, has " + text.length());
        }
        String name = ascii(text).toLowerCase(Locale.ROOT);
        String[] labels = name.split("\\.", -1);
        for (String label : labels) {
            checkLabel(label, text);
        }
        if (name.length() > LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "host must have at most " + LENGTH_MAX + " characters, has " + name.length());
        }
        return isNumber(labels[labels.length - 1]) ? new Address(ipv4(labels, text)) : new Name(name);
    }

    private static UrlHost bracketed(String text) {
        String inside = text.endsWith("]") ? text.substring(1, text.length() - 1) : "";
        boolean plain = !inside.isEmpty()
                && inside.chars().allMatch(c -> c == ':' || c == '.' || (c < 0x80 && Character.digit(c, 16) >= 0));
        if (plain && inside.indexOf(':') >= 0) {
            try {
                return new Address(InetAddress.ofLiteral(inside));
            } catch (IllegalArgumentException e) {
                // told below
            }
        }
        throw new IllegalArgumentException(
                "host '" + HttpSyntax.shown(text) + "' must be an IPv6 address in brackets, without a zone");
    }

    private static String ascii(String text) {
        if (text.chars().allMatch(c -> c < 0x80)) {
            return text;
        }
        try {
            return IDN.toASCII(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "host '" + HttpSyntax.shown(text) + "' is no name that DNS could know", e);
        }
    }

    private static void checkLabel(String label, String host) {
        boolean plain = !label.isEmpty()
                && label.length() <= 63
                && !label.startsWith("-")
                && !label.endsWith("-")
                && label.chars().allMatch(c -> (c >= 'a' && c <= 'z') || isDigit(c) || c == '-' || c == '_');
        if (!plain) {
            throw new IllegalArgumentException("host '" + HttpSyntax.shown(host)
                    + "' must be labels of letters, digits and hyphens with single dots between them");
        }
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    /** Whether resolvers may take a host that ends with this label for an address. */
    private static boolean isNumber(String label) {
        return label.startsWith("0x") || label.chars().allMatch(UrlHost::isDigit);
    }

    private static InetAddress ipv4(String[] labels, String text) {
        boolean plain = labels.length == 4;
        for (String label : labels) {
            plain &= label.length() <= 3
                    && label.chars().allMatch(UrlHost::isDigit)
                    && (label.length() == 1 || label.charAt(0) != '0')
                    && Integer.parseInt(label) <= 255;
        }
        if (!plain) {
            throw new IllegalArgumentException(
                    "host '" + text
                            + "' looks like an IPv4 address and must then be four decimal numbers from 0 to 255 without leading zeros");
        }
        return InetAddress.ofLiteral(String.join(".", labels));
    }
}

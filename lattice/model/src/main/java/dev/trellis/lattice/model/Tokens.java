package dev.trellis.lattice.model;

import java.util.regex.Pattern;

/** The one rule for names that become a token of a NATS subject or a part of a key. */
final class Tokens {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]+");

    private Tokens() {}

    static void check(String what, String value, int lengthMax) {
        if (value.length() > lengthMax || !TOKEN.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "%s '%s' must be 1 to %d letters, digits, '-' or '_'".formatted(what, shorten(value), lengthMax));
        }
    }

    /** {@code value} fit for a message: no control characters, at most 80 characters. */
    static String shorten(String value) {
        String printable = value.replaceAll("\\p{Cntrl}", "?");
        return printable.length() <= 80 ? printable : printable.substring(0, 77) + "...";
    }
}

package dev.trellis.lattice.model;

/** The one rule for names that become a token of a NATS subject or a part of a key. */
final class Tokens {
    private Tokens() {}

    static void check(String what, String value, int lengthMax) {
        if (value.isEmpty() || value.length() > lengthMax || !token(value)) {
            throw new IllegalArgumentException(
                    "%s '%s' must be 1 to %d letters, digits, '-' or '_'".formatted(what, shorten(value), lengthMax));
        }
    }

    /** By hand: identities are checked with every call that comes from another host. */
    private static boolean token(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_') {
                return false;
            }
        }
        return true;
    }

    /** {@code value} fit for a message: no control characters, at most 80 characters. */
    static String shorten(String value) {
        String printable = value.replaceAll("\\p{Cntrl}", "?");
        return printable.length() <= 80 ? printable : printable.substring(0, 77) + "...";
    }
}

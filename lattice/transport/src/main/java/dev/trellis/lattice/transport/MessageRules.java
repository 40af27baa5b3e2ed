package dev.trellis.lattice.transport;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * What every transport accepts, checked before anything is sent, so that all of them refuse the same things. A breach
 * is a {@link TransportException} with {@link TransportFailure.Refused} or {@link TransportFailure.PayloadTooLarge}.
 */
public final class MessageRules {
    /** Longest subject or pattern. */
    public static final int SUBJECT_LENGTH_MAX = 1024;

    /** Room for all header names and values of a message together. */
    public static final int HEADER_BYTES_MAX = 32 * 1024;

    private static final Pattern HEADER_NAME = Pattern.compile("[!-9;-~]+");

    private static final Pattern HEADER_VALUE = Pattern.compile("[ -~\\t]*");
    private static final Pattern STORE_NAME = Pattern.compile("[A-Za-z0-9_-]{1,128}");
    private static final Pattern KEY = Pattern.compile("[-/_=A-Za-z0-9]+(?:\\.[-/_=A-Za-z0-9]+)*+");

    private MessageRules() {}

    /** Checks a subject to send to: tokens without wildcards, separated by single dots. */
    public static void checkSubject(String subject) {
        checkTokens(subject, false);
    }

    /** Checks a pattern to subscribe to: as a subject, a token may be {@code *}, and the last one {@code >}. */
    public static void checkPattern(String pattern) {
        checkTokens(pattern, true);
    }

    /** Checks a queue group: one token without wildcards, or several separated by dots. */
    public static void checkQueueGroup(String queueGroup) {
        checkTokens(queueGroup, false);
    }

    private static void checkTokens(String subject, boolean wildcards) {
        int length = subject.length();
        if (length == 0 || length > SUBJECT_LENGTH_MAX) {
            throw refused(subject, "a subject has 1 to " + SUBJECT_LENGTH_MAX + " characters");
        }
        int start = 0;
        for (int i = 0; i <= length; i++) {
            char c = i == length ? '.' : subject.charAt(i);
            if (c == '.') {
                if (i == start) {
                    throw refused(subject, "a subject has no empty tokens: check its dots");
                }
                start = i + 1;
            } else if (c <= ' ' || c == 0x7f) {
                throw refused(subject, "a subject has no spaces and control characters");
            } else if (c == '*' || c == '>') {
                boolean alone = i == start && (i + 1 == length || (c == '*' && subject.charAt(i + 1) == '.'));
                if (!wildcards || !alone) {
                    throw refused(
                            subject,
                            wildcards
                                    ? "'*' must be a token of its own and '>' the last token"
                                    : "wildcards are for subscriptions only");
                }
            }
        }
    }

    /** Checks headers: names and values of printable ASCII, names without colon, in all {@link #HEADER_BYTES_MAX}. */
    public static void checkHeaders(String subject, Map<String, String> headers) {
        if (headers.isEmpty()) {
            return;
        }
        long bytes = 0;
        for (Map.Entry<String, String> header : headers.entrySet()) {
            String name = header.getKey();
            String value = header.getValue();
            if (!HEADER_NAME.matcher(name).matches()
                    || !HEADER_VALUE.matcher(value).matches()) {
                throw refused(
                        subject,
                        "header '" + printable(name) + "' must have a name and value of printable ASCII"
                                + " characters, the name without spaces and colons");
            }
            bytes += name.length() + value.length();
        }
        if (bytes > HEADER_BYTES_MAX) {
            throw refused(subject, "its headers take " + bytes + " bytes, more than " + HEADER_BYTES_MAX);
        }
    }

    /** Checks a payload against {@link LatticeTransport#PAYLOAD_BYTES_MAX}. */
    public static void checkPayload(String subject, byte[] payload) {
        if (payload.length > LatticeTransport.PAYLOAD_BYTES_MAX) {
            throw new TransportException(
                    new TransportFailure.PayloadTooLarge(subject, payload.length, LatticeTransport.PAYLOAD_BYTES_MAX));
        }
    }

    /** Checks the name of a store. */
    public static void checkStoreName(String name) {
        if (!STORE_NAME.matcher(name).matches()) {
            throw refused("store " + name, "a name has 1 to 128 letters, digits, '-' and '_'");
        }
    }

    /** Checks a key of a store. */
    public static void checkKey(String key) {
        if (key.length() > KeyValueStore.KEY_LENGTH_MAX || !KEY.matcher(key).matches()) {
            throw refused(
                    "key " + key,
                    "a key has 1 to " + KeyValueStore.KEY_LENGTH_MAX
                            + " letters, digits, '-', '_', '/', '=', and single dots inside");
        }
    }

    /** Checks a value of a store. */
    public static void checkValue(String key, byte[] value) {
        if (value.length > KeyValueStore.VALUE_BYTES_MAX) {
            throw new TransportException(
                    new TransportFailure.PayloadTooLarge(key, value.length, KeyValueStore.VALUE_BYTES_MAX));
        }
    }

    /** Checks a revision to compare with. */
    public static void checkRevision(long revision) {
        if (revision < 1) {
            throw new IllegalArgumentException("a revision is at least 1, was " + revision);
        }
    }

    private static TransportException refused(String what, String reason) {
        return new TransportException(new TransportFailure.Refused(printable(what), reason));
    }

    private static String printable(String text) {
        String printable = text.replaceAll("\\p{Cntrl}", "?");
        return printable.length() <= 120 ? printable : printable.substring(0, 117) + "...";
    }
}

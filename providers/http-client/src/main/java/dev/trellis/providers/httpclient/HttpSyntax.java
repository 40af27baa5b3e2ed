package dev.trellis.providers.httpclient;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** What may stand in an HTTP/1 head (RFC 9110 section 5, RFC 9112). */
final class HttpSyntax {
    private static final String TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

    private static final int SHOWN_LENGTH_MAX = 200;

    private HttpSyntax() {}

    /** Whether {@code text} is a token: the form of methods and header names. */
    static boolean token(String text) {
        return !text.isEmpty()
                && text.chars()
                        .allMatch(c -> (c >= 'a' && c <= 'z')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9')
                                || TOKEN_PUNCTUATION.indexOf(c) >= 0);
    }

    /** Whether {@code value} has no control character but tab, so that it cannot end its line. */
    static boolean value(String value) {
        return value.chars().allMatch(c -> (c >= ' ' && c != 0x7f) || c == '\t');
    }

    /** {@code value} as Netty must be given it so that its UTF-8 bytes go out: one character per byte. */
    static String toWire(String value) {
        return ascii(value) ? value : new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** The text that Netty read as one character per byte: UTF-8 if it can be, else Latin-1 as HTTP once said. */
    static String fromWire(String value) {
        if (ascii(value)) {
            return value;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
        } catch (CharacterCodingException e) {
            return value;
        }
    }

    /** Text of a stranger for a message: what is long is cut, what is not printable ASCII is replaced. */
    static String shown(String text) {
        String cut = text.length() > SHOWN_LENGTH_MAX ? text.substring(0, SHOWN_LENGTH_MAX) + "..." : text;
        return cut.replaceAll("[^ -~]", "?");
    }

    private static boolean ascii(String value) {
        return value.chars().allMatch(c -> c < 0x80);
    }
}

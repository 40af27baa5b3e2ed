package dev.trellis.providers.keyvaluenats;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Keys of actors, which are any text, as keys of a store, which are not: letters, digits, {@code -}, {@code _} and
 * {@code /} stand for themselves, every other byte of the UTF-8 form is {@code =} and two hex digits, and the empty key
 * is {@code =} alone. {@code counter:default} becomes {@code counter=3Adefault}. No two keys have the same name.
 */
final class KeyNames {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final String EMPTY = "=";

    private KeyNames() {}

    /** The store's key for an actor's key; it may be too long for the store. */
    static String encode(String key) {
        if (key.isEmpty()) {
            return EMPTY;
        }
        var name = new StringBuilder(key.length() + 16);
        for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
            if (plain(b)) {
                name.append((char) b);
            } else {
                name.append('=').append(HEX.toHexDigits(b));
            }
        }
        return name.toString();
    }

    /** The actor's key for a store's key; empty if it is none that {@link #encode} makes. */
    static Optional<String> decode(String keyName) {
        if (keyName.equals(EMPTY)) {
            return Optional.of("");
        }
        var bytes = new ByteArrayOutputStream(keyName.length());
        for (int i = 0; i < keyName.length(); i++) {
            char c = keyName.charAt(i);
            if (c != '=') {
                bytes.write(c);
            } else if (i + 2 < keyName.length()
                    && HexFormat.isHexDigit(keyName.charAt(i + 1))
                    && HexFormat.isHexDigit(keyName.charAt(i + 2))) {
                bytes.write(HexFormat.fromHexDigits(keyName, i + 1, i + 3));
                i += 2;
            } else {
                return Optional.empty();
            }
        }
        String key = bytes.toString(StandardCharsets.UTF_8);
        return encode(key).equals(keyName) ? Optional.of(key) : Optional.empty();
    }

    private static boolean plain(byte b) {
        return (b >= 'a' && b <= 'z')
                || (b >= 'A' && b <= 'Z')
                || (b >= '0' && b <= '9')
                || b == '-'
                || b == '_'
                || b == '/';
    }
}

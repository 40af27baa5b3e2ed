package dev.trellis.host.wasmbus;

import java.util.Arrays;
import java.util.Optional;

/** Public keys of NATS' nkeys: base 32 over a kind, 32 bytes of Ed25519 and a CRC-16, 56 characters. */
final class PublicKeyText {
    static final int ACCOUNT = 0;
    static final int MODULE = 12 << 3;

    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private static final int CHARACTERS = 56;
    private static final int BYTES = 35;
    private static final int KEY_BYTES = 32;

    private PublicKeyText() {}

    /** The 32 bytes of a key of {@code kind}; empty if {@code text} is none. */
    static Optional<byte[]> parse(String text, int kind) {
        if (text.length() != CHARACTERS) {
            return Optional.empty();
        }
        byte[] bytes = new byte[BYTES];
        long bits = 0;
        int count = 0;
        int at = 0;
        for (int i = 0; i < CHARACTERS; i++) {
            int digit = ALPHABET.indexOf(text.charAt(i));
            if (digit < 0) {
                return Optional.empty();
            }
            bits = (bits << 5) | digit;
            count += 5;
            if (count >= 8) {
                count -= 8;
                bytes[at++] = (byte) (bits >>> count);
            }
        }
        int crc = (bytes[BYTES - 2] & 0xff) | ((bytes[BYTES - 1] & 0xff) << 8);
        if ((bytes[0] & 0xff) != kind || crc != crc16(bytes, BYTES - 2)) {
            return Optional.empty();
        }
        return Optional.of(Arrays.copyOfRange(bytes, 1, 1 + KEY_BYTES));
    }

    /** CRC-16/XMODEM. */
    static int crc16(byte[] bytes, int length) {
        int crc = 0;
        for (int i = 0; i < length; i++) {
            crc ^= (bytes[i] & 0xff) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }
        }
        return crc & 0xffff;
    }
}

package dev.trellis.host.component;

import dev.trellis.host.component.ValueFormException.Reason;
import java.util.Arrays;

/** Bytes that grow, up to a bound. */
final class ValueWriter {
    private static final int FIRST_BYTES = 256;

    private final int bytesMax;
    private byte[] bytes;
    private int length;

    ValueWriter(int bytesMax) {
        this.bytesMax = bytesMax;
        this.bytes = new byte[Math.min(FIRST_BYTES, bytesMax)];
    }

    byte[] finish() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    void putByte(int value) throws ValueFormException {
        room(1);
        bytes[length++] = (byte) value;
    }

    void put(byte[] from) throws ValueFormException {
        room(from.length);
        System.arraycopy(from, 0, bytes, length, from.length);
        length += from.length;
    }

    /** Little-endian. */
    void putFixed(long value, int size) throws ValueFormException {
        room(size);
        for (int i = 0; i < size; i++) {
            bytes[length++] = (byte) (value >>> (8 * i));
        }
    }

    /** LEB128 of all 64 bits, as an unsigned number. */
    void putUnsigned(long value) throws ValueFormException {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            putByte((int) (rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        putByte((int) rest);
    }

    void putSigned(long value) throws ValueFormException {
        long rest = value;
        while (rest < -0x40 || rest > 0x3f) {
            putByte((int) (rest & 0x7f) | 0x80);
            rest >>= 7;
        }
        putByte((int) (rest & 0x7f));
    }

    private void room(int more) throws ValueFormException {
        if (more > bytesMax - length) {
            throw new ValueFormException(
                    Reason.TOO_LARGE, "the values take more than " + bytesMax + " bytes, which is all they may take");
        }
        if (length + more > bytes.length) {
            long doubled = Math.max(2L * bytes.length, length + more);
            bytes = Arrays.copyOf(bytes, (int) Math.min(bytesMax, doubled));
        }
    }
}

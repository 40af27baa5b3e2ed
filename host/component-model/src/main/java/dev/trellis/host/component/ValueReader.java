package dev.trellis.host.component;

import dev.trellis.host.component.ValueFormException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Bytes that may be anything, read as values; what is made of them takes no more memory than a guest's own values may. */
final class ValueReader {
    private static final char REPLACEMENT = '\uFFFD';

    private final byte[] bytes;
    private int at;
    private long budget = ComponentInstance.LIFTED_BYTES_MAX;

    ValueReader(byte[] bytes, int from) {
        this.bytes = bytes;
        this.at = from;
    }

    void end() throws ValueFormException {
        if (at < bytes.length) {
            throw malformed((bytes.length - at) + " bytes are left after the last value");
        }
    }

    /** Counts memory before it is taken. */
    void take(long memory) throws ValueFormException {
        budget -= memory;
        if (budget < 0) {
            throw malformed("the values take more than " + ComponentInstance.LIFTED_BYTES_MAX + " bytes in memory");
        }
    }

    int readByte() throws ValueFormException {
        if (at == bytes.length) {
            throw malformed("the bytes end inside a value");
        }
        return bytes[at++] & 0xff;
    }

    /** Little-endian. */
    long readFixed(int size) throws ValueFormException {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) readByte() << (8 * i);
        }
        return value;
    }

    long readUnsigned(int bits) throws ValueFormException {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            int b = readByte();
            int left = bits - shift;
            if ((left < 7 && (b & 0x7f) >>> left != 0) || (left <= 7 && b >= 0x80)) {
                throw malformed("a number does not fit into " + bits + " bits");
            }
            value |= (long) (b & 0x7f) << shift;
            if (b < 0x80) {
                return value;
            }
        }
    }

    long readSigned(int bits) throws ValueFormException {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            int b = readByte();
            int left = bits - shift;
            value |= (long) (b & 0x7f) << shift;
            if (left <= 7) {
                int sign = (b << 25) >> 25 >> (left - 1); // all of what is above the number's own bits, and its sign
                if (b >= 0x80 || (sign != 0 && sign != -1)) {
                    throw malformed("a number does not fit into " + bits + " bits");
                }
            }
            if (b < 0x80) {
                int unused = Long.SIZE - Math.min(Long.SIZE, shift + 7);
                return value << unused >> unused;
            }
        }
    }

    /** How many elements follow, each of at least a byte. */
    int readCount() throws ValueFormException {
        long count = readUnsigned(32);
        if (count > bytes.length - at) {
            throw malformed(count + " elements cannot be in the " + (bytes.length - at) + " bytes that are left");
        }
        return (int) count;
    }

    byte[] readBytes() throws ValueFormException {
        int count = readCount();
        take(count);
        byte[] copy = new byte[count];
        System.arraycopy(bytes, at, copy, 0, count);
        at += count;
        return copy;
    }

    String readText() throws ValueFormException {
        int count = readCount();
        take(2L * count);
        int from = at;
        at += count;
        return text(from, count);
    }

    /** One character in UTF-8. */
    int readChar() throws ValueFormException {
        int first = readByte();
        int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        int from = at - 1;
        if (more > bytes.length - at) {
            throw malformed("the bytes end inside a value");
        }
        at += more;
        String one = text(from, 1 + more);
        if (one.codePointCount(0, one.length()) != 1) {
            throw malformed("a char is one Unicode scalar value in UTF-8");
        }
        return one.codePointAt(0);
    }

    private String text(int from, int count) throws ValueFormException {
        String text = new String(bytes, from, count, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) >= 0) { // it says so itself, or stands for what is no UTF-8
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes, from, count))
                        .toString();
            } catch (CharacterCodingException e) {
                throw malformed("a text is not UTF-8");
            }
        }
        return text;
    }

    ValueFormException malformed(String what) {
        return new ValueFormException(Reason.MALFORMED, "at byte " + at + ": " + what);
    }
}

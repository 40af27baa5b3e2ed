package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes CBOR (RFC 8949) into a growing array: definite lengths, integers in their smallest form, floats as they are. */
final class CborWriter {
    private static final int UNSIGNED = 0;
    private static final int NEGATIVE = 1;
    private static final int BYTES = 2;
    private static final int TEXT = 3;
    private static final int ARRAY = 4;

    private byte[] bytes = new byte[256];
    private int length;

    /** What was written so far; shares the array, so that the writer must not be used afterwards. */
    ByteString finish() {
        return UnsafeByteOperations.unsafeWrap(bytes, 0, length);
    }

    int length() {
        return length;
    }

    void nil() {
        one(0xf6);
    }

    void bool(boolean value) {
        one(value ? 0xf5 : 0xf4);
    }

    void integer(long value) {
        if (value >= 0) {
            head(UNSIGNED, value);
        } else {
            head(NEGATIVE, ~value);
        }
    }

    void float32(float value) {
        one(0xfa);
        fixed(Float.floatToIntBits(value), 4);
    }

    void float64(double value) {
        one(0xfb);
        fixed(Double.doubleToLongBits(value), 8);
    }

    void text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        head(TEXT, utf8.length);
        raw(utf8);
    }

    void binary(ByteString value) {
        head(BYTES, value.size());
        reserve(value.size());
        value.copyTo(bytes, length);
        length += value.size();
    }

    void array(int size) {
        head(ARRAY, size);
    }

    private void head(int major, long value) {
        int type = major << 5;
        if (value < 24) {
            one(type | (int) value);
        } else if (value <= 0xff) {
            one(type | 24);
            fixed(value, 1);
        } else if (value <= 0xffff) {
            one(type | 25);
            fixed(value, 2);
        } else if (value <= 0xffff_ffffL) {
            one(type | 26);
            fixed(value, 4);
        } else {
            one(type | 27);
            fixed(value, 8);
        }
    }

    private void raw(byte[] value) {
        reserve(value.length);
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
    }

    private void one(int value) {
        reserve(1);
        bytes[length++] = (byte) value;
    }

    private void fixed(long value, int size) {
        reserve(size);
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
            bytes[length++] = (byte) (value >>> shift);
        }
    }

    private void reserve(int more) {
        int needed = Math.addExact(length, more);
        if (needed > bytes.length) {
            int doubled = bytes.length > Integer.MAX_VALUE / 2 ? needed : 2 * bytes.length;
            bytes = Arrays.copyOf(bytes, Math.max(needed, doubled));
        }
    }
}

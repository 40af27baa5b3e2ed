package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes MessagePack into a growing array, each value in its smallest form, as {@code rmp-serde} does. */
final class MessagePackWriter {
    /*
     * Written by hand rather than over msgpack-core's MessageBufferPacker: a call writes one small message, and the packer
     * costs several objects and an 8 KiB buffer for each, and a copy to get the bytes out. The tests hold it to msgpack-core.
     */
    private byte[] bytes;
    private int length;

    MessagePackWriter(int capacity) {
        bytes = new byte[Math.max(16, capacity)];
    }

    /** The message so far. The array is shared: the writer must not be used afterwards. */
    GuestBytes finish() {
        return new GuestBytes(bytes, length);
    }

    int length() {
        return length;
    }

    void nil() {
        one(0xc0);
    }

    void bool(boolean value) {
        one(value ? 0xc3 : 0xc2);
    }

    /** Any integer of 64 signed bits. */
    void integer(long value) {
        if (value >= 0) {
            if (value < 0x80) {
                one((int) value);
            } else if (value <= 0xff) {
                sized(0xcc, value, 1);
            } else if (value <= 0xffff) {
                sized(0xcd, value, 2);
            } else if (value <= 0xffff_ffffL) {
                sized(0xce, value, 4);
            } else {
                sized(0xcf, value, 8);
            }
        } else if (value >= -32) {
            one((int) value);
        } else if (value >= Byte.MIN_VALUE) {
            sized(0xd0, value, 1);
        } else if (value >= Short.MIN_VALUE) {
            sized(0xd1, value, 2);
        } else if (value >= Integer.MIN_VALUE) {
            sized(0xd2, value, 4);
        } else {
            sized(0xd3, value, 8);
        }
    }

    void string(String value) {
        int chars = value.length();
        int start = length;
        stringHeader(chars);
        reserve(chars);
        int at = length;
        for (int i = 0; i < chars; i++) {
            char c = value.charAt(i);
            if (c >= 0x80) {
                length = start;
                byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
                stringHeader(utf8.length);
                raw(utf8);
                return;
            }
            bytes[at++] = (byte) c;
        }
        length = at;
    }

    /** A string whose UTF-8 bytes are at hand. */
    void string(ByteString utf8) {
        stringHeader(utf8.size());
        raw(utf8);
    }

    void binary(ByteString value) {
        int size = value.size();
        if (size <= 0xff) {
            sized(0xc4, size, 1);
        } else if (size <= 0xffff) {
            sized(0xc5, size, 2);
        } else {
            sized(0xc6, size, 4);
        }
        raw(value);
    }

    void arrayHeader(int size) {
        if (size < 16) {
            one(0x90 | size);
        } else if (size <= 0xffff) {
            sized(0xdc, size, 2);
        } else {
            sized(0xdd, size, 4);
        }
    }

    void mapHeader(int size) {
        if (size < 16) {
            one(0x80 | size);
        } else if (size <= 0xffff) {
            sized(0xde, size, 2);
        } else {
            sized(0xdf, size, 4);
        }
    }

    /** Bytes that are MessagePack already. */
    void raw(byte[] encoded) {
        reserve(encoded.length);
        System.arraycopy(encoded, 0, bytes, length, encoded.length);
        length += encoded.length;
    }

    private void raw(ByteString value) {
        int size = value.size();
        reserve(size);
        value.copyTo(bytes, length);
        length += size;
    }

    private void stringHeader(int size) {
        if (size < 32) {
            one(0xa0 | size);
        } else if (size <= 0xff) {
            sized(0xd9, size, 1);
        } else if (size <= 0xffff) {
            sized(0xda, size, 2);
        } else {
            sized(0xdb, size, 4);
        }
    }

    private void one(int value) {
        reserve(1);
        bytes[length++] = (byte) value;
    }

    private void sized(int marker, long value, int valueBytes) {
        reserve(1 + valueBytes);
        bytes[length++] = (byte) marker;
        for (int shift = 8 * (valueBytes - 1); shift >= 0; shift -= 8) {
            bytes[length++] = (byte) (value >>> shift);
        }
    }

    private void reserve(int more) {
        if (more > bytes.length - length) {
            grow(more);
        }
    }

    private void grow(int more) {
        int needed = Math.addExact(length, more);
        int doubled = bytes.length > Integer.MAX_VALUE / 2 ? needed : 2 * bytes.length;
        bytes = Arrays.copyOf(bytes, Math.max(needed, doubled));
    }
}

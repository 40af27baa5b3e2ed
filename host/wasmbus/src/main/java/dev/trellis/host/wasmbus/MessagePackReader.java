package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.charset.StandardCharsets;

/**
 * Reads MessagePack as {@code rmp-serde} does: whatever form an integer has, text from {@code bin}, bytes from {@code str}
 * or a list of small integers. The bytes are hostile: nothing is allocated by a count that the bytes do not back, nothing
 * recurses, and everything that is wrong ends as a {@link MessagePackException} that names the byte.
 */
final class MessagePackReader {
    private static final char REPLACEMENT = '\uFFFD';

    private final byte[] bytes;
    private final int end;
    private int at;

    /** Shares the array: what it reads as {@link ByteString} does too. It must not change any more. */
    MessagePackReader(GuestBytes message) {
        bytes = message.array();
        end = message.length();
    }

    /** Takes a nil if one is next. */
    boolean tryNil() {
        if (at < end && bytes[at] == (byte) 0xc0) {
            at++;
            return true;
        }
        return false;
    }

    boolean bool() {
        int marker = marker();
        if (marker != 0xc2 && marker != 0xc3) {
            throw unexpected("a boolean", marker);
        }
        return marker == 0xc3;
    }

    /** An integer of at least {@code min} and at most {@code max}. */
    long integer(long min, long max) {
        int start = at;
        int marker = marker();
        long value;
        if (marker < 0x80 || marker >= 0xe0) {
            value = (byte) marker;
        } else {
            value = switch (marker) {
                case 0xcc -> unsigned(1);
                case 0xcd -> unsigned(2);
                case 0xce -> unsigned(4);
                case 0xcf -> {
                    long all = unsigned(8);
                    if (all < 0) {
                        throw outside(Long.toUnsignedString(all), min, max, start);
                    }
                    yield all;
                }
                case 0xd0 -> (byte) unsigned(1);
                case 0xd1 -> (short) unsigned(2);
                case 0xd2 -> (int) unsigned(4);
                case 0xd3 -> unsigned(8);
                default -> throw unexpected("an integer", marker);
            };
        }
        if (value < min || value > max) {
            throw outside(Long.toString(value), min, max, start);
        }
        return value;
    }

    /** Text: a {@code str} or {@code bin} of valid UTF-8. */
    String string() {
        int length = textLength();
        int start = at;
        at += length;
        String text = new String(bytes, start, length, StandardCharsets.UTF_8);
        // Decoding puts the replacement character where bytes are malformed; it may also really be there.
        if (text.indexOf(REPLACEMENT) >= 0 && !slice(start, length).isValidUtf8()) {
            throw malformedText(start);
        }
        return text;
    }

    /** The bytes of a text, checked to be UTF-8; shares the array. */
    ByteString text() {
        int length = textLength();
        ByteString text = slice(at, length);
        if (!text.isValidUtf8()) {
            throw malformedText(at);
        }
        at += length;
        return text;
    }

    /** Bytes: a {@code bin}, a {@code str}, or an array of integers from 0 to 255. May share the array. */
    ByteString binary() {
        int marker = marker();
        int length =
                switch (marker) {
                    case 0xc4, 0xd9 -> length(1, 1);
                    case 0xc5, 0xda -> length(2, 1);
                    case 0xc6, 0xdb -> length(4, 1);
                    default -> (marker & 0xe0) == 0xa0 ? backed(marker & 0x1f, 1) : -1;
                };
        if (length < 0) {
            return integers(arraySize(marker, "bytes"));
        }
        ByteString binary = slice(at, length);
        at += length;
        return binary;
    }

    int arraySize() {
        return arraySize(marker(), "an array");
    }

    int mapSize() {
        int marker = marker();
        return switch (marker) {
            case 0xde -> length(2, 2);
            case 0xdf -> length(4, 2);
            default -> {
                if ((marker & 0xf0) != 0x80) {
                    throw unexpected("a map", marker);
                }
                yield backed(marker & 0x0f, 2);
            }
        };
    }

    /** Passes over one value, however deep it is. */
    void skip() {
        for (long values = 1; values > 0; values--) {
            if (values > end - at) {
                throw truncated();
            }
            int marker = marker();
            if (marker < 0x80 || marker >= 0xe0) {
                continue;
            }
            switch (marker >> 4) {
                case 0x8 -> values += 2L * (marker & 0x0f);
                case 0x9 -> values += marker & 0x0f;
                case 0xa, 0xb -> pass(marker & 0x1f);
                default -> {
                    switch (marker) {
                        case 0xc0, 0xc2, 0xc3 -> {}
                        case 0xc4, 0xd9 -> pass(unsigned(1));
                        case 0xc5, 0xda -> pass(unsigned(2));
                        case 0xc6, 0xdb -> pass(unsigned(4));
                        case 0xc7 -> pass(1 + unsigned(1));
                        case 0xc8 -> pass(1 + unsigned(2));
                        case 0xc9 -> pass(1 + unsigned(4));
                        case 0xcc, 0xd0 -> pass(1);
                        case 0xcd, 0xd1, 0xd4 -> pass(2);
                        case 0xd5 -> pass(3);
                        case 0xca, 0xce, 0xd2 -> pass(4);
                        case 0xd6 -> pass(5);
                        case 0xcb, 0xcf, 0xd3 -> pass(8);
                        case 0xd7 -> pass(9);
                        case 0xd8 -> pass(17);
                        case 0xdc -> values += unsigned(2);
                        case 0xdd -> values += unsigned(4);
                        case 0xde -> values += 2 * unsigned(2);
                        case 0xdf -> values += 2 * unsigned(4);
                        default -> throw unexpected("a value", marker);
                    }
                }
            }
        }
    }

    /** Checks that nothing follows. */
    void end() {
        if (at != end) {
            throw new MessagePackException("ends at byte " + at + ", but " + (end - at) + " more bytes follow");
        }
    }

    /**
     * Walks the fields of a struct: a map with names as keys in any order, or an array in the order of {@code names}.
     * Keys that are no name are passed over.
     */
    Fields fields(FieldNames names) {
        int marker = marker();
        boolean map = (marker & 0xf0) == 0x80 || marker == 0xde || marker == 0xdf;
        at--;
        if (map) {
            return new Fields(names, true, mapSize());
        }
        int size = arraySize(marker(), "a map");
        if (size > names.size()) {
            throw new MessagePackException("array of " + size + " values stands for a struct of " + names.size());
        }
        return new Fields(names, false, size);
    }

    /** The names of a struct's fields in order of declaration; at most 32. */
    static final class FieldNames {
        private final byte[][] names;

        FieldNames(String... names) {
            this.names = new byte[names.length][];
            for (int i = 0; i < names.length; i++) {
                this.names[i] = names[i].getBytes(StandardCharsets.UTF_8);
            }
        }

        int size() {
            return names.length;
        }

        String name(int index) {
            return new String(names[index], StandardCharsets.UTF_8);
        }
    }

    /** A walk over the fields of one struct. Each value must be read, or skipped, before the next field. */
    final class Fields {
        private static final int UNKNOWN = -1;
        static final int END = -2;

        private final FieldNames names;
        private final boolean map;
        private final int size;
        private int walked;
        private int seen;

        private Fields(FieldNames names, boolean map, int size) {
            this.names = names;
            this.map = map;
            this.size = size;
        }

        /** Index of the field whose value is next, or {@link #END}. */
        int next() {
            while (walked < size) {
                int index = map ? key() : walked;
                walked++;
                if (index == UNKNOWN) {
                    skip();
                    continue;
                }
                if ((seen & (1 << index)) != 0) {
                    throw new MessagePackException("field '" + names.name(index) + "' is there twice");
                }
                seen |= 1 << index;
                return index;
            }
            return END;
        }

        /** Checks that the walk met the field. */
        void require(int index) {
            if ((seen & (1 << index)) == 0) {
                throw new MessagePackException("field '" + names.name(index) + "' is missing");
            }
        }

        private int key() {
            int marker = marker();
            at--;
            boolean text = (marker & 0xe0) == 0xa0 || (marker >= 0xd9 && marker <= 0xdb);
            if (!text) {
                skip();
                return UNKNOWN;
            }
            int length = textLength();
            int start = at;
            at += length;
            byte[][] all = names.names;
            for (int i = 0; i < all.length; i++) {
                if (matches(all[i], start, length)) {
                    return i;
                }
            }
            return UNKNOWN;
        }

        private boolean matches(byte[] name, int start, int length) {
            if (name.length != length) {
                return false;
            }
            for (int i = 0; i < length; i++) {
                if (name[i] != bytes[start + i]) {
                    return false;
                }
            }
            return true;
        }
    }

    private ByteString integers(int size) {
        byte[] values = new byte[size]; // each of them is backed by a byte at least
        for (int i = 0; i < size; i++) {
            values[i] = (byte) integer(0, 255);
        }
        return UnsafeByteOperations.unsafeWrap(values);
    }

    private int arraySize(int marker, String expected) {
        return switch (marker) {
            case 0xdc -> length(2, 1);
            case 0xdd -> length(4, 1);
            default -> {
                if ((marker & 0xf0) != 0x90) {
                    throw unexpected(expected, marker);
                }
                yield backed(marker & 0x0f, 1);
            }
        };
    }

    private int textLength() {
        int marker = marker();
        return switch (marker) {
            case 0xc4, 0xd9 -> length(1, 1);
            case 0xc5, 0xda -> length(2, 1);
            case 0xc6, 0xdb -> length(4, 1);
            default -> {
                if ((marker & 0xe0) != 0xa0) {
                    throw unexpected("a string", marker);
                }
                yield backed(marker & 0x1f, 1);
            }
        };
    }

    private int length(int lengthBytes, int bytesEach) {
        return backed(unsigned(lengthBytes), bytesEach);
    }

    /** {@code count}, checked against the bytes that are left. */
    private int backed(long count, int bytesEach) {
        if (count * bytesEach > end - at) {
            throw new MessagePackException(
                    "declares " + count + " items before byte " + at + ", but only " + (end - at) + " bytes follow");
        }
        return (int) count;
    }

    private void pass(long count) {
        at += backed(count, 1);
    }

    private int marker() {
        if (at >= end) {
            throw truncated();
        }
        return bytes[at++] & 0xff;
    }

    private long unsigned(int valueBytes) {
        if (valueBytes > end - at) {
            throw truncated();
        }
        long value = 0;
        for (int i = 0; i < valueBytes; i++) {
            value = value << 8 | (bytes[at++] & 0xff);
        }
        return value;
    }

    private ByteString slice(int start, int length) {
        return length == 0 ? ByteString.EMPTY : UnsafeByteOperations.unsafeWrap(bytes, start, length);
    }

    private MessagePackException truncated() {
        return new MessagePackException("ends at byte " + end + " in the middle of a value");
    }

    private MessagePackException malformedText(int start) {
        return new MessagePackException("string at byte " + start + " is not UTF-8");
    }

    private MessagePackException unexpected(String expected, int marker) {
        return new MessagePackException(
                "byte " + (at - 1) + " must begin " + expected + ", was 0x" + Integer.toHexString(marker));
    }

    private static MessagePackException outside(String value, long min, long max, int start) {
        return new MessagePackException(
                "integer " + value + " at byte " + start + " must be from " + min + " to " + max);
    }
}

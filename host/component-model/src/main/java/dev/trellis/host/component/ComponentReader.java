package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.malformed;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads the primitive forms of the binary format, never beyond the end of the section that it is in. */
final class ComponentReader {
    /** Names are labels, interface names, or identifiers of a host; longer ones are refused. */
    static final int NAME_BYTES_MAX = 100_000;

    private final byte[] bytes;
    private int at;
    private int limit;

    ComponentReader(byte[] bytes) {
        this.bytes = bytes;
        this.limit = bytes.length;
    }

    int at() {
        return at;
    }

    int limit() {
        return limit;
    }

    boolean atEnd() {
        return at == limit;
    }

    /** Narrows reading to the next {@code size} bytes; {@link #leave} with the returned limit undoes it. */
    int enter(int size) {
        int outer = limit;
        limit = at + size;
        return outer;
    }

    void leave(int outerLimit, String what) {
        if (at != limit) {
            throw malformed(at, what + " is as long as its content; " + (limit - at) + " bytes are left over");
        }
        limit = outerLimit;
    }

    int peek(String what) {
        if (at >= limit) {
            throw malformed(at, what + " is expected, here is the end");
        }
        return bytes[at] & 0xff;
    }

    int u8(String what) {
        int value = peek(what);
        at++;
        return value;
    }

    /** A byte that says yes or no. */
    boolean flag(String what) {
        int start = at;
        int value = u8(what);
        if (value > 1) {
            throw malformed(start, what + " is 0 or 1, this is " + hex(value));
        }
        return value == 1;
    }

    void expect(int value, String what) {
        int start = at;
        int actual = u8(what);
        if (actual != value) {
            throw malformed(start, what + " is " + hex(value) + ", this is " + hex(actual));
        }
    }

    long u32AsLong(String what) {
        int start = at;
        long value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int b = u8(what);
            value |= (long) (b & 0x7f) << shift;
            if ((b & 0x80) == 0) {
                if (value > 0xffff_ffffL) {
                    break;
                }
                return value;
            }
        }
        throw malformed(start, what + " has at most 32 bits");
    }

    /** An index or size. One beyond what any component has becomes the largest int, and is refused where it is used. */
    int u32(String what) {
        return (int) Math.min(u32AsLong(what), Integer.MAX_VALUE);
    }

    int size(String what) {
        int start = at;
        long size = u32AsLong("the size of " + what);
        if (size > limit - at) {
            throw malformed(
                    start,
                    what + " ends within what holds it; its size is " + size + ", " + (limit - at) + " bytes are left");
        }
        return (int) size;
    }

    /** The number of items that follow, each at least one byte long. */
    int count(String what) {
        int start = at;
        long count = u32AsLong("the number of " + what);
        if (count > limit - at) {
            throw malformed(start, count + " " + what + " do not fit in the " + (limit - at) + " bytes that are left");
        }
        return (int) count;
    }

    String name(String what) {
        int start = at;
        int size = size(what);
        if (size > NAME_BYTES_MAX) {
            throw malformed(start, what + " has at most " + NAME_BYTES_MAX + " bytes, this has " + size);
        }
        try {
            String name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, at, size))
                    .toString();
            at += size;
            return name;
        } catch (CharacterCodingException e) {
            throw malformed(at, what + " is UTF-8");
        }
    }

    /** A type index where a primitive type could be as well: a signed number, of which 33 bits hold all indices. */
    long s33(String what) {
        int start = at;
        long value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int b = u8(what);
            value |= (long) (b & 0x7f) << shift;
            if ((b & 0x80) == 0) {
                int unused = Long.SIZE - shift - 7;
                value = value << unused >> unused;
                if (value != value << 31 >> 31) {
                    break;
                }
                return value;
            }
        }
        throw malformed(start, what + " has at most 33 bits");
    }

    ByteSlice slice(int size) {
        ByteSlice slice = new ByteSlice(bytes, at, size);
        at += size;
        return slice;
    }

    ByteSlice sliceFrom(int start) {
        return new ByteSlice(bytes, start, at - start);
    }

    static String hex(int value) {
        return "0x" + Integer.toHexString(value);
    }
}

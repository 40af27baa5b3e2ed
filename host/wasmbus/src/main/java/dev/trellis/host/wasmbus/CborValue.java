package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.sql.SqlValue;

/*
 * The bytes are hostile. One value is read, no array or map ever, so nothing recurses; an indefinite text or byte string
 * has parts, each backed by bytes of the input.
 */
/** Reads one CBOR value (RFC 8949) as a parameter of an SQL statement. */
final class CborValue {

    private static final int BREAK = 0xff;
    private static final int INDEFINITE = 31;
    private static final long TAG_DATETIME = 0;
    private static final long TAG_UUID = 37;

    private final ByteString bytes;
    private int at;

    private CborValue(ByteString bytes) {
        this.bytes = bytes;
    }

    /** What a parameter is no value of, and what was expected. */
    static final class CborException extends Exception {
        private static final long serialVersionUID = 1L;

        CborException(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Reads {@code bytes}, which must be one value and nothing else: null or undefined, a boolean, an integer of 64 signed
     * bits, a float of any size, text, or bytes. Tag 0 (date and time) makes text a timestamp with zone, tag 37 makes
     * bytes a UUID; other tags are refused.
     *
     * @throws CborException with what is wrong
     */
    static SqlValue parse(ByteString bytes) throws CborException {
        var in = new CborValue(bytes);
        SqlValue value = in.value();
        if (in.at != bytes.size()) {
            throw new CborException("has " + (bytes.size() - in.at) + " bytes after its value");
        }
        return value;
    }

    private SqlValue value() throws CborException {
        int head = next();
        int major = head >> 5;
        int info = head & 0x1f;
        var value = SqlValue.newBuilder();
        switch (major) {
            case 0 -> integer(value, argument(info));
            case 1 -> integer(value, ~argument(info));
            case 2 -> value.setBytes(string(major, info));
            case 3 -> value.setTextBytes(text(info));
            case 4 -> throw new CborException("is an array; a parameter is one value");
            case 5 -> throw new CborException("is a map; a parameter is one value, JSON is passed as text");
            case 6 -> tagged(value, argument(info));
            default -> simple(value, info);
        }
        return value.build();
    }

    private void tagged(SqlValue.Builder value, long tag) throws CborException {
        int head = next();
        if (tag == TAG_DATETIME && head >> 5 == 3) {
            value.setTimestampZoneBytes(text(head & 0x1f));
        } else if (tag == TAG_UUID && head >> 5 == 2) {
            ByteString uuid = string(2, head & 0x1f);
            if (uuid.size() != 16) {
                throw new CborException("is a UUID of " + uuid.size() + " bytes, expected 16");
            }
            var buffer = uuid.asReadOnlyByteBuffer();
            value.setUuid(new java.util.UUID(buffer.getLong(), buffer.getLong()).toString());
        } else {
            throw new CborException("has tag " + Long.toUnsignedString(tag)
                    + "; known are 0 (a date and time as text) and 37 (a UUID as bytes)");
        }
    }

    /** The smallest kind, for databases convert that to every larger one by themselves. */
    private static void integer(SqlValue.Builder value, long number) {
        if (number == (int) number) {
            value.setInt32((int) number);
        } else {
            value.setInt64(number);
        }
    }

    private void simple(SqlValue.Builder value, int info) throws CborException {
        switch (info) {
            case 20 -> value.setBool(false);
            case 21 -> value.setBool(true);
            case 22, 23 -> {} // null, undefined
            case 25 -> value.setFloat64(Float.float16ToFloat((short) fixed(2)));
            case 26 -> value.setFloat64(Float.intBitsToFloat((int) fixed(4)));
            case 27 -> value.setFloat64(Double.longBitsToDouble(fixed(8)));
            default ->
                throw new CborException(
                        "begins with byte 0x" + Integer.toHexString(0xe0 | info) + ", which is no value");
        }
    }

    /** An integer; those beyond 63 bits are refused. */
    private long argument(int info) throws CborException {
        long value =
                switch (info) {
                    case 24 -> fixed(1);
                    case 25 -> fixed(2);
                    case 26 -> fixed(4);
                    case 27 -> fixed(8);
                    default -> {
                        if (info >= 24) {
                            throw new CborException("has a head that CBOR does not have");
                        }
                        yield info;
                    }
                };
        if (value < 0) {
            throw new CborException("is an integer beyond 64 signed bits; pass it as text");
        }
        return value;
    }

    private ByteString text(int info) throws CborException {
        ByteString text = string(3, info);
        if (!text.isValidUtf8()) {
            throw new CborException("is text that is not UTF-8");
        }
        return text;
    }

    private ByteString string(int major, int info) throws CborException {
        if (info != INDEFINITE) {
            return part(argument(info));
        }
        ByteString.Output all = ByteString.newOutput();
        for (int head; (head = next()) != BREAK; ) {
            if (head >> 5 != major || (head & 0x1f) == INDEFINITE) {
                throw new CborException("has a part of another kind in its indefinite string");
            }
            ByteString part = part(argument(head & 0x1f));
            all.write(part.toByteArray(), 0, part.size());
        }
        return all.toByteString();
    }

    private ByteString part(long size) throws CborException {
        if (size > bytes.size() - at) {
            throw new CborException(
                    "declares a string of " + size + " bytes, but only " + (bytes.size() - at) + " follow");
        }
        ByteString part = bytes.substring(at, at + (int) size);
        at += (int) size;
        return part;
    }

    private long fixed(int size) throws CborException {
        if (size > bytes.size() - at) {
            throw truncated();
        }
        long value = 0;
        for (int i = 0; i < size; i++) {
            value = value << 8 | (bytes.byteAt(at++) & 0xff);
        }
        return value;
    }

    private int next() throws CborException {
        if (at >= bytes.size()) {
            throw truncated();
        }
        return bytes.byteAt(at++) & 0xff;
    }

    private static CborException truncated() {
        return new CborException("ends in the middle of a value");
    }
}

package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;

/**
 * The first {@code length} bytes of an array that nobody changes any more. A plain class, for a record's equality would
 * promise to compare the bytes.
 */
final class GuestBytes {
    static final GuestBytes EMPTY = new GuestBytes(new byte[0], 0);

    private final byte[] array;
    private final int length;

    GuestBytes(byte[] array, int length) {
        this.array = array;
        this.length = length;
    }

    /** Shares {@code array}. */
    static GuestBytes of(byte[] array) {
        return new GuestBytes(array, array.length);
    }

    static GuestBytes of(ByteString bytes) {
        return bytes.isEmpty() ? EMPTY : of(bytes.toByteArray());
    }

    byte[] array() {
        return array;
    }

    int length() {
        return length;
    }

    /** Shares the array. */
    ByteString toByteString() {
        return UnsafeByteOperations.unsafeWrap(array, 0, length);
    }
}

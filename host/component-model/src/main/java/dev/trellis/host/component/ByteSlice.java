package dev.trellis.host.component;

import java.util.Arrays;
import java.util.Objects;

/** A part of a component's bytes, shared with the component and never written. */
public final class ByteSlice {
    private final byte[] source;
    private final int offset;
    private final int length;

    ByteSlice(byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        this.source = source;
        this.offset = offset;
        this.length = length;
    }

    /** Where it begins in the outermost component's bytes. */
    public int offset() {
        return offset;
    }

    public int length() {
        return length;
    }

    /** A copy. */
    public byte[] toByteArray() {
        return Arrays.copyOfRange(source, offset, offset + length);
    }

    @Override
    public String toString() {
        return length + " bytes at " + offset;
    }
}

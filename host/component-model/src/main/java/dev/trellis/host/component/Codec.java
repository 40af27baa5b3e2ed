package dev.trellis.host.component;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * How values of one type cross between core values, guest memory and Java, by the canonical ABI. Made once per type of a
 * linked component; has no state.
 */
abstract class Codec {
    /*
     * Core values travel as longs: i32 and f32 with zeros above, so that the joins of variant cases, which widen with zeros
     * and cut off, need no code: whoever wants 32 bits takes the low ones.
     *
     * lift and lower are the specification's lift_flat and lower_flat, load and store its load and store; where both sides
     * are guests, pass and copy do one after the other without a Java value between, where that is of use. Addresses given
     * to load, store and copy are checked by the caller for the whole of the value.
     */

    /** A value that a guest gave: in core values, or in memory. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Passed(long[] flat, boolean inMemory, int address) {}

    final int size;
    final int alignment;
    /** Core values; meaningless where values of the type are never passed as such. */
    final int slots;

    Codec(Layout layout) {
        this(
                (int) layout.size(),
                layout.alignment(),
                layout.flat().map(Collection::size).orElse(0));
    }

    Codec(int size, int alignment, int slots) {
        this.size = size;
        this.alignment = alignment;
        this.slots = slots;
    }

    abstract @Nullable Object lift(GuestSide from, long[] flat, int at);

    abstract void lower(GuestSide to, @Nullable Object value, long[] flat, int at) throws InterruptedException;

    abstract @Nullable Object load(GuestSide from, int address);

    abstract void store(GuestSide to, @Nullable Object value, int address) throws InterruptedException;

    void pass(GuestSide from, long[] flat, int at, GuestSide to, long[] out, int outAt) throws InterruptedException {
        lower(to, lift(from, flat, at), out, outAt);
    }

    void copy(GuestSide from, int address, GuestSide to, int toAddress) throws InterruptedException {
        store(to, load(from, address), toAddress);
    }

    /** Whether the bytes of a value are the value, and any bytes are one. */
    boolean plain() {
        return false;
    }

    /** What a value of this type is in Java, for messages. */
    abstract String expected();

    final IllegalArgumentException refused(@Nullable Object value) {
        return new IllegalArgumentException("expected is " + expected() + ", was "
                + (value == null ? "null" : "a " + value.getClass().getName() + ": " + abbreviated(value)));
    }

    private static String abbreviated(Object value) {
        String text = value instanceof Collection<?> all ? all.size() + " elements" : String.valueOf(value);
        return text.length() <= 60 ? text : text.substring(0, 60) + " ...";
    }
}

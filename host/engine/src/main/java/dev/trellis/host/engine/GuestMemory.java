package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.ChicoryInterruptedException;
import com.dylibso.chicory.runtime.ConstantEvaluators;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.runtime.TrapException;
import com.dylibso.chicory.runtime.WasmRuntimeException;
import com.dylibso.chicory.wasm.UninstantiableException;
import com.dylibso.chicory.wasm.types.ActiveDataSegment;
import com.dylibso.chicory.wasm.types.DataSegment;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import com.dylibso.chicory.wasm.types.PassiveDataSegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One guest's linear memory: one array, as long as the memory is, and a table of the 4 KiB cards written since the image. */
final class GuestMemory implements Memory {
    /*
     * Bounds: the array's length is the memory's length, so the array's own range check is the WebAssembly one. A store
     * checks the whole access before it changes a byte, and marks its cards only afterwards; a store of n bytes touches at
     * most the cards of its first and its last byte.
     *
     * Time: one bulk operation is cut into slices, and the thread's interrupt is looked at before each. Compiled code does
     * so only at backward jumps and calls, and a guest may be a long row of memory.fill without either.
     *
     * Growth: most guests have no heap in their image, so they grow in every call, and copying whole memories would cost
     * far more than the call. Arrays of other sizes are therefore kept beside the one in use, always equal to the image
     * with zeros behind it; a change of size moves only the cards that were written.
     *
     * Segments: data.drop writes into the instance's segment array, which it shares with this class at initialisation.
     */
    static final int CARD_SHIFT = 12;
    static final int CARD_BYTES = 1 << CARD_SHIFT;
    private static final int BULK_SLICE_BYTES = 8 << 20;

    /** Sizes kept beside the one in use; with more, the one kept first is dropped. */
    private static final int KEPT_MAX = 4;

    /** Arrays larger than the image by more pages are not kept. */
    private static final int KEPT_GROWTH_PAGES_MAX = 32;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /**
     * What a memory is restored to.
     *
     * <p>Most of a fresh memory is zero: stack below the data, room above it. Only the other cards are kept.
     *
     * @param written the cards that are not all zero, one behind the other
     * @param places for each card its offset in {@code written}, or {@link #ZERO_CARD}
     * @param segments the data segments, if the guest can still drop one; most modules have none that is not active
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Image(byte[] written, int[] places, int pages, DataSegment[] segments) {
        static final int ZERO_CARD = -1;
    }

    /** The arrays of a memory that equals the pool's image, for the next instance: a new array is what costs most. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Spare(byte[] bytes, byte[] cards) {}

    private final int initialPages;
    private final int declaredPagesMax;
    private final int pagesMax;
    private final ArrayDeque<Spare> kept = new ArrayDeque<>(KEPT_MAX + 1);
    private @Nullable Image image;
    private byte[] bytes;
    private byte[] cards;
    private int pages;
    private DataSegment[] segments = {};
    private boolean growthRefused;

    /**
     * With {@code image}, data segments are not applied again: the image holds what they wrote.
     *
     * @param spare arrays to use instead of new ones; only with the image that they equal
     */
    GuestMemory(MemoryLimits limits, int pagesMax, @Nullable Image image, @Nullable Spare spare) {
        this.initialPages = limits.initialPages();
        this.declaredPagesMax = limits.maximumPages();
        this.pagesMax = Math.min(pagesMax, declaredPagesMax);
        this.image = image;
        this.pages = image == null ? initialPages : image.pages();
        if (spare != null) {
            this.bytes = spare.bytes();
            this.cards = spare.cards();
            return;
        }
        this.bytes = new byte[pages * PAGE_SIZE];
        this.cards = new byte[bytes.length >> CARD_SHIFT];
        if (image != null) {
            fillFrom(image);
        }
    }

    // Image

    Image takeImage() {
        int[] places = new int[cards.length];
        int kept = 0;
        for (int card = 0; card < cards.length; card++) {
            places[card] = isZero(card) ? Image.ZERO_CARD : CARD_BYTES * kept++;
        }
        byte[] written = new byte[CARD_BYTES * kept];
        for (int card = 0; card < places.length; card++) {
            if (places[card] != Image.ZERO_CARD) {
                System.arraycopy(bytes, card << CARD_SHIFT, written, places[card], CARD_BYTES);
            }
        }
        Arrays.fill(cards, (byte) 0);
        boolean droppable = Arrays.stream(segments).anyMatch(segment -> segment.data().length > 0);
        image = new Image(written, places, pages, droppable ? segments.clone() : new DataSegment[0]);
        return image;
    }

    private boolean isZero(int card) {
        int end = (card + 1) << CARD_SHIFT;
        for (int at = card << CARD_SHIFT; at < end; at += Long.BYTES) {
            if ((long) LONG.get(bytes, at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Makes this memory equal to {@code to}; costs what was written since the last restore. */
    void restore(Image to) {
        clean(to);
        if (pages != to.pages()) {
            keep(to);
            pages = to.pages();
            Spare home = takeKept(pages * PAGE_SIZE);
            if (home == null) {
                bytes = new byte[pages * PAGE_SIZE];
                cards = new byte[bytes.length >> CARD_SHIFT];
                fillFrom(to);
            } else {
                bytes = home.bytes();
                cards = home.cards();
            }
        }
        growthRefused = false;
        System.arraycopy(to.segments(), 0, segments, 0, to.segments().length);
    }

    /** Makes the arrays in use equal to the image, with zeros behind it. */
    private void clean(Image to) {
        for (int word = 0; word < cards.length; word += Long.BYTES) {
            if ((long) LONG.get(cards, word) != 0) {
                for (int card = word; card < word + Long.BYTES; card++) {
                    if (cards[card] != 0) {
                        clean(to, card);
                    }
                }
            }
        }
    }

    private void clean(Image to, int card) {
        cards[card] = 0;
        int start = card << CARD_SHIFT;
        int place = card < to.places().length ? to.places()[card] : Image.ZERO_CARD;
        if (place == Image.ZERO_CARD) {
            Arrays.fill(bytes, start, start + CARD_BYTES, (byte) 0);
        } else {
            System.arraycopy(to.written(), place, bytes, start, CARD_BYTES);
        }
    }

    /** Keeps the arrays in use, which are clean, for when this memory has their size again. */
    private void keep(Image to) {
        if (pages - to.pages() <= KEPT_GROWTH_PAGES_MAX) {
            kept.addLast(new Spare(bytes, cards));
            if (kept.size() > KEPT_MAX) {
                kept.removeFirst();
            }
        }
    }

    private @Nullable Spare takeKept(int length) {
        for (Spare spare : kept) {
            if (spare.bytes().length == length) {
                kept.remove(spare);
                return spare;
            }
        }
        return null;
    }

    /** On new, zero arrays. */
    private void fillFrom(Image from) {
        int[] places = from.places();
        for (int card = 0; card < places.length; card++) {
            if (places[card] != Image.ZERO_CARD) {
                System.arraycopy(from.written(), places[card], bytes, card << CARD_SHIFT, CARD_BYTES);
            }
        }
    }

    /** Restores the arrays and hands them over; this memory is empty from then on. */
    Spare release(Image to) {
        restore(to);
        Spare spare = new Spare(bytes, cards);
        pages = 0;
        bytes = new byte[0];
        cards = new byte[0];
        kept.clear();
        return spare;
    }

    /** Whether {@code memory.grow} was refused by the guest's limit, not by the module's own. */
    boolean growthRefused() {
        return growthRefused;
    }

    int pagesMax() {
        return pagesMax;
    }

    // Host side

    byte[] hostRead(int address, int length) {
        hostRange(address, length);
        return Arrays.copyOfRange(bytes, address, address + length);
    }

    void hostRead(int address, byte[] into, int offset, int length) {
        hostRange(address, length);
        System.arraycopy(bytes, address, into, offset, length);
    }

    void hostWrite(int address, byte[] from, int offset, int length) {
        hostRange(address, length);
        System.arraycopy(from, offset, bytes, address, length);
        mark(address, length);
    }

    private void hostRange(int address, int length) {
        if (address < 0 || length < 0 || length > bytes.length - address) {
            throw new GuestMemoryException(address, length, bytes.length);
        }
    }

    // Size

    @Override
    public int pages() {
        return pages;
    }

    @Override
    public int grow(int by) {
        checkInterrupt();
        int before = pages;
        long after = before + Integer.toUnsignedLong(by);
        if (after > pagesMax) {
            growthRefused |= after <= declaredPagesMax;
            return -1;
        }
        if (by != 0) {
            try {
                resize((int) after);
            } catch (OutOfMemoryError e) {
                growthRefused = true;
                return -1;
            }
        }
        return before;
    }

    private void resize(int newPages) {
        Image home = image;
        Spare larger = home == null ? null : takeKept(newPages * PAGE_SIZE);
        if (larger == null) {
            byte[] grown = Arrays.copyOf(bytes, newPages * PAGE_SIZE);
            larger = new Spare(grown, Arrays.copyOf(cards, grown.length >> CARD_SHIFT));
        } else {
            for (int card = 0; card < cards.length; card++) {
                if (cards[card] != 0) {
                    int start = card << CARD_SHIFT;
                    System.arraycopy(bytes, start, larger.bytes(), start, CARD_BYTES);
                    larger.cards()[card] = 1;
                }
            }
        }
        if (home != null) {
            clean(home);
            keep(home);
        }
        bytes = larger.bytes();
        cards = larger.cards();
        pages = newPages;
    }

    @Override
    public int initialPages() {
        return initialPages;
    }

    @Override
    public int maximumPages() {
        return pagesMax;
    }

    @Override
    public boolean shared() {
        return false;
    }

    // Segments

    @Override
    public void initialize(Instance instance, DataSegment[] dataSegments) {
        initialize(instance, dataSegments, 0);
    }

    @Override
    public void initialize(Instance instance, DataSegment[] dataSegments, int memoryIndex) {
        segments = dataSegments;
        for (int i = 0; i < segments.length; i++) {
            if (segments[i] instanceof ActiveDataSegment active && active.index() == memoryIndex) {
                if (image == null) {
                    int at = (int) ConstantEvaluators.computeConstantValue(instance, active.offsetInstructions())[0];
                    byte[] data = active.data();
                    if (at < 0 || data.length > bytes.length - at) {
                        throw new UninstantiableException("out of bounds memory access");
                    }
                    write(at, data, 0, data.length);
                }
                segments[i] = PassiveDataSegment.EMPTY;
            }
        }
    }

    @Override
    public void initPassiveSegment(int segment, int to, int from, int size) {
        checkInterrupt();
        byte[] data = segments[segment].data();
        if (from < 0 || size < 0 || size > data.length - from) {
            throw outOfBounds(from, size);
        }
        range(to, size);
        System.arraycopy(data, from, bytes, to, size);
        mark(to, size);
    }

    @Override
    public void drop(int segment) {
        segments[segment] = PassiveDataSegment.EMPTY;
    }

    // Bulk

    @Override
    public void zero() {
        // a new array is zero
    }

    @Override
    public void fill(byte value, int from, int to) {
        int size = to - from;
        range(from, size);
        for (int done = 0; done < size; ) {
            checkInterrupt();
            int slice = Math.min(BULK_SLICE_BYTES, size - done);
            Arrays.fill(bytes, from + done, from + done + slice, value);
            mark(from + done, slice);
            done += slice;
        }
        checkInterrupt();
    }

    @Override
    public void copy(int to, int from, int size) {
        range(to, size);
        range(from, size);
        boolean upwards = to <= from;
        for (int done = 0; done < size; ) {
            checkInterrupt();
            int slice = Math.min(BULK_SLICE_BYTES, size - done);
            int at = upwards ? done : size - done - slice;
            System.arraycopy(bytes, from + at, bytes, to + at, slice);
            mark(to + at, slice);
            done += slice;
        }
        checkInterrupt();
    }

    @Override
    public void write(int address, byte[] data, int offset, int size) {
        range(address, size);
        System.arraycopy(data, offset, bytes, address, size);
        mark(address, size);
    }

    @Override
    public byte[] readBytes(int address, int size) {
        range(address, size);
        return Arrays.copyOfRange(bytes, address, address + size);
    }

    private void range(int address, int size) {
        if (address < 0 || size < 0 || size > bytes.length - address) {
            throw outOfBounds(address, size);
        }
    }

    private void mark(int address, int size) {
        if (size > 0) {
            Arrays.fill(cards, address >> CARD_SHIFT, ((address + size - 1) >> CARD_SHIFT) + 1, (byte) 1);
        }
    }

    private static void checkInterrupt() {
        if (Thread.currentThread().isInterrupted()) {
            throw new ChicoryInterruptedException("interrupted in a bulk operation");
        }
    }

    private static WasmRuntimeException outOfBounds(int address, int size) {
        return new WasmRuntimeException("out of bounds memory access: " + Integer.toUnsignedLong(address) + " + "
                + Integer.toUnsignedLong(size));
    }

    // Loads and stores

    @Override
    public byte read(int address) {
        try {
            return bytes[address];
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Byte.BYTES);
        }
    }

    @Override
    public short readShort(int address) {
        try {
            return (short) SHORT.get(bytes, address);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Short.BYTES);
        }
    }

    @Override
    public int readInt(int address) {
        try {
            return (int) INT.get(bytes, address);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Integer.BYTES);
        }
    }

    @Override
    public long readLong(int address) {
        try {
            return (long) LONG.get(bytes, address);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Long.BYTES);
        }
    }

    @Override
    public long readU16(int address) {
        return readShort(address) & 0xffff;
    }

    @Override
    public long readF32(int address) {
        return readInt(address) & 0xffff_ffffL;
    }

    @Override
    public float readFloat(int address) {
        return Float.intBitsToFloat(readInt(address));
    }

    @Override
    public long readF64(int address) {
        return readLong(address);
    }

    @Override
    public double readDouble(int address) {
        return Double.longBitsToDouble(readLong(address));
    }

    @Override
    public void writeByte(int address, byte value) {
        try {
            bytes[address] = value;
            cards[address >> CARD_SHIFT] = 1;
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Byte.BYTES);
        }
    }

    @Override
    public void writeShort(int address, short value) {
        try {
            SHORT.set(bytes, address, value);
            cards[address >> CARD_SHIFT] = 1;
            cards[(address + Short.BYTES - 1) >> CARD_SHIFT] = 1;
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Short.BYTES);
        }
    }

    @Override
    public void writeI32(int address, int value) {
        try {
            INT.set(bytes, address, value);
            cards[address >> CARD_SHIFT] = 1;
            cards[(address + Integer.BYTES - 1) >> CARD_SHIFT] = 1;
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Integer.BYTES);
        }
    }

    @Override
    public void writeLong(int address, long value) {
        try {
            LONG.set(bytes, address, value);
            cards[address >> CARD_SHIFT] = 1;
            cards[(address + Long.BYTES - 1) >> CARD_SHIFT] = 1;
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Long.BYTES);
        }
    }

    @Override
    public void writeF32(int address, float value) {
        writeI32(address, Float.floatToRawIntBits(value));
    }

    @Override
    public void writeF64(int address, double value) {
        writeLong(address, Double.doubleToRawLongBits(value));
    }

    // Atomics: the memory has one thread, so plain accesses are atomic and nobody can ever notify a waiter.

    @Override
    @Deprecated
    @SuppressWarnings({"removal", "InlineMeSuggester"}) // still abstract in the interface
    public Object lock(int address) {
        return this;
    }

    @Override
    @Deprecated
    @SuppressWarnings({"removal", "InlineMeSuggester"})
    public int waitOn(int address, int expected, long timeout) {
        throw new TrapException("expected shared memory");
    }

    @Override
    @Deprecated
    @SuppressWarnings({"removal", "InlineMeSuggester"})
    public int waitOn(int address, long expected, long timeout) {
        throw new TrapException("expected shared memory");
    }

    @Override
    @Deprecated
    @SuppressWarnings({"removal", "InlineMeSuggester"})
    public int notify(int address, int maxThreads) {
        return 0;
    }
}

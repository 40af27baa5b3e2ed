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
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One guest's linear memory: blocks of 4 KiB that all instances share with the image until they are written. */
final class GuestMemory implements Memory {
    /*
     * Bounds: both tables have one entry per block of the memory, so their range check is the WebAssembly one; an address
     * of 2 GiB or more is a block number that no table has. An access across the end of a block goes byte by byte, and a
     * store checks the whole of itself before it changes anything.
     *
     * Sharing: "blocks" holds what is read. "owned" holds the same array where this memory alone has it, and null where the
     * array belongs to the image or is the one block of zeros; the first store to a block copies it. So a new instance costs
     * its two tables, growing costs no memory before it is written, and a restore costs the blocks that were written. A
     * restored memory keeps a few of its own blocks, since most guests write the same ones in every call: the stack, the
     * allocator's records.
     *
     * Growth: many guests have no heap in their image and grow in every call. The tables of one other size are therefore kept
     * beside the ones in use, equal to the image with zeros behind it.
     *
     * Time: one bulk operation looks at the thread's interrupt every few MiB. Compiled code does so only at backward jumps
     * and calls, and a guest may be a long row of memory.fill without either.
     *
     * Segments: instructions name a data segment by its number in the instance that runs, so every instance that shares a
     * memory has a face of it. data.drop writes into the instance's segment array, which the face got at initialisation.
     */
    static final int BLOCK_SHIFT = 12;
    static final int BLOCK_BYTES = 1 << BLOCK_SHIFT;
    private static final int BLOCK_MASK = BLOCK_BYTES - 1;
    private static final int BLOCKS_PER_PAGE = PAGE_SIZE / BLOCK_BYTES;

    private static final int BLOCKS_PER_LOOK = (8 << 20) / BLOCK_BYTES;

    /** Blocks of the image's range that a restored memory still owns. */
    private static final int OWNED_MAX = 6;

    /** Arrays that a restored memory keeps for its next blocks. */
    private static final int KEPT_MAX = 2;

    private static final char REPLACEMENT = '\uFFFD';

    private static final byte[] ZEROS = new byte[BLOCK_BYTES];

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** What a memory is restored to; never written. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Image(byte[][] blocks) {}

    /** What all faces of one memory share beside its tables. */
    private static final class Content {
        private final int initialPages;
        private final int declaredPagesMax;
        private final PageBudget budget;
        private final List<GuestMemory> faces = new ArrayList<>(1);
        private final byte[][] kept = new byte[KEPT_MAX][];
        private @Nullable Image image;
        private int[] written = new int[8]; // numbers of the owned blocks
        private int writtenCount;
        private int keptCount;
        private byte[][] otherBlocks = {};
        private byte[] @Nullable [] otherOwned = {};
        private boolean growthRefused;

        Content(MemoryLimits limits, PageBudget budget, @Nullable Image image) {
            this.initialPages = limits.initialPages();
            this.declaredPagesMax = Math.min(limits.maximumPages(), GuestLimits.MEMORY_PAGES_CEILING);
            this.budget = budget;
            this.image = image;
        }
    }

    private final Content content;
    private byte[][] blocks;
    private byte[] @Nullable [] owned;
    private DataSegment[] segments = {};

    /**
     * With {@code image}, data segments are not applied: the image holds what they wrote.
     *
     * @param budget that the pages of this memory come from
     * @throws LinkException if its first pages are more than that has left
     */
    GuestMemory(MemoryLimits limits, PageBudget budget, @Nullable Image image) {
        this.content = new Content(limits, budget, image);
        content.faces.add(this);
        this.blocks = image == null
                ? zeros(content.initialPages * BLOCKS_PER_PAGE)
                : image.blocks().clone();
        this.owned = new byte[blocks.length][];
        if (!budget.take(pages())) {
            throw new LinkException(
                    "memory",
                    "it starts with " + pages() + " pages of 64 KiB, the guest has " + budget.left() + " left of "
                            + budget.pagesMax());
        }
    }

    private GuestMemory(GuestMemory of) {
        this.content = of.content;
        content.faces.add(this);
        this.blocks = of.blocks;
        this.owned = of.owned;
    }

    /** The same memory for another instance, which has data segments of its own. */
    GuestMemory face() {
        return new GuestMemory(this);
    }

    private static byte[][] zeros(int count) {
        byte[][] zeros = new byte[count][];
        Arrays.fill(zeros, ZEROS);
        return zeros;
    }

    // Image

    /** Makes what this memory holds now its image; from now on it shares all blocks with it. */
    Image takeImage() {
        for (int i = 0; i < content.writtenCount; i++) {
            int block = content.written[i];
            owned[block] = null;
            if (Arrays.equals(blocks[block], ZEROS)) {
                blocks[block] = ZEROS;
            }
        }
        content.writtenCount = 0;
        content.otherBlocks = new byte[0][];
        content.otherOwned = new byte[0][];
        Image taken = new Image(blocks.clone());
        content.image = taken;
        return taken;
    }

    /** Makes this memory equal to {@code to}; costs what was written since the last restore. */
    void restore(Image to) {
        int stillOwned = 0;
        for (int i = 0; i < content.writtenCount; i++) {
            int block = content.written[i];
            byte[] mine = blocks[block];
            if (block < to.blocks().length && stillOwned < OWNED_MAX) {
                System.arraycopy(to.blocks()[block], 0, mine, 0, BLOCK_BYTES);
                content.written[stillOwned++] = block;
                continue;
            }
            if (content.keptCount < KEPT_MAX) {
                content.kept[content.keptCount++] = mine;
            }
            owned[block] = null;
            blocks[block] = shared(to, block);
        }
        content.writtenCount = stillOwned;
        int grown = blocks.length - to.blocks().length;
        if (grown != 0) {
            content.budget.giveBack(grown / BLOCKS_PER_PAGE);
            useTables(to.blocks().length);
        }
        content.growthRefused = false;
    }

    private static byte[] shared(@Nullable Image of, int block) {
        return of == null || block >= of.blocks().length ? ZEROS : of.blocks()[block];
    }

    /** Takes tables of {@code count} entries into use and moves the owned blocks there. None of those is cut off. */
    private void useTables(int count) {
        Image home = content.image;
        byte[][] before = blocks;
        byte[] @Nullable [] ownedBefore = owned;
        byte[][] next = content.otherBlocks;
        byte[] @Nullable [] nextOwned = content.otherOwned;
        if (next.length != count) {
            next = zeros(count);
            if (home != null) {
                System.arraycopy(home.blocks(), 0, next, 0, Math.min(count, home.blocks().length));
            }
            nextOwned = new byte[count][];
        }
        for (int i = 0; i < content.writtenCount; i++) {
            int block = content.written[i];
            next[block] = before[block];
            nextOwned[block] = before[block];
            before[block] = shared(home, block);
            ownedBefore[block] = null;
        }
        content.otherBlocks = before;
        content.otherOwned = ownedBefore;
        for (GuestMemory face : content.faces) {
            face.blocks = next;
            face.owned = nextOwned;
        }
    }

    /** Gives block number {@code block} to this memory alone. */
    private byte[] own(int block) {
        byte[] shared = blocks[block];
        byte[] mine;
        if (content.keptCount > 0) {
            mine = content.kept[--content.keptCount];
            System.arraycopy(shared, 0, mine, 0, BLOCK_BYTES);
        } else {
            mine = shared.clone();
        }
        blocks[block] = mine;
        owned[block] = mine;
        if (content.writtenCount == content.written.length) {
            content.written = Arrays.copyOf(content.written, 2 * content.writtenCount);
        }
        content.written[content.writtenCount++] = block;
        return mine;
    }

    private byte[] writable(int block) {
        byte[] mine = owned[block];
        return mine == null ? own(block) : mine;
    }

    /** Whether {@code memory.grow} was refused by the guest's limit, not by the module's own. */
    boolean growthRefused() {
        return content.growthRefused;
    }

    int pagesMax() {
        return content.budget.pagesMax();
    }

    // Host side

    byte[] hostRead(int address, int length) {
        hostRange(address, length);
        byte[] copy = new byte[length];
        copyOut(address, copy, 0, length);
        return copy;
    }

    void hostRead(int address, byte[] into, int offset, int length) {
        hostRange(address, length);
        copyOut(address, into, offset, length);
    }

    void hostWrite(int address, byte[] from, int offset, int length) {
        hostRange(address, length);
        copyIn(address, from, offset, length);
    }

    byte hostReadByte(int address) {
        hostRange(address, Byte.BYTES);
        return read(address);
    }

    short hostReadShort(int address) {
        hostRange(address, Short.BYTES);
        return readShort(address);
    }

    int hostReadInt(int address) {
        hostRange(address, Integer.BYTES);
        return readInt(address);
    }

    long hostReadLong(int address) {
        hostRange(address, Long.BYTES);
        return readLong(address);
    }

    void hostWriteByte(int address, byte value) {
        hostRange(address, Byte.BYTES);
        writeByte(address, value);
    }

    void hostWriteShort(int address, short value) {
        hostRange(address, Short.BYTES);
        writeShort(address, value);
    }

    void hostWriteInt(int address, int value) {
        hostRange(address, Integer.BYTES);
        writeI32(address, value);
    }

    void hostWriteLong(int address, long value) {
        hostRange(address, Long.BYTES);
        writeLong(address, value);
    }

    /** Copies to a memory that may be another or, without overlap, this one. */
    void hostCopy(GuestMemory to, int address, int toAddress, int length) {
        hostRange(address, length);
        to.hostRange(toAddress, length);
        for (int done = 0; done < length; ) {
            int within = (address + done) & BLOCK_MASK;
            int part = Math.min(length - done, BLOCK_BYTES - within);
            to.copyIn(toAddress + done, blocks[(address + done) >>> BLOCK_SHIFT], within, part);
            done += part;
        }
    }

    /** Null if malformed. */
    @Nullable
    String hostReadUtf8(int address, int length) {
        hostRange(address, length);
        int within = address & BLOCK_MASK;
        byte[] bytes;
        if (length == 0) {
            return "";
        } else if (within + length <= BLOCK_BYTES) {
            bytes = blocks[address >>> BLOCK_SHIFT];
        } else {
            bytes = new byte[length];
            within = 0;
            copyOut(address, bytes, 0, length);
        }
        String text = new String(bytes, within, length, StandardCharsets.UTF_8);
        // The JDK replaces what is malformed; in most texts nothing is, and looking for the replacement costs nothing.
        return text.indexOf(REPLACEMENT) < 0 || isUtf8(bytes, within, length) ? text : null;
    }

    boolean hostIsUtf8(int address, int length) {
        return hostReadUtf8(address, length) != null;
    }

    private static boolean isUtf8(byte[] bytes, int offset, int length) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, offset, length));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    @SuppressWarnings("deprecation") // takes the low byte of each character, which is what is wanted
    void hostWriteLatin1(int address, String text) {
        int length = text.length();
        hostRange(address, length);
        for (int done = 0; done < length; ) {
            int within = (address + done) & BLOCK_MASK;
            int part = Math.min(length - done, BLOCK_BYTES - within);
            text.getBytes(done, done + part, writable((address + done) >>> BLOCK_SHIFT), within);
            done += part;
        }
    }

    void hostReadNumbers(int address, Object array, ValueLayout layout, int count) {
        int size = (int) layout.byteSize();
        hostRange(address, Math.multiplyExact(count, size));
        if (address % size != 0) {
            byte[] bytes = hostRead(address, count * size);
            MemorySegment.copy(MemorySegment.ofArray(bytes), layout, 0, array, 0, count);
            return;
        }
        for (int done = 0; done < count; ) {
            int at = address + done * size;
            int within = at & BLOCK_MASK;
            int part = Math.min(count - done, (BLOCK_BYTES - within) / size);
            MemorySegment.copy(MemorySegment.ofArray(blocks[at >>> BLOCK_SHIFT]), layout, within, array, done, part);
            done += part;
        }
    }

    void hostWriteNumbers(int address, Object array, ValueLayout layout, int count) {
        int size = (int) layout.byteSize();
        hostRange(address, Math.multiplyExact(count, size));
        if (address % size != 0) {
            byte[] bytes = new byte[count * size];
            MemorySegment.copy(array, 0, MemorySegment.ofArray(bytes), layout, 0, count);
            copyIn(address, bytes, 0, bytes.length);
            return;
        }
        for (int done = 0; done < count; ) {
            int at = address + done * size;
            int within = at & BLOCK_MASK;
            int part = Math.min(count - done, (BLOCK_BYTES - within) / size);
            MemorySegment.copy(array, done, MemorySegment.ofArray(writable(at >>> BLOCK_SHIFT)), layout, within, part);
            done += part;
        }
    }

    private void hostRange(int address, int length) {
        if (address < 0 || length < 0 || length > size() - address) {
            throw new GuestMemoryException(address, length, size());
        }
    }

    int size() {
        return blocks.length << BLOCK_SHIFT;
    }

    private void copyOut(int address, byte[] into, int offset, int length) {
        for (int done = 0; done < length; ) {
            int within = (address + done) & BLOCK_MASK;
            int part = Math.min(length - done, BLOCK_BYTES - within);
            System.arraycopy(blocks[(address + done) >>> BLOCK_SHIFT], within, into, offset + done, part);
            done += part;
        }
    }

    private void copyIn(int address, byte[] from, int offset, int length) {
        for (int done = 0; done < length; ) {
            int within = (address + done) & BLOCK_MASK;
            int part = Math.min(length - done, BLOCK_BYTES - within);
            System.arraycopy(from, offset + done, writable((address + done) >>> BLOCK_SHIFT), within, part);
            done += part;
        }
    }

    // Size

    @Override
    public int pages() {
        return blocks.length / BLOCKS_PER_PAGE;
    }

    @Override
    public int grow(int by) {
        checkInterrupt();
        int before = pages();
        long after = before + Integer.toUnsignedLong(by);
        if (after > content.declaredPagesMax) {
            return -1;
        }
        if (by != 0) {
            if (!content.budget.take(by)) {
                content.growthRefused = true;
                return -1;
            }
            try {
                useTables((int) after * BLOCKS_PER_PAGE);
            } catch (OutOfMemoryError e) {
                content.budget.giveBack(by);
                content.growthRefused = true;
                return -1;
            }
        }
        return before;
    }

    @Override
    public int initialPages() {
        return content.initialPages;
    }

    @Override
    public int maximumPages() {
        return content.declaredPagesMax;
    }

    @Override
    public boolean shared() {
        return false;
    }

    // Segments

    /** The data segments that the guest can still drop; empty if there are none, as in most modules. */
    DataSegment[] droppableSegments() {
        boolean droppable = Arrays.stream(segments).anyMatch(segment -> segment.data().length > 0);
        return droppable ? segments.clone() : new DataSegment[0];
    }

    void restoreSegments(DataSegment[] droppable) {
        System.arraycopy(droppable, 0, segments, 0, droppable.length);
    }

    @Override
    public void initialize(Instance instance, DataSegment[] dataSegments) {
        initialize(instance, dataSegments, 0);
    }

    @Override
    public void initialize(Instance instance, DataSegment[] dataSegments, int memoryIndex) {
        segments = dataSegments;
        for (int i = 0; i < segments.length; i++) {
            if (segments[i] instanceof ActiveDataSegment active && active.index() == memoryIndex) {
                if (content.image == null) {
                    int at = (int) ConstantEvaluators.computeConstantValue(instance, active.offsetInstructions())[0];
                    byte[] data = active.data();
                    if (at < 0 || data.length > size() - at) {
                        throw new UninstantiableException("out of bounds memory access");
                    }
                    copyIn(at, data, 0, data.length);
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
        copyIn(to, data, from, size);
    }

    @Override
    public void drop(int segment) {
        segments[segment] = PassiveDataSegment.EMPTY;
    }

    // Bulk

    @Override
    public void zero() {
        // a new memory is zero
    }

    @Override
    public void fill(byte value, int from, int to) {
        int size = to - from;
        range(from, size);
        checkInterrupt();
        int looked = 0;
        for (int done = 0; done < size; ) {
            int within = (from + done) & BLOCK_MASK;
            int part = Math.min(size - done, BLOCK_BYTES - within);
            Arrays.fill(writable((from + done) >>> BLOCK_SHIFT), within, within + part, value);
            done += part;
            if (++looked % BLOCKS_PER_LOOK == 0) {
                checkInterrupt();
            }
        }
        checkInterrupt();
    }

    @Override
    public void copy(int to, int from, int size) {
        range(to, size);
        range(from, size);
        checkInterrupt();
        if (to <= from) {
            copyUpwards(to, from, size);
        } else {
            copyDownwards(to, from, size);
        }
        checkInterrupt();
    }

    private void copyUpwards(int to, int from, int size) {
        int looked = 0;
        for (int done = 0; done < size; ) {
            int withinTo = (to + done) & BLOCK_MASK;
            int withinFrom = (from + done) & BLOCK_MASK;
            int part = Math.min(size - done, BLOCK_BYTES - Math.max(withinTo, withinFrom));
            byte[] target =
                    writable((to + done) >>> BLOCK_SHIFT); // before the source is read: it may be the same block
            System.arraycopy(blocks[(from + done) >>> BLOCK_SHIFT], withinFrom, target, withinTo, part);
            done += part;
            if (++looked % BLOCKS_PER_LOOK == 0) {
                checkInterrupt();
            }
        }
    }

    private void copyDownwards(int to, int from, int size) {
        int looked = 0;
        for (int left = size; left > 0; ) {
            // The last byte of each: how much of its block lies before it.
            int beforeTo = ((to + left - 1) & BLOCK_MASK) + 1;
            int beforeFrom = ((from + left - 1) & BLOCK_MASK) + 1;
            int part = Math.min(left, Math.min(beforeTo, beforeFrom));
            byte[] target = writable((to + left - 1) >>> BLOCK_SHIFT);
            byte[] source = blocks[(from + left - 1) >>> BLOCK_SHIFT];
            System.arraycopy(source, beforeFrom - part, target, beforeTo - part, part);
            left -= part;
            if (++looked % BLOCKS_PER_LOOK == 0) {
                checkInterrupt();
            }
        }
    }

    @Override
    public void write(int address, byte[] data, int offset, int size) {
        range(address, size);
        copyIn(address, data, offset, size);
    }

    @Override
    public byte[] readBytes(int address, int size) {
        range(address, size);
        checkInterrupt(); // a guest copies from memory to memory with it
        byte[] copy = new byte[size];
        copyOut(address, copy, 0, size);
        return copy;
    }

    private void range(int address, int size) {
        if (address < 0 || size < 0 || size > size() - address) {
            throw outOfBounds(address, size);
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
            return blocks[address >>> BLOCK_SHIFT][address & BLOCK_MASK];
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Byte.BYTES);
        }
    }

    @Override
    public short readShort(int address) {
        int within = address & BLOCK_MASK;
        if (within > BLOCK_BYTES - Short.BYTES) {
            return (short) across(address, Short.BYTES);
        }
        try {
            return (short) SHORT.get(blocks[address >>> BLOCK_SHIFT], within);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Short.BYTES);
        }
    }

    @Override
    public int readInt(int address) {
        int within = address & BLOCK_MASK;
        if (within > BLOCK_BYTES - Integer.BYTES) {
            return (int) across(address, Integer.BYTES);
        }
        try {
            return (int) INT.get(blocks[address >>> BLOCK_SHIFT], within);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Integer.BYTES);
        }
    }

    @Override
    public long readLong(int address) {
        int within = address & BLOCK_MASK;
        if (within > BLOCK_BYTES - Long.BYTES) {
            return across(address, Long.BYTES);
        }
        try {
            return (long) LONG.get(blocks[address >>> BLOCK_SHIFT], within);
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
            writable(address >>> BLOCK_SHIFT)[address & BLOCK_MASK] = value;
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Byte.BYTES);
        }
    }

    @Override
    public void writeShort(int address, short value) {
        int within = address & BLOCK_MASK;
        if (within > BLOCK_BYTES - Short.BYTES) {
            writeAcross(address, value, Short.BYTES);
            return;
        }
        try {
            SHORT.set(writable(address >>> BLOCK_SHIFT), within, value);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Short.BYTES);
        }
    }

    @Override
    public void writeI32(int address, int value) {
        int within = address & BLOCK_MASK;
        if (within > BLOCK_BYTES - Integer.BYTES) {
            writeAcross(address, value, Integer.BYTES);
            return;
        }
        try {
            INT.set(writable(address >>> BLOCK_SHIFT), within, value);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Integer.BYTES);
        }
    }

    @Override
    public void writeLong(int address, long value) {
        int within = address & BLOCK_MASK;
        if (within > BLOCK_BYTES - Long.BYTES) {
            writeAcross(address, value, Long.BYTES);
            return;
        }
        try {
            LONG.set(writable(address >>> BLOCK_SHIFT), within, value);
        } catch (IndexOutOfBoundsException e) {
            throw outOfBounds(address, Long.BYTES);
        }
    }

    /** Reads {@code bytes} bytes that two blocks hold. */
    private long across(int address, int bytes) {
        range(address, bytes);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (read(address + i) & 0xffL) << (Byte.SIZE * i);
        }
        return value;
    }

    private void writeAcross(int address, long value, int bytes) {
        range(address, bytes);
        for (int i = 0; i < bytes; i++) {
            writeByte(address + i, (byte) (value >>> (Byte.SIZE * i)));
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

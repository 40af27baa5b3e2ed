package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.ChicoryInterruptedException;
import com.dylibso.chicory.runtime.GlobalInstance;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.wasm.types.Element;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One borrowed instance of a module. Belongs to the borrowing thread until {@link #close}; host functions that the guest
 * calls may use it too. Not for use by two threads at once.
 */
public final class GuestInstance implements AutoCloseable {
    private static final long[] NO_RESULTS = {};

    private final InstancePool pool;
    private final Instance instance;
    private final @Nullable GuestMemory memory;
    private final GuestTable[] tables;
    private final GlobalInstance[] mutableGlobals;
    private final int[] passiveElements;
    private final CallTicket ticket;
    private final GuestOutput output;
    private final long[] twoArgs = new long[2];

    private @Nullable Object attachment;
    private @Nullable Throwable hostFailure;
    private Duration budget = Duration.ZERO;
    private long deadlineNanos;
    private int depth;
    private boolean borrowed;
    private boolean broken;
    private boolean served;
    private boolean reused;

    GuestInstance(
            InstancePool pool,
            Instance instance,
            @Nullable GuestMemory memory,
            GuestTable[] tables,
            GlobalInstance[] mutableGlobals,
            int[] passiveElements,
            CallTicket ticket) {
        this.pool = pool;
        this.instance = instance;
        this.memory = memory;
        this.tables = tables;
        this.mutableGlobals = mutableGlobals;
        this.passiveElements = passiveElements;
        this.ticket = ticket;
        this.output = new GuestOutput(this, pool.limits().outputBytesMax());
    }

    // Calls

    /**
     * Calls an exported function. A host function may call back into the instance that called it; the budget of the
     * outermost call holds for all.
     *
     * <p>After any exception but {@link IllegalArgumentException} the instance is broken: further calls are refused, and
     * {@link #close} discards it.
     *
     * @param args one per parameter, see {@link WasmType}; not kept
     * @return one per result
     * @throws GuestException if the guest ended without a result
     * @throws InterruptedException if this thread was interrupted, not counting interrupts at the end of the budget
     * @throws IllegalArgumentException if there is no such function or it has another number of parameters
     */
    public long[] call(String export, long... args) throws InterruptedException {
        InstancePool.ExportedFunction function = pool.function(export);
        if (function.params() != args.length) {
            throw new IllegalArgumentException(
                    "export " + export + " takes " + function.params() + " arguments, was called with " + args.length);
        }
        return invoke(function.index(), args);
    }

    /** Like {@link #call} for a function {@code (i32, i32) -> i32}. */
    public int callI32(String export, int first, int second) throws InterruptedException {
        InstancePool.ExportedFunction function = pool.function(export);
        if (!function.twoI32ToI32()) {
            throw new IllegalArgumentException("export " + export + " must be (i32, i32) -> i32");
        }
        // Only the outermost call may use the shared array: compiled code unpacks it before anything else runs.
        long[] args = depth == 0 ? twoArgs : new long[2];
        args[0] = first;
        args[1] = second;
        return (int) invoke(function.index(), args)[0];
    }

    long[] invoke(int function, long[] args) throws InterruptedException {
        if (!borrowed || broken) {
            throw new IllegalStateException(
                    borrowed ? "a broken guest instance cannot be called" : "a closed guest instance cannot be called");
        }
        if (depth > 0) {
            return nested(function, args);
        }
        Throwable thrown;
        depth = 1;
        ticket.enter(Thread.currentThread(), deadlineNanos);
        pool.watchdog().entered();
        try {
            long[] results = instance.getMachine().call(function, args);
            ticket.leave();
            depth = 0;
            return results == null ? NO_RESULTS : results;
        } catch (Throwable e) {
            thrown = e;
        }
        broken = true;
        depth = 0;
        boolean timedOut = ticket.leave();
        throw timedOut ? new GuestException(new GuestFailure.TimedOut(budget), cause(thrown)) : failure(thrown);
    }

    private long[] nested(int function, long[] args) throws InterruptedException {
        depth++;
        try {
            long[] results = instance.getMachine().call(function, args);
            return results == null ? NO_RESULTS : results;
        } catch (Throwable e) {
            broken = true;
            throw failure(e);
        } finally {
            depth--;
        }
    }

    /** Remembers that {@code e} came out of a host function, so that {@link #failure} lets it pass. */
    RuntimeException hostThrew(Throwable e) {
        if (!(e instanceof StackOverflowError) && !(e instanceof GuestExit)) {
            hostFailure = e;
        }
        throw InstancePool.<RuntimeException>sneaky(e);
    }

    @SuppressWarnings("ReferenceEquality") // exactly the thrown object
    private RuntimeException failure(Throwable e) throws InterruptedException {
        if (e == hostFailure) {
            if (e instanceof InterruptedException interrupted) {
                throw interrupted;
            }
            throw InstancePool.<RuntimeException>sneaky(e);
        }
        if (e instanceof ChicoryInterruptedException) {
            Thread.interrupted();
            throw new InterruptedException("interrupted while a guest ran");
        }
        return new GuestException(guestFailure(e), null);
    }

    @SuppressWarnings("ReferenceEquality") // exactly the thrown object
    private @Nullable Throwable cause(Throwable e) {
        return e == hostFailure && !(e instanceof InterruptedException) ? e : null;
    }

    private GuestFailure guestFailure(Throwable e) {
        if (e instanceof StackOverflowError || e.getCause() instanceof StackOverflowError) {
            return new GuestFailure.StackExhausted();
        }
        if (e instanceof GuestExit exit) {
            return new GuestFailure.Exited(exit.code());
        }
        String reason = e instanceof com.dylibso.chicory.runtime.WasmException
                ? "uncaught WebAssembly exception"
                : ModuleCompiler.message(e);
        if (memory != null && memory.growthRefused()) {
            return new GuestFailure.MemoryLimitReached(memory.pagesMax(), reason);
        }
        for (GuestTable table : tables) {
            if (table.growthRefused()) {
                return new GuestFailure.TableLimitReached(table.entriesMax(), reason);
            }
        }
        return new GuestFailure.Trapped(reason, pool.trappingFunction(e));
    }

    // Memory

    /** Bytes of the guest's memory; 0 if it has none. */
    public int memoryBytes() {
        return memory == null ? 0 : memory.pages() * com.dylibso.chicory.runtime.Memory.PAGE_SIZE;
    }

    /**
     * A copy of {@code length} bytes at {@code address}.
     *
     * @throws GuestMemoryException if not all of them are inside the guest's memory
     */
    public byte[] read(int address, int length) {
        return memory(address, length).hostRead(address, length);
    }

    /**
     * Copies {@code length} bytes at {@code address} into {@code into} from {@code offset}.
     *
     * @throws GuestMemoryException if not all of them are inside the guest's memory
     */
    public void read(int address, byte[] into, int offset, int length) {
        memory(address, length).hostRead(address, into, offset, length);
    }

    /** {@link #read(int, int)} as UTF-8; what is malformed is replaced. */
    public String readString(int address, int length) {
        return new String(read(address, length), StandardCharsets.UTF_8);
    }

    /**
     * Reads four bytes, little-endian.
     *
     * @throws GuestMemoryException if not all of them are inside the guest's memory
     */
    public int readInt(int address) {
        byte[] bytes = read(address, Integer.BYTES);
        return (bytes[0] & 0xff) | (bytes[1] & 0xff) << 8 | (bytes[2] & 0xff) << 16 | bytes[3] << 24;
    }

    /**
     * Writes all of {@code bytes} at {@code address}, or nothing.
     *
     * @throws GuestMemoryException if not all of them fit inside the guest's memory
     */
    public void write(int address, byte[] bytes) {
        write(address, bytes, 0, bytes.length);
    }

    /**
     * Writes {@code length} bytes from {@code offset} at {@code address}, or nothing.
     *
     * @throws GuestMemoryException if not all of them fit inside the guest's memory
     */
    public void write(int address, byte[] bytes, int offset, int length) {
        memory(address, length).hostWrite(address, bytes, offset, length);
    }

    /**
     * Writes four bytes, little-endian.
     *
     * @throws GuestMemoryException if not all of them fit inside the guest's memory
     */
    public void writeInt(int address, int value) {
        write(address, new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)});
    }

    /**
     * Writes eight bytes, little-endian.
     *
     * @throws GuestMemoryException if not all of them fit inside the guest's memory
     */
    public void writeLong(int address, long value) {
        byte[] bytes = new byte[Long.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (value >> (i * Byte.SIZE));
        }
        write(address, bytes);
    }

    private GuestMemory memory(int address, int length) {
        if (!borrowed) {
            throw new IllegalStateException("the memory of a closed guest instance belongs to the next borrower");
        }
        if (memory == null) {
            throw new GuestMemoryException(address, length, 0);
        }
        return memory;
    }

    // Context

    /**
     * What the borrower attached for its host functions.
     *
     * @throws IllegalStateException if nothing of this type is attached
     */
    public <T> T attachment(Class<T> type) {
        Object attached = attachment;
        if (!type.isInstance(attached)) {
            throw new IllegalStateException("a " + type.getName() + " must be attached to the guest instance, was "
                    + (attached == null ? "nothing" : attached.getClass().getName()));
        }
        return type.cast(attached);
    }

    /** The attachment, if one of this type is there. */
    public <T> Optional<T> findAttachment(Class<T> type) {
        return type.isInstance(attachment) ? Optional.of(type.cast(attachment)) : Optional.empty();
    }

    /** Replaces the attachment until {@link #close}. */
    public void attach(Object newAttachment) {
        attachment = newAttachment;
    }

    /** Whether this instance served another borrower before; for metrics. */
    public boolean reused() {
        return reused;
    }

    /** The time left of the budget; negative once it is over. */
    public Duration timeLeft() {
        return Duration.ofNanos(deadlineNanos - System.nanoTime());
    }

    /** The module's memory and globals must not be relied on any more; {@link #close} will discard this instance. */
    public void discard() {
        broken = true;
    }

    /** Gives the instance back. Its state is restored, unless the pool shares it; a broken one is discarded. */
    @Override
    public void close() {
        if (!borrowed) {
            return;
        }
        if (depth > 0) {
            throw new IllegalStateException("a guest instance cannot be closed from inside its own call");
        }
        output.end();
        borrowed = false;
        attachment = null;
        hostFailure = null;
        pool.giveBack(this);
    }

    GuestOutput output() {
        return output;
    }

    // For the pool

    void lend(@Nullable Object newAttachment, Duration newBudget, long deadline) {
        attachment = newAttachment;
        budget = newBudget;
        deadlineNanos = deadline;
        reused = served;
        served = true;
        borrowed = true;
    }

    /** Calls an initialising export; leaving it through {@code proc_exit(0)} is a normal end. */
    void initialise(int function) throws InterruptedException {
        try {
            invoke(function, new long[0]);
        } catch (GuestException e) {
            if (!(e.failure() instanceof GuestFailure.Exited(int code)) || code != 0) {
                throw e;
            }
            broken = false;
        }
    }

    void endInitialisation() {
        output.end();
        served = false;
        borrowed = false;
        attachment = null;
    }

    boolean broken() {
        return broken;
    }

    CallTicket ticket() {
        return ticket;
    }

    boolean ticketFired() {
        return ticket.fired();
    }

    GuestImage takeImage() {
        long[] globals = new long[mutableGlobals.length * 2];
        for (int i = 0; i < mutableGlobals.length; i++) {
            globals[2 * i] = mutableGlobals[i].getValueLow();
            globals[2 * i + 1] = mutableGlobals[i].getValueHigh();
        }
        int[][] entries = new int[tables.length][];
        for (int i = 0; i < tables.length; i++) {
            entries[i] = tables[i].takeImage();
        }
        @Nullable Element[] elements = new @Nullable Element[passiveElements.length];
        for (int i = 0; i < passiveElements.length; i++) {
            elements[i] = instance.element(passiveElements[i]);
        }
        return new GuestImage(memory == null ? null : memory.takeImage(), globals, entries, elements);
    }

    @SuppressWarnings("NullAway") // a dropped element segment is null in the runtime
    void restore(GuestImage image) {
        if (memory != null && image.memory() != null) {
            memory.restore(image.memory());
        }
        for (int i = 0; i < mutableGlobals.length; i++) {
            mutableGlobals[i].setValueLow(image.globals()[2 * i]);
            mutableGlobals[i].setValueHigh(image.globals()[2 * i + 1]);
        }
        for (int i = 0; i < tables.length; i++) {
            tables[i].restore(image.tables()[i]);
        }
        for (int i = 0; i < passiveElements.length; i++) {
            instance.setElement(passiveElements[i], image.elements()[i]);
        }
    }
}

package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.Machine;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One borrowed instance of a module. Belongs to the borrowing thread until {@link #close}; host functions that the guest
 * calls may use it too. Not for use by two threads at once.
 */
public final class GuestInstance implements AutoCloseable {
    private final InstancePool pool;
    private final InstanceState state;
    private final CallGuard guard;
    private final Machine machine;
    private final @Nullable GuestMemory memory;
    private final GuestOutput output;
    private final long[] twoArgs = new long[2];

    private @Nullable Object attachment;
    private boolean served;
    private boolean reused;

    GuestInstance(InstancePool pool, InstanceState state, Watchdog watchdog) {
        this.pool = pool;
        this.state = state;
        this.machine = state.instance().getMachine();
        this.memory = state.memory();
        this.output = new GuestOutput(this, pool.limits().outputBytesMax());
        this.guard = new CallGuard(watchdog, (reason, e) -> state.limitReached(reason)
                .orElseGet(() -> new GuestFailure.Trapped(reason, pool.trappingFunction(e))));
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
        long[] args = guard.outermost() ? twoArgs : new long[2];
        args[0] = first;
        args[1] = second;
        return (int) invoke(function.index(), args)[0];
    }

    long[] invoke(int function, long[] args) throws InterruptedException {
        return guard.call(machine, function, args);
    }

    CallGuard guard() {
        return guard;
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
        if (!guard.lent()) {
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
        return guard.timeLeft();
    }

    /** The module's memory and globals must not be relied on any more; {@link #close} will discard this instance. */
    public void discard() {
        guard.breakNow();
    }

    /** Gives the instance back. Its state is restored, unless the pool shares it; a broken one is discarded. */
    @Override
    public void close() {
        if (!guard.lent()) {
            return;
        }
        guard.takeBack();
        output.end();
        attachment = null;
        pool.giveBack(this);
    }

    GuestOutput output() {
        return output;
    }

    // For the pool

    void lend(@Nullable Object newAttachment, Duration newBudget, long deadline) {
        attachment = newAttachment;
        reused = served;
        served = true;
        guard.lend(newBudget, deadline);
    }

    /** Calls an initialising export; leaving it through {@code proc_exit(0)} is a normal end. */
    void initialise(int function) throws InterruptedException {
        try {
            invoke(function, new long[0]);
        } catch (GuestException e) {
            if (!(e.failure() instanceof GuestFailure.Exited(int code)) || code != 0) {
                throw e;
            }
            guard.mend();
        }
    }

    void endInitialisation() {
        output.end();
        served = false;
        guard.takeBack();
        attachment = null;
    }

    boolean broken() {
        return guard.broken();
    }

    void forget() {
        guard.forget();
    }

    InstanceState.Image takeImage() {
        return state.takeImage();
    }

    void restore(InstanceState.Image image) {
        state.restore(image);
    }
}

package dev.trellis.host.component;

import dev.trellis.host.engine.CoreFunction;
import dev.trellis.host.engine.CoreMemory;
import dev.trellis.host.engine.GuestException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One set of canonical options of one component instance: where values are read from and written to. Belongs to the
 * thread that uses the instance.
 */
final class GuestSide {
    /** What sides of all instances have in common. */
    record Definition(
            int frame,
            Canon.StringEncoding encoding,
            @Nullable CoreReference memory,
            @Nullable CoreReference realloc) {}

    /** A string or list takes less than this. */
    static final long BYTES_MAX = (1L << 28) - 1;

    final ComponentInstance instance;
    final FrameState frame;
    final Canon.StringEncoding encoding;
    private final @Nullable CoreMemory memory;
    private final @Nullable CoreFunction realloc;

    /** The call that values are lowered for. */
    private @Nullable ComponentTask task;
    /** What the call that values are lifted for has borrowed. */
    private @Nullable List<Handle> lent;

    GuestSide(
            ComponentInstance instance,
            FrameState frame,
            Canon.StringEncoding encoding,
            @Nullable CoreMemory memory,
            @Nullable CoreFunction realloc) {
        this.instance = instance;
        this.frame = frame;
        this.encoding = encoding;
        this.memory = memory;
        this.realloc = realloc;
    }

    CoreMemory memory() {
        CoreMemory known = memory;
        if (known == null) {
            throw new IllegalStateException("validation lets no function use memory without the option");
        }
        return known;
    }

    // ---- borrowing

    void lowerFor(ComponentTask call) {
        task = call;
    }

    ComponentTask task() {
        ComponentTask known = task;
        if (known == null) {
            throw new IllegalStateException("validation lets only parameters be borrowed");
        }
        return known;
    }

    void lend(Handle handle) {
        List<Handle> all = lent;
        if (all == null) {
            all = new ArrayList<>(2);
            lent = all;
        }
        handle.lends++;
        all.add(handle);
    }

    /** What was lent since the last time, for {@link #giveBack}. */
    @Nullable
    List<Handle> takeLent() {
        List<Handle> taken = lent;
        lent = null;
        return taken;
    }

    static void giveBack(@Nullable List<Handle> lent) {
        if (lent != null) {
            for (Handle handle : lent) {
                handle.lends--;
            }
        }
    }

    // ---- memory

    /** A new piece of memory, checked. */
    int allocate(long bytes, int alignment) throws InterruptedException {
        return reallocate(0, 0, alignment, bytes);
    }

    /** As the guest's {@code realloc} gives it, checked for the alignment and for lying in memory. */
    int reallocate(int old, long oldBytes, int alignment, long bytes) throws InterruptedException {
        return reallocate(old, oldBytes, alignment, bytes, alignment);
    }

    int reallocate(int old, long oldBytes, int alignment, long bytes, int alignmentChecked)
            throws InterruptedException {
        CoreFunction function = realloc;
        if (function == null) {
            throw new IllegalStateException("validation lets no function allocate memory without the option");
        }
        ComponentTask running = instance.running;
        instance.running = null;
        frame.mayLeave = false;
        int address = (int) function.call(old & U32, oldBytes, alignment, bytes)[0];
        frame.mayLeave = true;
        instance.running = running;
        if ((address & (alignmentChecked - 1)) != 0) {
            throw GuestException.trapped("unaligned pointer: realloc return: result not aligned, "
                    + Integer.toUnsignedString(address) + " is no multiple of " + alignmentChecked);
        }
        if ((address & U32) + bytes > memory().size()) {
            throw GuestException.trapped("realloc return: beyond end of memory, " + Integer.toUnsignedString(address)
                    + " + " + bytes + " of " + memory().size() + " bytes");
        }
        return address;
    }

    /** @throws GuestException if an address from the guest does not point to {@code bytes} bytes, aligned */
    void check(int address, long bytes, int alignment, String what) {
        if ((address & (alignment - 1)) != 0) {
            throw GuestException.trapped("unaligned pointer: " + what + " at " + Integer.toUnsignedString(address)
                    + ", which is no multiple of " + alignment);
        }
        if ((address & U32) + bytes > memory().size()) {
            throw GuestException.trapped(what + " pointer/length out of bounds of memory: "
                    + Integer.toUnsignedString(address) + " + " + bytes + " of " + memory().size() + " bytes");
        }
        instance.worked(bytes);
    }

    /** The bytes of a string or list of a length from the guest. */
    static long bytes(int length, int size, String what) {
        long bytes = (length & U32) * size;
        if (bytes > BYTES_MAX) {
            throw GuestException.trapped(what + " is at most " + BYTES_MAX + " bytes long, this one " + bytes);
        }
        return bytes;
    }

    static final long U32 = 0xffff_ffffL;
}

package dev.trellis.host.component;

import dev.trellis.host.engine.GuestException;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The handles that one instance of a component holds, by the numbers that its guests know them under. */
final class HandleTable {
    /**
     * The handles of all tables of an instance; more make the guest trap. The specification allows 2^28 - 1 in each table;
     * every one costs memory of the host.
     */
    static final int HANDLES_MAX = 1 << 18;

    /** What the tables of one instance hold together. */
    static final class Total {
        private int handles;
    }

    private static final @Nullable Handle[] NONE = {};
    private static final int[] NO_FREE = {};

    private final Total total;
    private @Nullable Handle[] entries = NONE;
    private int[] free = NO_FREE;
    private int used = 1; // number 0 is no handle
    private int freeCount;

    HandleTable(Total total) {
        this.total = total;
    }

    /** Gives {@code handle} a number: the one that became free last, else the next. */
    int add(Handle handle) {
        if (total.handles >= HANDLES_MAX) {
            throw GuestException.trapped("the component instances of one instance hold at most " + HANDLES_MAX
                    + " handles together, these are more");
        }
        total.handles++;
        if (freeCount > 0) {
            int number = free[--freeCount];
            entries[number] = handle;
            return number;
        }
        if (used >= entries.length) {
            entries = Arrays.copyOf(entries, Math.max(8, 2 * used));
        }
        entries[used] = handle;
        return used++;
    }

    /** @throws GuestException if the number is of no handle, or of one to another resource */
    Handle get(int number, ResourceDefinition expected) {
        @Nullable Handle[] all = entries;
        Handle handle = number > 0 && number < used ? all[number] : null;
        if (handle == null) {
            throw GuestException.trapped("unknown handle index " + Integer.toUnsignedString(number));
        }
        if (handle.resource != expected) {
            throw GuestException.trapped("handle index " + number + " used with the wrong type, expected " + expected
                    + " but found " + handle.resource);
        }
        return handle;
    }

    /** @throws GuestException as {@link #get}, or if the resource is lent to a call under way */
    Handle remove(int number, ResourceDefinition expected) {
        Handle handle = get(number, expected);
        if (handle.lends != 0) {
            throw GuestException.trapped(
                    "cannot remove owned resource while borrowed: handle index " + number + " of " + expected);
        }
        entries[number] = null;
        total.handles--;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, Math.max(8, 2 * freeCount));
        }
        free[freeCount++] = number;
        return handle;
    }

    boolean isEmpty() {
        return used - 1 == freeCount;
    }

    /** Forgets all handles, as in a new table; {@code each} gets those that were left. */
    void clear(Consumer<Handle> each) {
        @Nullable Handle[] left = entries;
        int count = isEmpty() ? 0 : used;
        total.handles -= used - 1 - freeCount;
        entries = NONE;
        free = NO_FREE;
        used = 1;
        freeCount = 0;
        for (int i = 1; i < count; i++) {
            Handle handle = left[i];
            if (handle != null) {
                each.accept(handle);
            }
        }
    }
}

package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.ChicoryInterruptedException;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.TableInstance;
import com.dylibso.chicory.runtime.WasmRuntimeException;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.types.Table;
import com.dylibso.chicory.wasm.types.TableLimits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One guest's table, with limits of its own: the runtime's table writes its growth into the module that instances share. */
final class GuestTable extends TableInstance {
    /*
     * Guests have one module, so an entry never belongs to another instance and instance() may always be null, which the
     * runtime reads as "the caller's own". That also makes the runtime's table.copy right, which looks up the source
     * entry's owner at the target's index.
     *
     * The interrupt is checked in size() because every bulk table instruction asks for it once, and bulk work in straight
     * code has no other place.
     */
    private static final int NULL = -1;

    private final int declaredMax;
    private final int entriesMax;
    private int[] entries;
    private boolean written;
    private boolean growthRefused;

    GuestTable(Table table, int initialValue, int entriesMax) {
        super(new Table(table.elementType(), new TableLimits(0, 0)), initialValue);
        this.declaredMax = (int) Math.min(table.limits().max(), TableLimits.LIMIT_MAX);
        this.entriesMax = Math.min(entriesMax, declaredMax);
        this.entries = new int[(int) table.limits().min()];
        Arrays.fill(entries, initialValue);
    }

    int[] takeImage() {
        written = false;
        return entries.clone();
    }

    void restore(int[] image) {
        if (written) {
            written = false;
            if (entries.length == image.length) {
                System.arraycopy(image, 0, entries, 0, image.length);
            } else {
                entries = image.clone();
            }
        }
        growthRefused = false;
    }

    boolean growthRefused() {
        return growthRefused;
    }

    int entriesMax() {
        return entriesMax;
    }

    @Override
    public int size() {
        if (Thread.currentThread().isInterrupted()) {
            throw new ChicoryInterruptedException("interrupted in a table operation");
        }
        return entries.length;
    }

    @Override
    public TableLimits limits() {
        return new TableLimits(entries.length, Math.max(entries.length, entriesMax));
    }

    @Override
    public int grow(int by, int value, @Nullable Instance owner) {
        int before = size();
        long after = before + Integer.toUnsignedLong(by);
        if (after > entriesMax) {
            growthRefused |= after <= declaredMax;
            return -1;
        }
        if (by != 0) {
            int[] grown = Arrays.copyOf(entries, (int) after);
            Arrays.fill(grown, before, grown.length, value);
            entries = grown;
            written = true;
        }
        return before;
    }

    @Override
    public int ref(int index) {
        if (index < 0 || index >= entries.length) {
            throw new ChicoryException("undefined element");
        }
        return entries[index];
    }

    @Override
    public int requiredRef(int index) {
        int entry = ref(index);
        if (entry == NULL) {
            throw new ChicoryException("uninitialized element " + index);
        }
        return entry;
    }

    @Override
    public void setRef(int index, int value, @Nullable Instance owner) {
        if (index < 0 || index >= entries.length) {
            throw new WasmRuntimeException("out of bounds table access");
        }
        entries[index] = value;
        written = true;
    }

    @Override
    @SuppressWarnings("NullAway") // the runtime reads null as the calling instance; its own table returns it too
    public Instance instance(int index) {
        return null;
    }

    @Override
    public void reset() {
        Arrays.fill(entries, NULL);
        written = true;
    }
}

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

/** A guest's table as one of its instances sees it, with limits of its own. */
final class GuestTable extends TableInstance {
    /*
     * The runtime keeps an entry as a function number and the instance that it counts in, and gets three things wrong: it
     * writes growth into the module that all instances share; it compares the type of a function of another instance by the
     * caller's type number; and table.get, table.set and table.copy lose the owner. So entries are kept here, as numbers
     * that mean the same in the whole store (StoreFunctions), and every instance has a face of its own that translates: its
     * own functions by their number, those of others by what StoreFunctions offers.
     *
     * The interrupt is checked in size() because every bulk table instruction asks for it once, and bulk work in straight
     * code has no other place.
     */
    private static final int NULL = -1;

    /** What all faces of one table share. */
    private static final class Content {
        private final Table declared;
        private final int declaredMax;
        private final int entriesMax;
        private long[] entries;
        private boolean written;
        private boolean growthRefused;

        Content(Table declared, int entriesMax) {
            this.declared = declared;
            this.declaredMax = (int) Math.min(declared.limits().max(), TableLimits.LIMIT_MAX);
            this.entriesMax = Math.min(entriesMax, declaredMax);
            this.entries = new long[(int) declared.limits().min()];
        }
    }

    private final Content content;
    private final StoreFunctions functions;

    GuestTable(Table table, int initialValue, int entriesMax, StoreFunctions functions) {
        super(new Table(table.elementType(), new TableLimits(0, 0)), initialValue);
        this.content = new Content(table, entriesMax);
        this.functions = functions;
        Arrays.fill(content.entries, functions.toStore(initialValue));
    }

    private GuestTable(GuestTable of, StoreFunctions functions) {
        super(new Table(of.elementType(), new TableLimits(0, 0)), NULL);
        this.content = of.content;
        this.functions = functions;
    }

    /** The same table for another instance. */
    GuestTable face(StoreFunctions ofInstance) {
        return new GuestTable(this, ofInstance);
    }

    long[] takeImage() {
        content.written = false;
        return content.entries.clone();
    }

    void restore(long[] image) {
        if (content.written) {
            content.written = false;
            if (content.entries.length == image.length) {
                System.arraycopy(image, 0, content.entries, 0, image.length);
            } else {
                content.entries = image.clone();
            }
        }
        content.growthRefused = false;
    }

    boolean growthRefused() {
        return content.growthRefused;
    }

    int entriesMax() {
        return content.entriesMax;
    }

    @Override
    public int size() {
        if (Thread.currentThread().isInterrupted()) {
            throw new ChicoryInterruptedException("interrupted in a table operation");
        }
        return content.entries.length;
    }

    @Override
    public TableLimits limits() {
        int size = content.entries.length;
        return new TableLimits(size, Math.max(size, content.declared.limits().max()));
    }

    @Override
    public int grow(int by, int value, @Nullable Instance owner) {
        int before = size();
        long after = before + Integer.toUnsignedLong(by);
        if (after > content.entriesMax) {
            content.growthRefused |= after <= content.declaredMax;
            return -1;
        }
        if (by != 0) {
            long[] grown = Arrays.copyOf(content.entries, (int) after);
            Arrays.fill(grown, before, grown.length, functions.toStore(value));
            content.entries = grown;
            content.written = true;
        }
        return before;
    }

    @Override
    public int ref(int index) {
        return functions.fromStore(entry(index));
    }

    @Override
    public int requiredRef(int index) {
        long entry = entry(index);
        if (entry == NULL) {
            throw new ChicoryException("uninitialized element " + index);
        }
        return functions.owns(entry) ? (int) entry : functions.foreignType(entry);
    }

    /** Null, which the runtime reads as "the caller's own", or who stands for the owner of the entry. */
    @Override
    @SuppressWarnings("NullAway")
    public Instance instance(int index) {
        long[] entries = content.entries;
        // table.copy asks for the source's owner at the target's index, which the source may not have.
        if (index < 0 || index >= entries.length || entries[index] == NULL || functions.owns(entries[index])) {
            return null;
        }
        return functions.foreignCaller(entries[index]);
    }

    private long entry(int index) {
        long[] entries = content.entries;
        if (index < 0 || index >= entries.length) {
            throw new ChicoryException("undefined element");
        }
        return entries[index];
    }

    @Override
    public void setRef(int index, int value, @Nullable Instance owner) {
        if (index < 0 || index >= content.entries.length) {
            throw new WasmRuntimeException("out of bounds table access");
        }
        content.entries[index] = functions.toStore(value);
        content.written = true;
    }

    @Override
    public void reset() {
        Arrays.fill(content.entries, NULL);
        content.written = true;
    }
}

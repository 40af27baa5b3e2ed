package dev.trellis.host.component;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Records, tuples, and the parameters of a function where they pass through memory. In Java a List of the fields. */
final class RecordCodec extends Codec {
    private final Codec[] fields;
    private final int[] offsets;
    private final int[] at;

    RecordCodec(Layout layout, List<Codec> fields) {
        super(layout);
        this.fields = fields.toArray(Codec[]::new);
        this.offsets = new int[this.fields.length];
        this.at = new int[this.fields.length];
        int offset = 0;
        int slot = 0;
        for (int i = 0; i < this.fields.length; i++) {
            Codec field = this.fields[i];
            offset = (offset + field.alignment - 1) & -field.alignment;
            offsets[i] = offset;
            at[i] = slot;
            offset += field.size;
            slot += field.slots;
        }
    }

    @Nullable
    Object[] loadFields(GuestSide from, int address) {
        @Nullable Object[] values = new @Nullable Object[fields.length];
        for (int i = 0; i < fields.length; i++) {
            values[i] = fields[i].load(from, address + offsets[i]);
        }
        return values;
    }

    @Nullable
    Object[] liftFields(GuestSide from, long[] flat, int first) {
        @Nullable Object[] values = new @Nullable Object[fields.length];
        for (int i = 0; i < fields.length; i++) {
            values[i] = fields[i].lift(from, flat, first + at[i]);
        }
        return values;
    }

    void storeFields(GuestSide to, @Nullable Object[] values, int address) throws InterruptedException {
        for (int i = 0; i < fields.length; i++) {
            fields[i].store(to, values[i], address + offsets[i]);
        }
    }

    void lowerFields(GuestSide to, @Nullable Object[] values, long[] flat, int first) throws InterruptedException {
        for (int i = 0; i < fields.length; i++) {
            fields[i].lower(to, values[i], flat, first + at[i]);
        }
    }

    @Override
    Object lift(GuestSide from, long[] flat, int first) {
        return Arrays.asList(liftFields(from, flat, first));
    }

    @Override
    Object load(GuestSide from, int address) {
        from.instance.lifted(ComponentInstance.OBJECT_BYTES * fields.length);
        return Arrays.asList(loadFields(from, address));
    }

    @Override
    void lower(GuestSide to, @Nullable Object value, long[] flat, int first) throws InterruptedException {
        List<?> list = list(value);
        for (int i = 0; i < fields.length; i++) {
            fields[i].lower(to, list.get(i), flat, first + at[i]);
        }
    }

    @Override
    void store(GuestSide to, @Nullable Object value, int address) throws InterruptedException {
        List<?> list = list(value);
        for (int i = 0; i < fields.length; i++) {
            fields[i].store(to, list.get(i), address + offsets[i]);
        }
    }

    @Override
    void pass(GuestSide from, long[] flat, int first, GuestSide to, long[] out, int outFirst)
            throws InterruptedException {
        for (int i = 0; i < fields.length; i++) {
            fields[i].pass(from, flat, first + at[i], to, out, outFirst + at[i]);
        }
    }

    @Override
    void copy(GuestSide from, int address, GuestSide to, int toAddress) throws InterruptedException {
        from.instance.worked(fields.length * (ComponentInstance.OBJECT_BYTES / 4));
        for (int i = 0; i < fields.length; i++) {
            fields[i].copy(from, address + offsets[i], to, toAddress + offsets[i]);
        }
    }

    private List<?> list(@Nullable Object value) {
        if (value instanceof List<?> list && list.size() == fields.length) {
            return list;
        }
        throw refused(value);
    }

    @Override
    String expected() {
        return "a List of " + fields.length + " elements for a record or tuple";
    }
}

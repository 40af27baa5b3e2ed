package dev.trellis.host.component;

import dev.trellis.host.engine.CoreMemory;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lists of variable length. */
abstract class ListCodec extends Codec {
    final Codec element;

    ListCodec(Codec element) {
        super(Layout.POINTER_AND_LENGTH);
        this.element = element;
    }

    /** @param address checked for all elements */
    abstract Object read(GuestSide from, int address, int count);

    abstract int count(@Nullable Object value);

    /** @param value counted before; {@code address} is checked for all elements */
    abstract void write(GuestSide to, Object value, int address) throws InterruptedException;

    void move(GuestSide from, int address, GuestSide to, int toAddress, int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            element.copy(from, address + i * element.size, to, toAddress + i * element.size);
        }
    }

    @Override
    final Object lift(GuestSide from, long[] flat, int at) {
        return fromRange(from, (int) flat[at], (int) flat[at + 1]);
    }

    @Override
    final Object load(GuestSide from, int address) {
        return fromRange(from, from.memory().readInt(address), from.memory().readInt(address + 4));
    }

    private Object fromRange(GuestSide from, int address, int count) {
        check(from, address, count);
        return read(from, address, count);
    }

    private void check(GuestSide from, int address, int count) {
        from.check(address, GuestSide.bytes(count, element.size, "list"), element.alignment, "list content");
    }

    @Override
    final void lower(GuestSide to, @Nullable Object value, long[] flat, int at) throws InterruptedException {
        int count = count(value);
        flat[at] = toRange(to, value, count) & GuestSide.U32;
        flat[at + 1] = count;
    }

    @Override
    final void store(GuestSide to, @Nullable Object value, int address) throws InterruptedException {
        int count = count(value);
        put(to, toRange(to, value, count), count, address);
    }

    private int toRange(GuestSide to, @Nullable Object value, int count) throws InterruptedException {
        long bytes = (long) count * element.size;
        if (bytes > GuestSide.BYTES_MAX || value == null) {
            throw new IllegalArgumentException(
                    "a list for a guest is at most " + GuestSide.BYTES_MAX + " bytes long, this one " + bytes);
        }
        int address = to.allocate(bytes, element.alignment);
        write(to, value, address);
        return address;
    }

    @Override
    final void pass(GuestSide from, long[] flat, int at, GuestSide to, long[] out, int outAt)
            throws InterruptedException {
        int count = (int) flat[at + 1];
        out[outAt] = across(from, (int) flat[at], to, count) & GuestSide.U32;
        out[outAt + 1] = count;
    }

    @Override
    final void copy(GuestSide from, int address, GuestSide to, int toAddress) throws InterruptedException {
        int count = from.memory().readInt(address + 4);
        put(to, across(from, from.memory().readInt(address), to, count), count, toAddress);
    }

    private int across(GuestSide from, int address, GuestSide to, int count) throws InterruptedException {
        check(from, address, count);
        int toAddress = to.allocate((long) count * element.size, element.alignment);
        if (element.plain()) {
            from.memory().copyTo(to.memory(), address, toAddress, count * element.size);
        } else {
            move(from, address, to, toAddress, count);
        }
        return toAddress;
    }

    private static void put(GuestSide to, int address, int count, int at) {
        to.memory().writeInt(at, address);
        to.memory().writeInt(at + 4, count);
    }

    static ListCodec of(ValueType type, Codec element) {
        if (type instanceof PrimitiveType primitive) {
            switch (primitive) {
                case S8, U8 -> {
                    return new Bytes(element);
                }
                case S16, U16 -> {
                    return new Numbers(element, short[].class, ValueLayout.JAVA_SHORT_UNALIGNED);
                }
                case S32, U32 -> {
                    return new Numbers(element, int[].class, ValueLayout.JAVA_INT_UNALIGNED);
                }
                case S64, U64 -> {
                    return new Numbers(element, long[].class, ValueLayout.JAVA_LONG_UNALIGNED);
                }
                case F32 -> {
                    return new Numbers(element, float[].class, ValueLayout.JAVA_FLOAT_UNALIGNED);
                }
                case F64 -> {
                    return new Numbers(element, double[].class, ValueLayout.JAVA_DOUBLE_UNALIGNED);
                }
                case BOOL, CHAR, STRING, ERROR_CONTEXT -> {
                    // They are objects in Java.
                }
            }
        }
        return new Objects(element);
    }

    /** In Java a byte[]. */
    private static final class Bytes extends ListCodec {
        Bytes(Codec element) {
            super(element);
        }

        @Override
        Object read(GuestSide from, int address, int count) {
            from.instance.lifted(count);
            return from.memory().read(address, count);
        }

        @Override
        int count(@Nullable Object value) {
            if (value instanceof byte[] bytes) {
                return bytes.length;
            }
            throw refused(value);
        }

        @Override
        void write(GuestSide to, Object value, int address) {
            byte[] bytes = (byte[]) value;
            to.memory().write(address, bytes, 0, bytes.length);
        }

        @Override
        String expected() {
            return "a byte[] for a list of 8-bit integers";
        }
    }

    /** In Java a primitive array; unsigned numbers are there as bits. */
    private static final class Numbers extends ListCodec {
        private final Class<?> array;
        private final ValueLayout layout;

        Numbers(Codec element, Class<?> array, ValueLayout layout) {
            super(element);
            this.array = array;
            this.layout = layout.withOrder(ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        Object read(GuestSide from, int address, int count) {
            from.instance.lifted((long) count * element.size);
            Object numbers = Array.newInstance(array.componentType(), count);
            from.memory().readNumbers(address, numbers, layout, count);
            return numbers;
        }

        @Override
        int count(@Nullable Object value) {
            if (!array.isInstance(value)) {
                throw refused(value);
            }
            return Array.getLength(value);
        }

        @Override
        void write(GuestSide to, Object value, int address) {
            CoreMemory memory = to.memory();
            memory.writeNumbers(address, value, layout, Array.getLength(value));
        }

        @Override
        String expected() {
            return "a " + array.getSimpleName() + " for a list of numbers of this size";
        }
    }

    /** In Java a List of the elements. */
    private static final class Objects extends ListCodec {
        Objects(Codec element) {
            super(element);
        }

        @Override
        Object read(GuestSide from, int address, int count) {
            return elements(element, from, address, count);
        }

        @Override
        int count(@Nullable Object value) {
            if (value instanceof List<?> list) {
                return list.size();
            }
            throw refused(value);
        }

        @Override
        void write(GuestSide to, Object value, int address) throws InterruptedException {
            int at = address;
            for (Object one : (List<?>) value) {
                element.store(to, one, at);
                at += element.size;
            }
        }

        @Override
        void move(GuestSide from, int address, GuestSide to, int toAddress, int count) throws InterruptedException {
            for (int i = 0; i < count; i++) {
                from.instance.worked(ComponentInstance.OBJECT_BYTES);
                element.copy(from, address + i * element.size, to, toAddress + i * element.size);
            }
        }

        @Override
        String expected() {
            return "a List for list";
        }
    }

    private static List<@Nullable Object> elements(Codec element, GuestSide from, int address, int count) {
        from.instance.lifted(count * ComponentInstance.OBJECT_BYTES);
        @Nullable Object[] values = new @Nullable Object[count];
        for (int i = 0; i < count; i++) {
            values[i] = element.load(from, address + i * element.size);
        }
        return Arrays.asList(values);
    }

    /** A list of fixed length: its elements one after the other. In Java a List. */
    static final class Fixed extends Codec {
        private final Codec element;
        private final int length;

        Fixed(Layout layout, Codec element, int length) {
            super(layout);
            this.element = element;
            this.length = length;
        }

        @Override
        Object lift(GuestSide from, long[] flat, int at) {
            @Nullable Object[] values = new @Nullable Object[length];
            for (int i = 0; i < length; i++) {
                values[i] = element.lift(from, flat, at + i * element.slots);
            }
            return Arrays.asList(values);
        }

        @Override
        void lower(GuestSide to, @Nullable Object value, long[] flat, int at) throws InterruptedException {
            int slot = at;
            for (Object one : list(value)) {
                element.lower(to, one, flat, slot);
                slot += element.slots;
            }
        }

        @Override
        Object load(GuestSide from, int address) {
            return elements(element, from, address, length);
        }

        @Override
        void store(GuestSide to, @Nullable Object value, int address) throws InterruptedException {
            int at = address;
            for (Object one : list(value)) {
                element.store(to, one, at);
                at += element.size;
            }
        }

        @Override
        void pass(GuestSide from, long[] flat, int at, GuestSide to, long[] out, int outAt)
                throws InterruptedException {
            for (int i = 0; i < length; i++) {
                element.pass(from, flat, at + i * element.slots, to, out, outAt + i * element.slots);
            }
        }

        @Override
        void copy(GuestSide from, int address, GuestSide to, int toAddress) throws InterruptedException {
            for (int i = 0; i < length; i++) {
                from.instance.worked(ComponentInstance.OBJECT_BYTES);
                element.copy(from, address + i * element.size, to, toAddress + i * element.size);
            }
        }

        @Override
        boolean plain() {
            return element.plain();
        }

        private List<?> list(@Nullable Object value) {
            if (value instanceof List<?> list && list.size() == length) {
                return list;
            }
            throw refused(value);
        }

        @Override
        String expected() {
            return "a List of " + length + " elements for a list of this length";
        }
    }
}

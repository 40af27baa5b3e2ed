package dev.trellis.host.component;

import dev.trellis.host.engine.CoreMemory;
import dev.trellis.host.engine.GuestException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Variants, enums, options and results: one of several cases, each with or without a value. */
abstract class VariantCodec extends Codec {
    private final @Nullable Codec[] cases;
    private final int discriminantBytes;
    private final int payloadOffset;

    private VariantCodec(Layout layout, List<Optional<Codec>> cases) {
        super(layout);
        this.cases = new @Nullable Codec[cases.size()];
        int payloadAlignment = 1;
        for (int i = 0; i < this.cases.length; i++) {
            Codec one = cases.get(i).orElse(null);
            this.cases[i] = one;
            payloadAlignment = Math.max(payloadAlignment, one == null ? 1 : one.alignment);
        }
        this.discriminantBytes = Layout.discriminantBytes(this.cases.length);
        this.payloadOffset = (discriminantBytes + payloadAlignment - 1) & -payloadAlignment;
    }

    /** @param index of a case */
    abstract Object wrap(int index, @Nullable Object payload);

    /** The case that a Java value is of. */
    abstract int index(@Nullable Object value);

    /** @param value of which {@link #index} is known */
    abstract @Nullable Object payload(@Nullable Object value);

    @Override
    final Object lift(GuestSide from, long[] flat, int at) {
        int index = checked((int) flat[at]);
        Codec payload = cases[index];
        return wrap(index, payload == null ? null : payload.lift(from, flat, at + 1));
    }

    @Override
    final Object load(GuestSide from, int address) {
        int index = checked(discriminant(from.memory(), address));
        Codec payload = cases[index];
        return wrap(index, payload == null ? null : payload.load(from, address + payloadOffset));
    }

    @Override
    final void lower(GuestSide to, @Nullable Object value, long[] flat, int at) throws InterruptedException {
        int index = index(value);
        flat[at] = index;
        Codec payload = cases[index];
        if (payload != null) {
            payload.lower(to, payload(value), flat, at + 1);
        }
    }

    @Override
    final void store(GuestSide to, @Nullable Object value, int address) throws InterruptedException {
        int index = index(value);
        writeDiscriminant(to.memory(), address, index);
        Codec payload = cases[index];
        if (payload != null) {
            payload.store(to, payload(value), address + payloadOffset);
        }
    }

    @Override
    final void pass(GuestSide from, long[] flat, int at, GuestSide to, long[] out, int outAt)
            throws InterruptedException {
        int index = checked((int) flat[at]);
        out[outAt] = index;
        Codec payload = cases[index];
        if (payload != null) {
            payload.pass(from, flat, at + 1, to, out, outAt + 1);
        }
    }

    @Override
    final void copy(GuestSide from, int address, GuestSide to, int toAddress) throws InterruptedException {
        int index = checked(discriminant(from.memory(), address));
        writeDiscriminant(to.memory(), toAddress, index);
        Codec payload = cases[index];
        if (payload != null) {
            payload.copy(from, address + payloadOffset, to, toAddress + payloadOffset);
        }
    }

    private int checked(int index) {
        if (index < 0 || index >= cases.length) {
            throw GuestException.trapped("invalid variant discriminant: a type of " + cases.length
                    + " cases has none with number " + Integer.toUnsignedString(index));
        }
        return index;
    }

    private int discriminant(CoreMemory memory, int address) {
        return switch (discriminantBytes) {
            case 1 -> memory.readByte(address) & 0xff;
            case 2 -> memory.readShort(address) & 0xffff;
            default -> memory.readInt(address);
        };
    }

    private void writeDiscriminant(CoreMemory memory, int address, int index) {
        switch (discriminantBytes) {
            case 1 -> memory.writeByte(address, (byte) index);
            case 2 -> memory.writeShort(address, (short) index);
            default -> memory.writeInt(address, index);
        }
    }

    /** In Java a {@link Variant}. */
    static final class Labelled extends VariantCodec {
        private final Variant[] empty;
        private final Map<String, Integer> numbers = new HashMap<>();

        Labelled(Layout layout, List<String> labels, List<Optional<Codec>> cases) {
            super(layout, cases);
            this.empty = labels.stream().map(Variant::of).toArray(Variant[]::new);
            for (int i = 0; i < empty.length; i++) {
                numbers.put(empty[i].label(), i);
            }
        }

        @Override
        Object wrap(int index, @Nullable Object payload) {
            return payload == null ? empty[index] : new Variant(empty[index].label(), payload);
        }

        @Override
        int index(@Nullable Object value) {
            Integer number = value instanceof Variant variant ? numbers.get(variant.label()) : null;
            if (number == null) {
                throw refused(value);
            }
            return number;
        }

        @Override
        @Nullable
        Object payload(@Nullable Object value) {
            return value instanceof Variant variant ? variant.payload() : null;
        }

        @Override
        String expected() {
            return "a Variant with one of the labels " + numbers.keySet();
        }
    }

    /** In Java the label. */
    static final class Enumeration extends VariantCodec {
        private final String[] labels;
        private final Map<String, Integer> numbers = new HashMap<>();

        Enumeration(Layout layout, List<String> labels) {
            super(layout, labels.stream().map(_ -> Optional.<Codec>empty()).toList());
            this.labels = labels.toArray(String[]::new);
            for (int i = 0; i < this.labels.length; i++) {
                numbers.put(this.labels[i], i);
            }
        }

        @Override
        Object wrap(int index, @Nullable Object payload) {
            return labels[index];
        }

        @Override
        int index(@Nullable Object value) {
            Integer number = value instanceof String label ? numbers.get(label) : null;
            if (number == null) {
                throw refused(value);
            }
            return number;
        }

        @Override
        @Nullable
        Object payload(@Nullable Object value) {
            return null;
        }

        @Override
        String expected() {
            return "one of the Strings " + numbers.keySet() + " for enum";
        }
    }

    /** In Java an Optional. */
    static final class OptionOf extends VariantCodec {
        OptionOf(Layout layout, Codec some) {
            super(layout, List.of(Optional.empty(), Optional.of(some)));
        }

        @Override
        Object wrap(int index, @Nullable Object payload) {
            return Optional.ofNullable(payload);
        }

        @Override
        int index(@Nullable Object value) {
            if (value instanceof Optional<?> optional) {
                return optional.isPresent() ? 1 : 0;
            }
            throw refused(value);
        }

        @Override
        @Nullable
        Object payload(@Nullable Object value) {
            return value instanceof Optional<?> optional ? optional.orElse(null) : null;
        }

        @Override
        String expected() {
            return "an Optional for option";
        }
    }

    /** In Java a {@link Result}. */
    static final class ResultOf extends VariantCodec {
        private static final Result OK = Result.ok(null);
        private static final Result ERR = Result.err(null);

        ResultOf(Layout layout, Optional<Codec> ok, Optional<Codec> error) {
            super(layout, List.of(ok, error));
        }

        @Override
        Object wrap(int index, @Nullable Object payload) {
            if (payload == null) {
                return index == 0 ? OK : ERR;
            }
            return index == 0 ? Result.ok(payload) : Result.err(payload);
        }

        @Override
        int index(@Nullable Object value) {
            if (value instanceof Result result) {
                return switch (result) {
                    case Result.Ok _ -> 0;
                    case Result.Err _ -> 1;
                };
            }
            throw refused(value);
        }

        @Override
        @Nullable
        Object payload(@Nullable Object value) {
            return switch (value) {
                case Result.Ok(Object ok) -> ok;
                case Result.Err(Object error) -> error;
                case null, default -> null;
            };
        }

        @Override
        String expected() {
            return "a Result for result";
        }
    }
}

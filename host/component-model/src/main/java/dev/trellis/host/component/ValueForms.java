package dev.trellis.host.component;

import dev.trellis.host.component.DefinedType.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the forms of types: the binary format's own for values, {@code val(t)}. */
final class ValueForms {
    private static final float FLOAT_NAN = Float.intBitsToFloat(0x7fc00000);
    private static final double DOUBLE_NAN = Double.longBitsToDouble(0x7ff8000000000000L);

    private final IdentityHashMap<DefinedType, ValueForm> known = new IdentityHashMap<>();

    /** @throws Codecs.UnsupportedTypeException for handles, streams, futures and error contexts */
    ValueForm of(ValueType type) {
        return switch (type) {
            case PrimitiveType primitive -> primitive(primitive);
            case DefinedType defined -> {
                ValueForm form = known.get(defined);
                if (form == null) {
                    form = make(defined);
                    known.put(defined, form);
                }
                yield form;
            }
        };
    }

    private ValueForm make(DefinedType type) {
        return switch (type.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) ->
                new Fields(fields.stream().map(field -> of(field.type())).toList());
            case Shape.Tuple(List<ValueType> types) ->
                new Fields(types.stream().map(this::of).toList());
            case Shape.Variant(List<DefinedType.Case> cases) ->
                new Cases(
                        cases.stream().map(DefinedType.Case::label).toList(),
                        cases.stream().map(one -> one.type().map(this::of)).toList());
            case Shape.Enumeration(List<String> labels) -> new Labels(labels);
            case Shape.OptionOf(ValueType some) -> new Maybe(of(some));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                new Outcome(ok.map(this::of), error.map(this::of));
            case Shape.Flags(List<String> labels) -> new Bits(labels.size());
            case Shape.ListOf(ValueType element) ->
                element instanceof PrimitiveType primitive ? primitives(primitive) : new Elements(of(element));
            case Shape.FixedListOf(ValueType element, int length) -> new FixedElements(of(element), length);
            case Shape.MapOf(PrimitiveType key, ValueType value) ->
                new Elements(new Fields(List.of(of(key), of(value))));
            case Shape.Own _, Shape.Borrow _ -> throw new Codecs.UnsupportedTypeException("resource");
            case Shape.StreamOf _, Shape.FutureOf _ -> throw new Codecs.UnsupportedTypeException(type.toString());
        };
    }

    // ---- without parts

    private static ValueForm primitive(PrimitiveType type) {
        return switch (type) {
            case BOOL -> new Bool();
            case S8 -> new Whole(8, true);
            case U8 -> new Whole(8, false);
            case S16 -> new Whole(16, true);
            case U16 -> new Whole(16, false);
            case S32 -> new Whole(32, true);
            case U32 -> new Whole(32, false);
            case S64 -> new Whole(64, true);
            case U64 -> new Whole(64, false);
            case F32 -> new Float32();
            case F64 -> new Float64();
            case CHAR -> new Char();
            case STRING -> new Text();
            case ERROR_CONTEXT -> throw new Codecs.UnsupportedTypeException(type.toString());
        };
    }

    private record Bool() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            to.putByte(cast(Boolean.class, value) ? 1 : 0);
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return bit(from, "bool");
        }
    }

    private static boolean bit(ValueReader from, String type) throws ValueFormException {
        int value = from.readByte();
        if (value > 1) {
            throw from.malformed("the byte of a value of type " + type + " is 0 or 1, it was " + value);
        }
        return value == 1;
    }

    private record Whole(int bits, boolean signed) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            write(to, cast(Number.class, value).longValue());
        }

        void write(ValueWriter to, long value) throws ValueFormException {
            if (bits == 8) {
                to.putByte((int) value);
            } else if (signed) {
                to.putSigned(value);
            } else {
                to.putUnsigned(bits == 64 ? value : value & ((1L << bits) - 1));
            }
        }

        long number(ValueReader from) throws ValueFormException {
            if (bits == 8) {
                int value = from.readByte();
                return signed ? (byte) value : value;
            }
            return signed ? from.readSigned(bits) : from.readUnsigned(bits);
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            long value = number(from);
            return bits < 32 || (bits == 32 && signed) ? (Object) (int) value : (Object) value;
        }
    }

    private record Float32() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            write(to, cast(Float.class, value).floatValue());
        }

        static void write(ValueWriter to, float value) throws ValueFormException {
            to.putFixed(Float.floatToIntBits(value), Float.BYTES); // one NaN only
        }

        static float number(ValueReader from) throws ValueFormException {
            float value = Float.intBitsToFloat((int) from.readFixed(Float.BYTES));
            return Float.isNaN(value) ? FLOAT_NAN : value;
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return number(from);
        }
    }

    private record Float64() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            write(to, cast(Double.class, value).doubleValue());
        }

        static void write(ValueWriter to, double value) throws ValueFormException {
            to.putFixed(Double.doubleToLongBits(value), Double.BYTES); // one NaN only
        }

        static double number(ValueReader from) throws ValueFormException {
            double value = Double.longBitsToDouble(from.readFixed(Double.BYTES));
            return Double.isNaN(value) ? DOUBLE_NAN : value;
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return number(from);
        }
    }

    private record Char() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            to.put(utf8(Character.toString(cast(Integer.class, value))));
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return from.readChar();
        }
    }

    private record Text() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            byte[] bytes = utf8(cast(String.class, value));
            to.putUnsigned(bytes.length);
            to.put(bytes);
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return from.readText();
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    private record Bits(int count) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            to.putFixed(cast(Long.class, value), size());
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            long bits = from.readFixed(size());
            if (bits >>> count != 0) {
                throw from.malformed("flags are set that the type does not have: it has " + count);
            }
            return bits;
        }

        private int size() {
            return (count + 7) / 8;
        }
    }

    // ---- lists

    private static ValueForm primitives(PrimitiveType type) {
        return switch (type) {
            case S8, U8 -> new Bytes();
            case S16 -> new Shorts(new Whole(16, true));
            case U16 -> new Shorts(new Whole(16, false));
            case S32 -> new Ints(new Whole(32, true));
            case U32 -> new Ints(new Whole(32, false));
            case S64 -> new Longs(new Whole(64, true));
            case U64 -> new Longs(new Whole(64, false));
            case F32 -> new Floats();
            case F64 -> new Doubles();
            case BOOL, CHAR, STRING, ERROR_CONTEXT -> new Elements(primitive(type));
        };
    }

    private record Bytes() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            byte[] bytes = cast(byte[].class, value);
            to.putUnsigned(bytes.length);
            to.put(bytes);
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return from.readBytes();
        }
    }

    private record Shorts(Whole element) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            short[] numbers = cast(short[].class, value);
            to.putUnsigned(numbers.length);
            for (short number : numbers) {
                element.write(to, number);
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            short[] numbers = new short[counted(from, Short.BYTES)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = (short) element.number(from);
            }
            return numbers;
        }
    }

    private record Ints(Whole element) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            int[] numbers = cast(int[].class, value);
            to.putUnsigned(numbers.length);
            for (int number : numbers) {
                element.write(to, number);
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            int[] numbers = new int[counted(from, Integer.BYTES)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = (int) element.number(from);
            }
            return numbers;
        }
    }

    private record Longs(Whole element) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            long[] numbers = cast(long[].class, value);
            to.putUnsigned(numbers.length);
            for (long number : numbers) {
                element.write(to, number);
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            long[] numbers = new long[counted(from, Long.BYTES)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = element.number(from);
            }
            return numbers;
        }
    }

    private record Floats() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            float[] numbers = cast(float[].class, value);
            to.putUnsigned(numbers.length);
            for (float number : numbers) {
                Float32.write(to, number);
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            float[] numbers = new float[counted(from, Float.BYTES)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Float32.number(from);
            }
            return numbers;
        }
    }

    private record Doubles() implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            double[] numbers = cast(double[].class, value);
            to.putUnsigned(numbers.length);
            for (double number : numbers) {
                Float64.write(to, number);
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            double[] numbers = new double[counted(from, Double.BYTES)];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Float64.number(from);
            }
            return numbers;
        }
    }

    private static int counted(ValueReader from, long elementBytes) throws ValueFormException {
        int count = from.readCount();
        from.take(count * elementBytes);
        return count;
    }

    private record Elements(ValueForm element) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            List<?> list = cast(List.class, value);
            to.putUnsigned(list.size());
            for (Object one : list) {
                element.write(to, one);
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return elements(from, element, counted(from, ComponentInstance.OBJECT_BYTES));
        }
    }

    private record FixedElements(ValueForm element, int length) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            for (Object one : sized(value, length)) {
                element.write(to, one);
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            from.take(length * ComponentInstance.OBJECT_BYTES);
            return elements(from, element, length);
        }
    }

    private static List<Object> elements(ValueReader from, ValueForm element, int count) throws ValueFormException {
        Object[] values = new Object[count];
        for (int i = 0; i < count; i++) {
            values[i] = element.read(from);
        }
        return Arrays.asList(values);
    }

    private static List<?> sized(@Nullable Object value, int size) {
        List<?> list = cast(List.class, value);
        if (list.size() != size) {
            throw new IllegalArgumentException("a List of " + size + " values is expected, it has " + list.size());
        }
        return list;
    }

    // ---- with parts

    private record Fields(List<ValueForm> fields) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            List<?> values = sized(value, fields.size());
            for (int i = 0; i < fields.size(); i++) {
                fields.get(i).write(to, values.get(i));
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            from.take(ComponentInstance.OBJECT_BYTES * (1 + fields.size()));
            Object[] values = new Object[fields.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = fields.get(i).read(from);
            }
            return Arrays.asList(values);
        }
    }

    private static Map<String, Integer> numbered(List<String> labels) {
        Map<String, Integer> numbers = new HashMap<>();
        labels.forEach(label -> numbers.put(label, numbers.size()));
        return numbers;
    }

    private static int number(Map<String, Integer> numbers, String label) {
        Integer number = numbers.get(label);
        if (number == null) {
            throw new IllegalArgumentException("one of the labels " + numbers.keySet() + " is expected, was " + label);
        }
        return number;
    }

    private static int readCase(ValueReader from, int cases) throws ValueFormException {
        long number = from.readUnsigned(32);
        if (number >= cases) {
            throw from.malformed("a type of " + cases + " cases has none with number " + number);
        }
        return (int) number;
    }

    private static final class Cases implements ValueForm {
        private final List<String> labels;
        private final List<Optional<ValueForm>> cases;
        private final Map<String, Integer> numbers;

        Cases(List<String> labels, List<Optional<ValueForm>> cases) {
            this.labels = labels;
            this.cases = cases;
            this.numbers = numbered(labels);
        }

        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            Variant variant = cast(Variant.class, value);
            int number = number(numbers, variant.label());
            to.putUnsigned(number);
            writePayload(to, cases.get(number), variant.payload());
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            from.take(ComponentInstance.OBJECT_BYTES);
            int number = readCase(from, labels.size());
            return new Variant(labels.get(number), readPayload(from, cases.get(number)));
        }
    }

    private static void writePayload(ValueWriter to, Optional<ValueForm> form, @Nullable Object payload)
            throws ValueFormException {
        if (form.isPresent()) {
            form.get().write(to, payload);
        }
    }

    private static @Nullable Object readPayload(ValueReader from, Optional<ValueForm> form) throws ValueFormException {
        return form.isPresent() ? form.get().read(from) : null;
    }

    private static final class Labels implements ValueForm {
        private final List<String> labels;
        private final Map<String, Integer> numbers;

        Labels(List<String> labels) {
            this.labels = labels;
            this.numbers = numbered(labels);
        }

        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            to.putUnsigned(number(numbers, cast(String.class, value)));
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            return labels.get(readCase(from, labels.size()));
        }
    }

    private record Maybe(ValueForm some) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            Optional<?> optional = cast(Optional.class, value);
            to.putByte(optional.isPresent() ? 1 : 0);
            if (optional.isPresent()) {
                some.write(to, optional.get());
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            from.take(ComponentInstance.OBJECT_BYTES);
            return bit(from, "option") ? Optional.of(some.read(from)) : Optional.empty();
        }
    }

    private record Outcome(Optional<ValueForm> ok, Optional<ValueForm> error) implements ValueForm {
        @Override
        public void write(ValueWriter to, @Nullable Object value) throws ValueFormException {
            switch (cast(Result.class, value)) {
                case Result.Ok(Object payload) -> {
                    to.putByte(0);
                    writePayload(to, ok, payload);
                }
                case Result.Err(Object payload) -> {
                    to.putByte(1);
                    writePayload(to, error, payload);
                }
            }
        }

        @Override
        public Object read(ValueReader from) throws ValueFormException {
            from.take(ComponentInstance.OBJECT_BYTES);
            return bit(from, "result") ? Result.err(readPayload(from, error)) : Result.ok(readPayload(from, ok));
        }
    }

    private static <T> T cast(Class<T> type, @Nullable Object value) {
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException("a " + type.getSimpleName() + " is expected, was "
                    + (value == null ? "null" : "a " + value.getClass().getName()));
        }
        return type.cast(value);
    }
}

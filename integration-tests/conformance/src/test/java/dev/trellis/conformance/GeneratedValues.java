package dev.trellis.conformance;

import dev.trellis.host.component.DefinedType;
import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.PrimitiveType;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.ValueType;
import dev.trellis.host.component.Variant;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Values of any type from a source of randomness, values at the edges more often than chance would have it. No byte order
 * marks: JavaScript takes them off the front of what it decodes.
 */
final class GeneratedValues {
    private static final int LENGTH_MAX = 12;
    private static final int LONG_LENGTH = 5_000;
    private static final int BYTE_ORDER_MARK = 0xfeff;

    private static final int[] SCALARS = {
        0, 1, 'a', '"', '\\', '\n', 0x7f, 0x80, 0xff, 0x300, 0x7ff, 0x800, 0x2028, 0xd7ff, 0xe000, 0xfffd, 0xffff,
        0x10000, 0x1f600, 0x10ffff
    };
    private static final long[] INTEGERS = {
        0,
        1,
        -1,
        Byte.MIN_VALUE,
        Byte.MAX_VALUE,
        0xff,
        Short.MIN_VALUE,
        Short.MAX_VALUE,
        0xffff,
        Integer.MIN_VALUE,
        Integer.MAX_VALUE,
        0xffff_ffffL,
        1L << 53,
        (1L << 53) + 1,
        Long.MIN_VALUE,
        Long.MAX_VALUE
    };
    private static final double[] FLOATS = {
        0,
        -0.0,
        1,
        -1.5,
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.MIN_VALUE,
        Double.MAX_VALUE,
        Float.MIN_VALUE,
        Float.MAX_VALUE,
        1e-310,
        0.1,
        9007199254740994.0
    };

    private final RandomGenerator random;
    private final List<String> words;

    /** @param words strings that guests know, taken now and then */
    GeneratedValues(RandomGenerator random, List<String> words) {
        this.random = random;
        this.words = List.copyOf(words);
    }

    /** @param depth how far inside another value; there are few long lists, and only outside */
    Object value(ValueType type, int depth) {
        return switch (type) {
            case PrimitiveType primitive -> primitive(primitive);
            case DefinedType defined -> defined(defined, depth);
        };
    }

    private Object primitive(PrimitiveType type) {
        return switch (type) {
            case BOOL -> random.nextBoolean();
            case S8 -> (int) (byte) integer();
            case U8 -> (int) (integer() & 0xff);
            case S16 -> (int) (short) integer();
            case U16 -> (int) (integer() & 0xffff);
            case S32 -> (int) integer();
            case U32 -> integer() & 0xffff_ffffL;
            case S64, U64 -> integer();
            case F32 -> (float) floating();
            case F64 -> floating();
            case CHAR -> scalar();
            case STRING -> string();
            case ERROR_CONTEXT -> throw new IllegalArgumentException("not generated: " + type);
        };
    }

    private long integer() {
        return switch (random.nextInt(3)) {
            case 0 -> INTEGERS[random.nextInt(INTEGERS.length)];
            case 1 -> random.nextLong(-20, 20);
            default -> random.nextLong();
        };
    }

    private double floating() {
        return switch (random.nextInt(3)) {
            case 0 -> FLOATS[random.nextInt(FLOATS.length)];
            case 1 -> random.nextDouble(-1000, 1000);
            default -> Double.longBitsToDouble(random.nextLong());
        };
    }

    private int scalar() {
        return switch (random.nextInt(3)) {
            case 0 -> SCALARS[random.nextInt(SCALARS.length)];
            case 1 -> random.nextInt(' ', 0x7f);
            default -> {
                int any = random.nextInt(0x110000 - 0x800);
                int scalar = any < 0xd800 ? any : any + 0x800;
                yield scalar == BYTE_ORDER_MARK ? 'b' : scalar;
            }
        };
    }

    private String string() {
        if (!words.isEmpty() && random.nextInt(4) == 0) {
            return words.get(random.nextInt(words.size()));
        }
        boolean ascii = random.nextBoolean();
        int length = random.nextInt(50) == 0 ? LONG_LENGTH : random.nextInt(LENGTH_MAX);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(ascii ? random.nextInt(' ', 0x7f) : scalar());
        }
        return text.toString();
    }

    private Object defined(DefinedType type, int depth) {
        return switch (type.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) ->
                fields.stream().map(field -> value(field.type(), depth)).toList();
            case Shape.Tuple(List<ValueType> types) ->
                types.stream().map(one -> value(one, depth)).toList();
            case Shape.ListOf(ValueType element) -> list(element, depth);
            case Shape.Variant(List<DefinedType.Case> cases) -> {
                DefinedType.Case one = cases.get(random.nextInt(cases.size()));
                yield new Variant(one.label(), orNull(one.type(), depth));
            }
            case Shape.Enumeration(List<String> labels) -> labels.get(random.nextInt(labels.size()));
            case Shape.Flags(List<String> labels) -> random.nextLong() & (1L << labels.size()) - 1;
            case Shape.OptionOf(ValueType some) ->
                random.nextInt(3) == 0 ? Optional.empty() : Optional.of(value(some, depth));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                random.nextBoolean() ? Result.ok(orNull(ok, depth)) : Result.err(orNull(error, depth));
            case Shape.FixedListOf _, Shape.MapOf _, Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                throw new IllegalArgumentException("not generated: " + type);
        };
    }

    private @Nullable Object orNull(Optional<ValueType> type, int depth) {
        return type.map(one -> value(one, depth)).orElse(null);
    }

    private Object list(ValueType element, int depth) {
        if (element instanceof PrimitiveType primitive) {
            int length = depth == 0 && random.nextInt(20) == 0 ? LONG_LENGTH : random.nextInt(LENGTH_MAX);
            Object array = array(primitive, length);
            if (array != null) {
                for (int i = 0; i < length; i++) {
                    set(array, i, primitive(primitive));
                }
                return array;
            }
        }
        int length = random.nextInt(Math.max(2, LENGTH_MAX >> depth));
        return IntStream.range(0, length)
                .mapToObj(_ -> value(element, depth + 1))
                .toList();
    }

    private static @Nullable Object array(PrimitiveType element, int length) {
        return switch (element) {
            case S8, U8 -> new byte[length];
            case S16, U16 -> new short[length];
            case S32, U32 -> new int[length];
            case S64, U64 -> new long[length];
            case F32 -> new float[length];
            case F64 -> new double[length];
            case BOOL, CHAR, STRING, ERROR_CONTEXT -> null;
        };
    }

    private static void set(Object array, int index, Object value) {
        switch (array) {
            case byte[] bytes -> bytes[index] = ((Number) value).byteValue();
            case short[] shorts -> shorts[index] = ((Number) value).shortValue();
            case int[] ints -> ints[index] = ((Number) value).intValue();
            case long[] longs -> longs[index] = ((Number) value).longValue();
            default -> Array.set(array, index, value);
        }
    }
}

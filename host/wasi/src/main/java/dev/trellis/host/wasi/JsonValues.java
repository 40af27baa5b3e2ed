package dev.trellis.host.wasi;

import dev.trellis.host.component.DefinedType;
import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.FunctionType;
import dev.trellis.host.component.PrimitiveType;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.ValueType;
import dev.trellis.host.component.Variant;
import dev.trellis.lattice.model.WireJson;
import java.lang.reflect.Array;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Values of functions as JSON, for people and for classic actors, who do not know the function's types. The README has the
 * form. Goes by the type for each call, which other calls do not.
 */
final class JsonValues {
    private static final String OK = "ok";
    private static final String ERROR = "error";
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    /** What of a broken value is quoted. */
    private static final int QUOTED_MAX = 60;

    private JsonValues() {}

    /**
     * The arguments in {@code json}: an array of them, or an object with one member each. Nothing at all is no arguments.
     *
     * @throws IllegalArgumentException that says where they are not what the function takes
     */
    static @Nullable Object[] arguments(FunctionType type, byte[] json) {
        Object all = json.length == 0 ? List.of() : WireJson.read(json, Object.class);
        List<DefinedType.Field> parameters = type.parameters();
        if (all instanceof List<?> list && list.size() != parameters.size()) {
            throw new IllegalArgumentException(
                    "the function takes %d arguments, these are %d".formatted(parameters.size(), list.size()));
        }
        if (all instanceof List<?> list) {
            @Nullable Object[] values = new @Nullable Object[parameters.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = read(
                        parameters.get(i).type(), list.get(i), parameters.get(i).label());
            }
            return values;
        }
        return fields(parameters, all, "arguments").toArray();
    }

    /** The result as JSON; nothing if the function has none. */
    static byte[] result(FunctionType type, @Nullable Object value) {
        if (type.result().isEmpty()) {
            return new byte[0];
        }
        Object written = write(type.result().get(), Objects.requireNonNull(value));
        return written == null ? NULL.clone() : WireJson.write(written);
    }

    // ---- reading

    private static Object read(ValueType type, @Nullable Object json, String where) {
        return switch (type) {
            case PrimitiveType primitive -> read(primitive, json, where);
            case DefinedType defined ->
                switch (defined.shape()) {
                    case Shape.RecordOf(List<DefinedType.Field> fields) -> fields(fields, json, where);
                    case Shape.Tuple(List<ValueType> types) -> {
                        List<?> list = list(json, where);
                        if (list.size() != types.size()) {
                            throw expected(types.size() + " values", json, where);
                        }
                        List<Object> values = new ArrayList<>();
                        for (int i = 0; i < types.size(); i++) {
                            values.add(read(types.get(i), list.get(i), where + "[" + i + "]"));
                        }
                        yield values;
                    }
                    case Shape.Variant(List<DefinedType.Case> cases) -> variant(cases, json, where);
                    case Shape.Enumeration(List<String> labels) -> {
                        if (!(json instanceof String label) || !labels.contains(label)) {
                            throw expected("one of " + labels, json, where);
                        }
                        yield label;
                    }
                    case Shape.OptionOf(ValueType some) -> option(some, json, where);
                    case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                        result(ok, error, json, where);
                    case Shape.Flags(List<String> labels) -> flags(labels, json, where);
                    case Shape.ListOf(ValueType element) -> array(element, elements(element, json, where));
                    case Shape.FixedListOf(ValueType element, int length) -> {
                        List<Object> values = elements(element, json, where);
                        if (values.size() != length) {
                            throw expected(length + " values", json, where);
                        }
                        yield values;
                    }
                    case Shape.MapOf(PrimitiveType key, ValueType value) -> {
                        List<Object> entries = new ArrayList<>();
                        for (Object entry : list(json, where)) {
                            List<?> pair = list(entry, where);
                            if (pair.size() != 2) {
                                throw expected("pairs of key and value", entry, where);
                            }
                            entries.add(List.of(read(key, pair.get(0), where), read(value, pair.get(1), where)));
                        }
                        yield entries;
                    }
                    case Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                        throw new IllegalArgumentException("a " + type + " cannot be written as JSON");
                };
        };
    }

    private static Object read(PrimitiveType type, @Nullable Object json, String where) {
        return switch (type) {
            case BOOL -> of(Boolean.class, "true or false", json, where);
            case S8 -> (int) whole(json, Byte.MIN_VALUE, Byte.MAX_VALUE, where);
            case U8 -> (int) whole(json, 0, 0xff, where);
            case S16 -> (int) whole(json, Short.MIN_VALUE, Short.MAX_VALUE, where);
            case U16 -> (int) whole(json, 0, 0xffff, where);
            case S32 -> (int) whole(json, Integer.MIN_VALUE, Integer.MAX_VALUE, where);
            case U32 -> whole(json, 0, 0xffff_ffffL, where);
            case S64 -> whole(json, Long.MIN_VALUE, Long.MAX_VALUE, where);
            case U64 -> unsigned(json, where);
            case F32 -> (float) real(json, where);
            case F64 -> real(json, where);
            case CHAR -> {
                String text = of(String.class, "one character", json, where);
                if (text.isEmpty() || text.codePointCount(0, text.length()) != 1 || surrogate(text.codePointAt(0))) {
                    throw expected("one character", json, where);
                }
                yield text.codePointAt(0);
            }
            case STRING -> of(String.class, "a text", json, where);
            case ERROR_CONTEXT -> throw new IllegalArgumentException("a " + type + " cannot be written as JSON");
        };
    }

    private static boolean surrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    private static long whole(@Nullable Object json, long min, long max, String where) {
        if ((json instanceof Integer || json instanceof Long)
                && ((Number) json).longValue() >= min
                && ((Number) json).longValue() <= max) {
            return ((Number) json).longValue();
        }
        throw expected("a whole number from " + min + " to " + max, json, where);
    }

    private static long unsigned(@Nullable Object json, String where) {
        if (json instanceof BigInteger big && big.signum() >= 0 && big.bitLength() <= Long.SIZE) {
            return big.longValue();
        }
        return whole(json, 0, Long.MAX_VALUE, where);
    }

    private static double real(@Nullable Object json, String where) {
        if (json instanceof Number number) {
            return number.doubleValue();
        }
        return switch (String.valueOf(json)) {
            case "NaN" -> Double.NaN;
            case "Infinity" -> Double.POSITIVE_INFINITY;
            case "-Infinity" -> Double.NEGATIVE_INFINITY;
            default -> throw expected("a number, \"NaN\", \"Infinity\" or \"-Infinity\"", json, where);
        };
    }

    private static List<Object> fields(List<DefinedType.Field> fields, @Nullable Object json, String where) {
        Map<?, ?> members = of(Map.class, "an object", json, where);
        Set<Object> unknown = new HashSet<>(members.keySet());
        List<Object> values = new ArrayList<>();
        for (DefinedType.Field field : fields) {
            unknown.remove(field.label());
            values.add(read(field.type(), members.get(field.label()), where + "." + field.label()));
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("%s: there is no '%s', but %s"
                    .formatted(
                            where,
                            unknown.iterator().next(),
                            fields.stream().map(DefinedType.Field::label).toList()));
        }
        return values;
    }

    private static Variant variant(List<DefinedType.Case> cases, @Nullable Object json, String where) {
        for (DefinedType.Case one : cases) {
            Optional<ValueType> payload = one.type();
            if (payload.isEmpty() && one.label().equals(json)) {
                return Variant.of(one.label());
            }
            if (payload.isPresent()
                    && json instanceof Map<?, ?> map
                    && map.size() == 1
                    && map.containsKey(one.label())) {
                return new Variant(one.label(), read(payload.get(), map.get(one.label()), where + "." + one.label()));
            }
        }
        List<String> forms = cases.stream()
                .map(one -> one.type().isEmpty() ? "\"" + one.label() + "\"" : "{\"" + one.label() + "\": ...}")
                .toList();
        throw expected("one of " + forms, json, where);
    }

    private static boolean nullable(ValueType type) {
        return type instanceof DefinedType defined && defined.shape() instanceof Shape.OptionOf;
    }

    private static Optional<Object> option(ValueType some, @Nullable Object json, String where) {
        if (json == null) {
            return Optional.empty();
        }
        if (nullable(some)) { // null within would be null itself
            List<?> one = list(json, where);
            if (one.size() != 1) {
                throw expected("null or an array of one value", json, where);
            }
            return Optional.of(read(some, one.get(0), where));
        }
        return Optional.of(read(some, json, where));
    }

    private static Result result(
            Optional<ValueType> ok, Optional<ValueType> error, @Nullable Object json, String where) {
        if (json instanceof Map<?, ?> map && map.size() == 1) {
            if (map.containsKey(OK)) {
                return Result.ok(
                        ok.map(type -> read(type, map.get(OK), where + ".ok")).orElse(null));
            }
            if (map.containsKey(ERROR)) {
                return Result.err(error.map(type -> read(type, map.get(ERROR), where + ".error"))
                        .orElse(null));
            }
        }
        throw expected("{\"ok\": ...} or {\"error\": ...}", json, where);
    }

    private static Object flags(List<String> labels, @Nullable Object json, String where) {
        long bits = 0;
        for (Object label : list(json, where)) {
            int number = labels.indexOf(label);
            if (number < 0) {
                throw expected("some of " + labels, label, where);
            }
            bits |= 1L << number;
        }
        return bits;
    }

    private static List<Object> elements(ValueType element, @Nullable Object json, String where) {
        List<Object> values = new ArrayList<>();
        for (Object one : list(json, where)) {
            values.add(read(element, one, where + "[" + values.size() + "]"));
        }
        return values;
    }

    /** Lists of numbers are arrays in Java, see {@code ComponentImports}. */
    private static Object array(ValueType element, List<Object> values) {
        Class<?> component =
                switch (element) {
                    case PrimitiveType.S8, PrimitiveType.U8 -> byte.class;
                    case PrimitiveType.S16, PrimitiveType.U16 -> short.class;
                    case PrimitiveType.S32, PrimitiveType.U32 -> int.class;
                    case PrimitiveType.S64, PrimitiveType.U64 -> long.class;
                    case PrimitiveType.F32 -> float.class;
                    case PrimitiveType.F64 -> double.class;
                    case PrimitiveType _, DefinedType _ -> Object.class;
                };
        if (component == Object.class) {
            return values;
        }
        Object array = Array.newInstance(component, values.size());
        for (int i = 0; i < values.size(); i++) {
            Number number = (Number) values.get(i);
            switch (array) {
                case byte[] bytes -> bytes[i] = number.byteValue();
                case short[] shorts -> shorts[i] = number.shortValue();
                case int[] ints -> ints[i] = number.intValue();
                case long[] longs -> longs[i] = number.longValue();
                case float[] floats -> floats[i] = number.floatValue();
                default -> ((double[]) array)[i] = number.doubleValue();
            }
        }
        return array;
    }

    private static List<?> list(@Nullable Object json, String where) {
        return of(List.class, "an array", json, where);
    }

    private static <T> T of(Class<T> type, String expectation, @Nullable Object json, String where) {
        if (!type.isInstance(json)) {
            throw expected(expectation, json, where);
        }
        return type.cast(json);
    }

    private static IllegalArgumentException expected(String expectation, @Nullable Object json, String where) {
        String found =
                json instanceof Map<?, ?> ? "an object" : json instanceof List<?> ? "an array" : String.valueOf(json);
        return new IllegalArgumentException("%s: expected is %s, was %s"
                .formatted(
                        where,
                        expectation,
                        found.length() <= QUOTED_MAX ? found : found.substring(0, QUOTED_MAX) + "..."));
    }

    // ---- writing

    private static @Nullable Object write(ValueType type, Object value) {
        return switch (type) {
            case PrimitiveType.U64 -> (Long) value >= 0 ? value : new BigInteger(Long.toUnsignedString((Long) value));
            case PrimitiveType.CHAR -> Character.toString((Integer) value);
            case PrimitiveType.F32 -> Float.isFinite((Float) value) ? value : value.toString();
            case PrimitiveType.F64 -> Double.isFinite((Double) value) ? value : value.toString();
            case PrimitiveType _ -> value;
            case DefinedType defined ->
                switch (defined.shape()) {
                    case Shape.RecordOf(List<DefinedType.Field> fields) -> {
                        Map<String, @Nullable Object> members = new LinkedHashMap<>();
                        List<?> values = (List<?>) value;
                        for (int i = 0; i < fields.size(); i++) {
                            members.put(
                                    fields.get(i).label(),
                                    write(fields.get(i).type(), Objects.requireNonNull(values.get(i))));
                        }
                        yield members;
                    }
                    case Shape.Tuple(List<ValueType> types) -> {
                        List<@Nullable Object> written = new ArrayList<>();
                        List<?> values = (List<?>) value;
                        for (int i = 0; i < types.size(); i++) {
                            written.add(write(types.get(i), Objects.requireNonNull(values.get(i))));
                        }
                        yield written;
                    }
                    case Shape.Variant(List<DefinedType.Case> cases) -> {
                        Variant variant = (Variant) value;
                        Optional<ValueType> payload = cases.stream()
                                .filter(one -> one.label().equals(variant.label()))
                                .findFirst()
                                .flatMap(DefinedType.Case::type);
                        yield payload.isEmpty()
                                ? variant.label()
                                : member(
                                        variant.label(),
                                        write(payload.get(), Objects.requireNonNull(variant.payload())));
                    }
                    case Shape.Enumeration(List<String> labels) -> value;
                    case Shape.OptionOf(ValueType some) -> {
                        Optional<?> optional = (Optional<?>) value;
                        if (optional.isEmpty()) {
                            yield null;
                        }
                        List<@Nullable Object> one = new ArrayList<>();
                        one.add(write(some, optional.get()));
                        yield nullable(some) ? one : one.getFirst();
                    }
                    case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                        switch ((Result) value) {
                            case Result.Ok(Object payload) -> member(OK, payload(ok, payload));
                            case Result.Err(Object payload) -> member(ERROR, payload(error, payload));
                        };
                    case Shape.Flags(List<String> labels) -> {
                        List<String> set = new ArrayList<>();
                        for (int i = 0; i < labels.size(); i++) {
                            if ((((Long) value >>> i) & 1) != 0) {
                                set.add(labels.get(i));
                            }
                        }
                        yield set;
                    }
                    case Shape.ListOf(ValueType element) -> elements(element, value);
                    case Shape.FixedListOf(ValueType element, int length) -> elements(element, value);
                    case Shape.MapOf(PrimitiveType key, ValueType entry) -> {
                        List<List<@Nullable Object>> pairs = new ArrayList<>();
                        for (Object one : (List<?>) value) {
                            List<?> pair = (List<?>) one;
                            List<@Nullable Object> written = new ArrayList<>();
                            written.add(write(key, Objects.requireNonNull(pair.get(0))));
                            written.add(write(entry, Objects.requireNonNull(pair.get(1))));
                            pairs.add(written);
                        }
                        yield pairs;
                    }
                    case Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                        throw new IllegalStateException("functions with a " + type + " are not called");
                };
        };
    }

    private static @Nullable Object payload(Optional<ValueType> type, @Nullable Object payload) {
        return type.map(some -> write(some, Objects.requireNonNull(payload))).orElse(null);
    }

    private static Map<String, @Nullable Object> member(String name, @Nullable Object value) {
        Map<String, @Nullable Object> one = new LinkedHashMap<>();
        one.put(name, value);
        return one;
    }

    private static List<@Nullable Object> elements(ValueType element, Object value) {
        List<@Nullable Object> written = new ArrayList<>();
        if (value instanceof List<?> list) {
            list.forEach(one -> written.add(write(element, Objects.requireNonNull(one))));
            return written;
        }
        for (int i = 0; i < Array.getLength(value); i++) {
            Number number = (Number) Array.get(value, i);
            written.add(
                    switch (element) {
                        case PrimitiveType.U8 -> number.intValue() & 0xff;
                        case PrimitiveType.U16 -> number.intValue() & 0xffff;
                        case PrimitiveType.U32 -> number.longValue() & 0xffff_ffffL;
                        case PrimitiveType _, DefinedType _ -> write(element, number);
                    });
        }
        return written;
    }
}

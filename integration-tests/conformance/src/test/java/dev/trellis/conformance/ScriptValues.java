package dev.trellis.conformance;

import dev.trellis.conformance.ScriptForm.Items;
import dev.trellis.conformance.ScriptForm.Literal;
import dev.trellis.conformance.ScriptForm.Word;
import dev.trellis.host.component.DefinedType;
import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.PrimitiveType;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.ValueType;
import dev.trellis.host.component.Variant;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Component values as scripts write them, as values in Java. */
final class ScriptValues {
    private ScriptValues() {}

    /** The value that {@code form} writes, for a place of type {@code type}. */
    static Object value(ValueType type, ScriptForm form) {
        return value(type, ((Items) form).all());
    }

    private static Object value(ValueType type, List<ScriptForm> form) {
        List<ScriptForm> parts = form.subList(1, form.size());
        return switch (type) {
            case PrimitiveType primitive -> primitive(primitive, parts.getFirst());
            case DefinedType defined -> defined(defined, ((Word) form.getFirst()).text(), parts);
        };
    }

    private static Object primitive(PrimitiveType type, ScriptForm form) {
        if (form instanceof Literal(int line, String text)) {
            return type == PrimitiveType.CHAR ? (Object) text.codePointAt(0) : text;
        }
        String text = ((Word) form).text().replace("_", "");
        return switch (type) {
            case BOOL -> Boolean.valueOf(text);
            case S8, U8, S16, U16, S32 -> (int) integer(text);
            case U32, S64, U64 -> integer(text);
            case F32 -> text.startsWith("nan") ? Float.NaN : Float.parseFloat(text);
            case F64 -> text.startsWith("nan") ? Double.NaN : Double.parseDouble(text);
            case CHAR, STRING, ERROR_CONTEXT -> throw new IllegalArgumentException(type + " written as " + text);
        };
    }

    private static long integer(String text) {
        if (text.startsWith("0x")) {
            return Long.parseUnsignedLong(text.substring(2), 16);
        }
        return text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
    }

    private static Object defined(DefinedType type, String head, List<ScriptForm> parts) {
        return switch (type.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) -> {
                List<Object> values = new ArrayList<>();
                for (int i = 0; i < fields.size(); i++) {
                    // (field "name" u32.const 7)
                    values.add(value(fields.get(i).type(), ((Items) parts.get(i)).from(2)));
                }
                yield values;
            }
            case Shape.Tuple(List<ValueType> types) -> {
                List<Object> values = new ArrayList<>();
                for (int i = 0; i < types.size(); i++) {
                    values.add(value(types.get(i), parts.get(i)));
                }
                yield values;
            }
            case Shape.ListOf(ValueType element) -> list(element, parts);
            case Shape.FixedListOf(ValueType element, int length) ->
                parts.stream().map(one -> value(element, one)).toList();
            case Shape.MapOf(PrimitiveType key, ValueType entry) ->
                parts.stream()
                        .map(one -> List.of(value(key, ((Items) one).items(1)), value(entry, ((Items) one).items(2))))
                        .toList();
            case Shape.Variant(List<DefinedType.Case> cases) -> {
                String label = ((Literal) parts.getFirst()).text();
                Optional<ValueType> payload = cases.stream()
                        .filter(one -> one.label().equals(label))
                        .findFirst()
                        .flatMap(DefinedType.Case::type);
                yield new Variant(
                        label, payload.map(one -> value(one, parts.get(1))).orElse(null));
            }
            case Shape.Enumeration _ -> ((Literal) parts.getFirst()).text();
            case Shape.OptionOf(ValueType some) ->
                head.equals("option.none") ? Optional.empty() : Optional.of(value(some, parts.getFirst()));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) -> {
                boolean isOk = head.equals("result.ok");
                Object payload = (isOk ? ok : error)
                        .map(one -> value(one, parts.getFirst()))
                        .orElse(null);
                yield isOk ? Result.ok(payload) : Result.err(payload);
            }
            case Shape.Flags(List<String> labels) -> {
                long bits = 0;
                for (ScriptForm part : parts) {
                    bits |= 1L << labels.indexOf(((Literal) part).text());
                }
                yield bits;
            }
            case Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                throw new IllegalArgumentException("scripts write no " + type);
        };
    }

    private static Object list(ValueType element, List<ScriptForm> parts) {
        Class<?> component = element instanceof PrimitiveType primitive
                ? switch (primitive) {
                    case S8, U8 -> byte.class;
                    case S16, U16 -> short.class;
                    case S32, U32 -> int.class;
                    case S64, U64 -> long.class;
                    case F32 -> float.class;
                    case F64 -> double.class;
                    case BOOL, CHAR, STRING, ERROR_CONTEXT -> Object.class;
                }
                : Object.class;
        if (component == Object.class) {
            return parts.stream().map(one -> value(element, one)).toList();
        }
        Object array = Array.newInstance(component, parts.size());
        for (int i = 0; i < parts.size(); i++) {
            Object one = value(element, parts.get(i));
            switch (array) {
                case byte[] bytes -> bytes[i] = ((Number) one).byteValue();
                case short[] shorts -> shorts[i] = ((Number) one).shortValue();
                case int[] ints -> ints[i] = ((Number) one).intValue();
                case long[] longs -> longs[i] = ((Number) one).longValue();
                default -> Array.set(array, i, one);
            }
        }
        return array;
    }

    /** Equal values have equal texts. */
    static String show(@Nullable Object value) {
        return switch (value) {
            case null -> "nothing";
            case List<?> list -> list.stream().map(ScriptValues::show).toList().toString();
            case Optional<?> optional -> "option" + optional.map(ScriptValues::show);
            case Variant(String label, Object payload) -> label + "(" + show(payload) + ")";
            case Result.Ok(Object ok) -> "ok(" + show(ok) + ")";
            case Result.Err(Object error) -> "err(" + show(error) + ")";
            default -> {
                if (!value.getClass().isArray()) {
                    yield value.getClass().getSimpleName() + " " + value;
                }
                List<Object> elements = new ArrayList<>();
                for (int i = 0; i < Array.getLength(value); i++) {
                    elements.add(Array.get(value, i));
                }
                yield value.getClass().getSimpleName() + elements;
            }
        };
    }
}

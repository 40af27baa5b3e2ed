package dev.trellis.conformance;

import dev.trellis.host.component.DefinedType;
import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.PrimitiveType;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.ValueType;
import dev.trellis.host.component.Variant;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Types and values as JSON, the same for every host that is compared: integers as decimal text, floats as the hexadecimal
 * text of their bits or {@code nan}, characters as numbers, what has parts as arrays.
 */
final class ComparedValues {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ComparedValues() {}

    static JsonNode type(ValueType type) {
        if (!(type instanceof DefinedType defined)) {
            return JSON.stringNode(type.toString());
        }
        ObjectNode node = JSON.objectNode();
        switch (defined.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) -> {
                ArrayNode all = node.putArray("record");
                fields.forEach(field -> all.addArray().add(field.label()).add(type(field.type())));
            }
            case Shape.Variant(List<DefinedType.Case> cases) -> {
                ArrayNode all = node.putArray("variant");
                cases.forEach(one -> all.addArray().add(one.label()).add(orNull(one.type())));
            }
            case Shape.ListOf(ValueType element) -> node.set("list", type(element));
            case Shape.Tuple(List<ValueType> types) -> {
                ArrayNode all = node.putArray("tuple");
                types.forEach(one -> all.add(type(one)));
            }
            case Shape.Flags(List<String> labels) -> labels.forEach(node.withArray("flags")::add);
            case Shape.Enumeration(List<String> labels) -> labels.forEach(node.withArray("enum")::add);
            case Shape.OptionOf(ValueType some) -> node.set("option", type(some));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                node.putArray("result").add(orNull(ok)).add(orNull(error));
            case Shape.FixedListOf _, Shape.MapOf _, Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                throw new IllegalArgumentException("not compared: " + type);
        }
        return node;
    }

    private static JsonNode orNull(Optional<ValueType> type) {
        return type.map(ComparedValues::type).orElse(JSON.nullNode());
    }

    static JsonNode value(ValueType type, @Nullable Object value) {
        return switch (type) {
            case PrimitiveType primitive -> primitive(primitive, Objects.requireNonNull(value));
            case DefinedType defined -> defined(defined, Objects.requireNonNull(value));
        };
    }

    private static JsonNode primitive(PrimitiveType type, Object value) {
        return switch (type) {
            case BOOL -> JSON.booleanNode((Boolean) value);
            case S8, S16, S32, S64 -> JSON.stringNode(Long.toString(((Number) value).longValue()));
            case U8 -> JSON.stringNode(Long.toString(((Number) value).longValue() & 0xff));
            case U16 -> JSON.stringNode(Long.toString(((Number) value).longValue() & 0xffff));
            case U32 -> JSON.stringNode(Long.toString(((Number) value).longValue() & 0xffff_ffffL));
            case U64 -> JSON.stringNode(Long.toUnsignedString(((Number) value).longValue()));
            case F32 -> {
                float number = (Float) value;
                yield JSON.stringNode(Float.isNaN(number) ? "nan" : Integer.toHexString(Float.floatToIntBits(number)));
            }
            case F64 -> {
                double number = (Double) value;
                yield JSON.stringNode(Double.isNaN(number) ? "nan" : Long.toHexString(Double.doubleToLongBits(number)));
            }
            case CHAR -> JSON.numberNode((Integer) value);
            case STRING -> JSON.stringNode((String) value);
            case ERROR_CONTEXT -> throw new IllegalArgumentException("not compared: " + type);
        };
    }

    private static JsonNode defined(DefinedType type, Object value) {
        ArrayNode node = JSON.arrayNode();
        switch (type.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) -> {
                for (int i = 0; i < fields.size(); i++) {
                    node.add(value(fields.get(i).type(), ((List<?>) value).get(i)));
                }
            }
            case Shape.Tuple(List<ValueType> types) -> {
                for (int i = 0; i < types.size(); i++) {
                    node.add(value(types.get(i), ((List<?>) value).get(i)));
                }
            }
            case Shape.ListOf(ValueType element) -> {
                if (value instanceof List<?> list) {
                    list.forEach(one -> node.add(value(element, one)));
                } else {
                    for (int i = 0; i < Array.getLength(value); i++) {
                        node.add(value(element, Array.get(value, i)));
                    }
                }
            }
            case Shape.Variant(List<DefinedType.Case> cases) -> {
                Variant variant = (Variant) value;
                node.add(variant.label());
                cases.stream()
                        .filter(one -> one.label().equals(variant.label()))
                        .findFirst()
                        .flatMap(DefinedType.Case::type)
                        .ifPresent(of -> node.add(value(of, variant.payload())));
            }
            case Shape.Enumeration _ -> {
                return JSON.stringNode((String) value);
            }
            case Shape.Flags(List<String> labels) -> {
                for (int i = 0; i < labels.size(); i++) {
                    if (((Long) value >>> i & 1) != 0) {
                        node.add(labels.get(i));
                    }
                }
            }
            case Shape.OptionOf(ValueType some) -> ((Optional<?>) value).ifPresent(one -> node.add(value(some, one)));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) -> {
                switch ((Result) value) {
                    case Result.Ok(Object payload) -> {
                        node.add("ok");
                        ok.ifPresent(of -> node.add(value(of, payload)));
                    }
                    case Result.Err(Object payload) -> {
                        node.add("err");
                        error.ifPresent(of -> node.add(value(of, payload)));
                    }
                }
            }
            case Shape.FixedListOf _, Shape.MapOf _, Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                throw new IllegalArgumentException("not compared: " + type);
        }
        return node;
    }
}

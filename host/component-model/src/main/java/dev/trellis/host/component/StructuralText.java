package dev.trellis.host.component;

import dev.trellis.host.component.DefinedType.Shape;
import java.util.List;
import java.util.Optional;

/** The type of a function written out without names of types, so that equal texts are equal types and only they. */
final class StructuralText {
    private final StringBuilder out = new StringBuilder();

    private StructuralText() {}

    /** @param type of bounded size, which is for the caller to see to */
    static String of(FunctionType type) {
        StructuralText text = new StructuralText();
        text.out.append(type.async() ? "async func(" : "func(");
        text.fields(type.parameters());
        text.out.append(')');
        type.result().ifPresent(result -> {
            text.out.append(" -> ");
            text.type(result);
        });
        return text.out.toString();
    }

    private void fields(List<DefinedType.Field> fields) {
        separated(fields, field -> {
            out.append(field.label()).append(": ");
            type(field.type());
        });
    }

    private <T> void separated(List<T> parts, java.util.function.Consumer<T> each) {
        boolean first = true;
        for (T part : parts) {
            if (!first) {
                out.append(", ");
            }
            first = false;
            each.accept(part);
        }
    }

    private void type(ValueType type) {
        switch (type) {
            case PrimitiveType primitive -> out.append(primitive);
            case DefinedType defined -> shape(defined);
        }
    }

    private void shape(DefinedType type) {
        switch (type.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) -> {
                out.append("record { ");
                fields(fields);
                out.append(" }");
            }
            case Shape.Variant(List<DefinedType.Case> cases) -> {
                out.append("variant { ");
                separated(cases, one -> {
                    out.append(one.label());
                    one.type().ifPresent(payload -> {
                        out.append('(');
                        type(payload);
                        out.append(')');
                    });
                });
                out.append(" }");
            }
            case Shape.Flags(List<String> labels) -> labels("flags", labels);
            case Shape.Enumeration(List<String> labels) -> labels("enum", labels);
            case Shape.ListOf(ValueType element) -> of("list", List.of(element));
            case Shape.FixedListOf(ValueType element, int length) -> {
                out.append("list<");
                type(element);
                out.append(", ").append(length).append('>');
            }
            case Shape.Tuple(List<ValueType> types) -> of("tuple", types);
            case Shape.OptionOf(ValueType some) -> of("option", List.of(some));
            case Shape.MapOf(PrimitiveType key, ValueType value) -> of("map", List.of(key, value));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) -> {
                out.append("result<");
                ok.ifPresentOrElse(this::type, () -> out.append('_'));
                out.append(", ");
                error.ifPresentOrElse(this::type, () -> out.append('_'));
                out.append('>');
            }
            case Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                throw new IllegalArgumentException("values of a " + type + " have no form");
        }
    }

    private void labels(String word, List<String> labels) {
        out.append(word).append(" { ");
        separated(labels, out::append);
        out.append(" }");
    }

    private void of(String word, List<ValueType> types) {
        out.append(word).append('<');
        separated(types, this::type);
        out.append('>');
    }
}

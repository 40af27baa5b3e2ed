package dev.trellis.host.component;

import dev.trellis.host.component.DefinedType.Shape;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntConsumer;

/** Makes the codecs of the types of one component instance, one for each type that is used. */
final class Codecs {
    private static final Map<PrimitiveType, Codec> PRIMITIVES = new EnumMap<>(PrimitiveType.class);

    static {
        for (PrimitiveType type : PrimitiveType.values()) {
            if (type != PrimitiveType.STRING && type != PrimitiveType.ERROR_CONTEXT) {
                PRIMITIVES.put(type, NumberCodec.of(type));
            }
        }
        PRIMITIVES.put(PrimitiveType.STRING, StringCodec.STRING);
    }

    /** A type that needs what Trellis does not have. */
    static final class UnsupportedTypeException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnsupportedTypeException(String type) {
            super(type, null, false, false);
        }
    }

    private final Function<ResourceType, ResourceDefinition> resources;
    private final IntConsumer cost;
    private final IdentityHashMap<DefinedType, Codec> known = new IdentityHashMap<>();

    /** @param cost is told how many parts each codec has, before it is made */
    Codecs(Function<ResourceType, ResourceDefinition> resources, IntConsumer cost) {
        this.resources = resources;
        this.cost = cost;
    }

    /** @throws UnsupportedTypeException if values of the type cannot be passed */
    Codec of(ValueType type) {
        return switch (type) {
            case PrimitiveType primitive -> {
                Codec codec = PRIMITIVES.get(primitive);
                if (codec == null) {
                    throw new UnsupportedTypeException(primitive.toString());
                }
                yield codec;
            }
            case DefinedType defined -> {
                Codec codec = known.get(defined);
                if (codec == null) {
                    codec = make(defined);
                    known.put(defined, codec);
                }
                yield codec;
            }
        };
    }

    /** Of the parameters of a function, as one record. */
    RecordCodec parameters(FunctionType type) {
        cost.accept(1 + type.parameters().size());
        List<ValueType> types =
                type.parameters().stream().map(DefinedType.Field::type).toList();
        return record(Layout.record(types.stream().map(ValueType::layout).toList()), types);
    }

    private static int parts(Shape shape) {
        return switch (shape) {
            case Shape.RecordOf(List<DefinedType.Field> fields) -> 1 + fields.size();
            case Shape.Tuple(List<ValueType> types) -> 1 + types.size();
            case Shape.Variant(List<DefinedType.Case> cases) -> 1 + cases.size();
            case Shape.Enumeration(List<String> labels) -> 1 + labels.size();
            default -> 1;
        };
    }

    private RecordCodec record(Layout layout, List<ValueType> fields) {
        return new RecordCodec(layout, fields.stream().map(this::of).toList());
    }

    private Codec make(DefinedType type) {
        Layout layout = type.layout();
        cost.accept(parts(type.shape()));
        return switch (type.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) ->
                record(layout, fields.stream().map(DefinedType.Field::type).toList());
            case Shape.Tuple(List<ValueType> types) -> record(layout, types);
            case Shape.Variant(List<DefinedType.Case> cases) ->
                new VariantCodec.Labelled(
                        layout,
                        cases.stream().map(DefinedType.Case::label).toList(),
                        cases.stream().map(one -> one.type().map(this::of)).toList());
            case Shape.Enumeration(List<String> labels) -> new VariantCodec.Enumeration(layout, labels);
            case Shape.OptionOf(ValueType some) -> new VariantCodec.OptionOf(layout, of(some));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                new VariantCodec.ResultOf(layout, ok.map(this::of), error.map(this::of));
            case Shape.Flags(List<String> labels) -> new NumberCodec.Flags(layout, labels.size());
            case Shape.ListOf(ValueType element) -> ListCodec.of(element, of(element));
            case Shape.FixedListOf(ValueType element, int length) -> new ListCodec.Fixed(layout, of(element), length);
            case Shape.MapOf(PrimitiveType key, ValueType value) -> {
                List<ValueType> entry = List.of(key, value);
                Codec codec = record(
                        Layout.record(entry.stream().map(ValueType::layout).toList()), entry);
                yield ListCodec.of(type, codec);
            }
            case Shape.Own(ResourceType resource) -> new HandleCodec.Own(resources.apply(resource));
            case Shape.Borrow(ResourceType resource) -> new HandleCodec.Borrow(resources.apply(resource));
            case Shape.StreamOf _, Shape.FutureOf _ -> throw new UnsupportedTypeException(type.toString());
        };
    }
}

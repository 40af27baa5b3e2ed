package dev.trellis.host.component;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A value type with parts. An object of its own for every definition and for every name that an import or export gives it,
 * since some rules are about where a type got its name.
 */
public final class DefinedType implements ValueType {
    /** What the type is made of. */
    public sealed interface Shape {
        record RecordOf(List<Field> fields) implements Shape {
            public RecordOf {
                fields = List.copyOf(fields);
            }
        }

        record Variant(List<Case> cases) implements Shape {
            public Variant {
                cases = List.copyOf(cases);
            }
        }

        record ListOf(ValueType element) implements Shape {}

        record FixedListOf(ValueType element, int length) implements Shape {}

        record Tuple(List<ValueType> types) implements Shape {
            public Tuple {
                types = List.copyOf(types);
            }
        }

        record Flags(List<String> labels) implements Shape {
            public Flags {
                labels = List.copyOf(labels);
            }
        }

        record Enumeration(List<String> labels) implements Shape {
            public Enumeration {
                labels = List.copyOf(labels);
            }
        }

        record OptionOf(ValueType type) implements Shape {}

        record ResultOf(Optional<ValueType> ok, Optional<ValueType> error) implements Shape {}

        record MapOf(PrimitiveType key, ValueType value) implements Shape {}

        record Own(ResourceType resource) implements Shape {}

        record Borrow(ResourceType resource) implements Shape {}

        record StreamOf(Optional<ValueType> element) implements Shape {}

        record FutureOf(Optional<ValueType> element) implements Shape {}
    }

    /** A field of a record or a parameter of a function. */
    public record Field(String label, ValueType type) {}

    public record Case(String label, Optional<ValueType> type) {}

    private static final int ORIGINS_MAX = 50;

    private final Shape shape;
    private final Layout layout;
    private final int traits;
    private final long treeSize;
    private final int depth;
    private final @Nullable DefinedType origin;

    DefinedType(Shape shape) {
        this.shape = shape;
        this.origin = null;
        this.layout = layout(shape);
        int traits = ownTraits(shape);
        long treeSize = 1L + labels(shape);
        int depth = 0;
        for (ValueType part : parts(shape).toList()) {
            for (Trait trait : Trait.values()) {
                // A stream or future is passed as a handle; what it carries does not lie beside it.
                boolean inherited = trait != Trait.POINTER || !isChannel(shape);
                traits |= inherited && part.has(trait) ? trait.bit() : 0;
            }
            treeSize = Math.min(Types.TREE_SIZE_CAP, treeSize + part.treeSize());
            depth = Math.max(depth, part.depth());
        }
        this.traits = traits;
        this.treeSize = treeSize;
        this.depth = depth + 1;
    }

    /** The same type under another name, or made of other parts, of which only resources differ. */
    DefinedType(Shape shape, DefinedType original) {
        this.shape = shape;
        this.origin = original;
        this.layout = original.layout;
        this.traits = original.traits;
        this.treeSize = original.treeSize;
        this.depth = original.depth;
    }

    /**
     * The first that {@code known} accepts among this type and those that it is another name of, the nearest first. Looks
     * at no more than {@value #ORIGINS_MAX}.
     */
    Optional<DefinedType> nearest(Predicate<DefinedType> known) {
        DefinedType type = this;
        for (int i = 0; i < ORIGINS_MAX && type != null; i++) {
            if (known.test(type)) {
                return Optional.of(type);
            }
            type = type.origin;
        }
        return Optional.empty();
    }

    public Shape shape() {
        return shape;
    }

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public boolean has(Trait trait) {
        return (traits & trait.bit()) != 0;
    }

    @Override
    public long treeSize() {
        return treeSize;
    }

    @Override
    public int depth() {
        return depth;
    }

    /** The name of the type's constructor. */
    @Override
    public String toString() {
        return switch (shape) {
            case Shape.RecordOf _ -> "record";
            case Shape.Variant _ -> "variant";
            case Shape.ListOf _ -> "list";
            case Shape.FixedListOf _ -> "fixed-length list";
            case Shape.Tuple _ -> "tuple";
            case Shape.Flags _ -> "flags";
            case Shape.Enumeration _ -> "enum";
            case Shape.OptionOf _ -> "option";
            case Shape.ResultOf _ -> "result";
            case Shape.MapOf _ -> "map";
            case Shape.Own _ -> "own";
            case Shape.Borrow _ -> "borrow";
            case Shape.StreamOf _ -> "stream";
            case Shape.FutureOf _ -> "future";
        };
    }

    /** The value types that a shape is made of, in order. */
    static Stream<ValueType> parts(Shape shape) {
        return switch (shape) {
            case Shape.RecordOf(List<Field> fields) -> fields.stream().map(Field::type);
            case Shape.Variant(List<Case> cases) -> cases.stream().flatMap(one -> one.type().stream());
            case Shape.ListOf(ValueType element) -> Stream.of(element);
            case Shape.FixedListOf(ValueType element, int length) -> Stream.of(element);
            case Shape.Tuple(List<ValueType> types) -> types.stream();
            case Shape.Flags _, Shape.Enumeration _, Shape.Own _, Shape.Borrow _ -> Stream.empty();
            case Shape.OptionOf(ValueType type) -> Stream.of(type);
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                Stream.concat(ok.stream(), error.stream());
            case Shape.MapOf(PrimitiveType key, ValueType value) -> Stream.of(key, value);
            case Shape.StreamOf(Optional<ValueType> element) -> element.stream();
            case Shape.FutureOf(Optional<ValueType> element) -> element.stream();
        };
    }

    private static boolean isChannel(Shape shape) {
        return shape instanceof Shape.StreamOf || shape instanceof Shape.FutureOf;
    }

    private static int ownTraits(Shape shape) {
        return switch (shape) {
            case Shape.RecordOf _, Shape.Variant _, Shape.Flags _, Shape.Enumeration _ -> Trait.NOMINAL.bit();
            case Shape.Own _ -> Trait.NOMINAL.bit() | Trait.HANDLE.bit();
            case Shape.Borrow _ -> Trait.NOMINAL.bit() | Trait.HANDLE.bit() | Trait.BORROW.bit();
            case Shape.ListOf _, Shape.MapOf _ -> Trait.POINTER.bit();
            case Shape.FixedListOf _,
                    Shape.Tuple _,
                    Shape.OptionOf _,
                    Shape.ResultOf _,
                    Shape.StreamOf _,
                    Shape.FutureOf _ -> 0;
        };
    }

    private static int labels(Shape shape) {
        return switch (shape) {
            case Shape.Variant(List<Case> cases) -> cases.size();
            case Shape.Flags(List<String> labels) -> labels.size();
            case Shape.Enumeration(List<String> labels) -> labels.size();
            default -> 0;
        };
    }

    private static Layout layout(Shape shape) {
        return switch (shape) {
            case Shape.RecordOf _, Shape.Tuple _ -> Layout.record(layouts(shape));
            case Shape.Variant(List<Case> cases) -> Layout.variant(cases.size(), layouts(shape));
            case Shape.Enumeration(List<String> labels) -> Layout.variant(labels.size(), List.of());
            case Shape.OptionOf _, Shape.ResultOf _ -> Layout.variant(2, layouts(shape));
            case Shape.ListOf _, Shape.MapOf _ -> Layout.POINTER_AND_LENGTH;
            case Shape.FixedListOf(ValueType element, int length) -> Layout.fixedList(element.layout(), length);
            case Shape.Flags(List<String> labels) -> Layout.flags(labels.size());
            case Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ -> Layout.HANDLE;
        };
    }

    private static List<Layout> layouts(Shape shape) {
        return parts(shape).map(ValueType::layout).toList();
    }
}

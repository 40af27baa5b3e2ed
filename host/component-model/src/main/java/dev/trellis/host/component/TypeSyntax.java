package dev.trellis.host.component;

import java.util.List;
import java.util.Optional;

/** A type definition as the bytes say it, with references by index. */
public sealed interface TypeSyntax {
    /** A type of values. */
    sealed interface Value extends TypeSyntax {}

    /** A use of the type at {@code index} of the type index space. */
    record Reference(int offset, int index) implements Value {}

    record Primitive(PrimitiveType type) implements Value {}

    record RecordOf(List<Field> fields) implements TypeSyntax {
        public RecordOf {
            fields = List.copyOf(fields);
        }
    }

    /** A field or parameter. */
    record Field(int offset, String label, Value type) {}

    record Variant(List<Case> cases) implements TypeSyntax {
        public Variant {
            cases = List.copyOf(cases);
        }
    }

    record Case(int offset, String label, Optional<Value> type) {}

    record ListOf(Value element) implements TypeSyntax {}

    record FixedListOf(Value element, long length) implements TypeSyntax {}

    record Tuple(List<Value> types) implements TypeSyntax {
        public Tuple {
            types = List.copyOf(types);
        }
    }

    record Flags(List<String> labels) implements TypeSyntax {
        public Flags {
            labels = List.copyOf(labels);
        }
    }

    record Enumeration(List<String> labels) implements TypeSyntax {
        public Enumeration {
            labels = List.copyOf(labels);
        }
    }

    record OptionOf(Value type) implements TypeSyntax {}

    record ResultOf(Optional<Value> ok, Optional<Value> error) implements TypeSyntax {}

    record MapOf(Value key, Value value) implements TypeSyntax {}

    record Own(int offset, int resource) implements TypeSyntax {}

    record Borrow(int offset, int resource) implements TypeSyntax {}

    record StreamOf(Optional<Value> element) implements TypeSyntax {}

    record FutureOf(Optional<Value> element) implements TypeSyntax {}

    record Function(boolean async, List<Field> parameters, Optional<Value> result) implements TypeSyntax {
        public Function {
            parameters = List.copyOf(parameters);
        }
    }

    /**
     * A new resource type.
     *
     * @param representation the byte of the core type that stands for a resource inside its own component
     */
    record Resource(int representation, Optional<Integer> destructor) implements TypeSyntax {}

    record ComponentOf(List<Definition> declarations) implements TypeSyntax {
        public ComponentOf {
            declarations = List.copyOf(declarations);
        }
    }

    record InstanceOf(List<Definition> declarations) implements TypeSyntax {
        public InstanceOf {
            declarations = List.copyOf(declarations);
        }
    }
}

package dev.trellis.host.component;

import java.util.List;
import java.util.Optional;

/**
 * One item of a component, or of a component or instance type. Indices point into the space of their sort, as far as it
 * is filled by the definitions before this one.
 */
public sealed interface Definition {
    /** Where it begins in the outermost component's bytes. */
    int offset();

    record CoreModule(int offset, ByteSlice bytes) implements Definition {}

    record CoreInstantiate(int offset, int module, List<CoreArgument> arguments) implements Definition {
        public CoreInstantiate {
            arguments = List.copyOf(arguments);
        }
    }

    /** The exports of core instance {@code instance} satisfy the imports from module {@code name}. */
    record CoreArgument(int offset, String name, int instance) {}

    /** A core instance made of definitions that are there already. */
    record CoreExports(int offset, List<CoreExport> exports) implements Definition {
        public CoreExports {
            exports = List.copyOf(exports);
        }
    }

    record CoreExport(int offset, String name, SortIndex target) {}

    record CoreTypeDefinition(int offset, CoreTypeSyntax type) implements Definition {}

    record NestedComponent(int offset, Component component) implements Definition {}

    record Instantiate(int offset, int component, List<Argument> arguments) implements Definition {
        public Instantiate {
            arguments = List.copyOf(arguments);
        }
    }

    record Argument(int offset, String name, SortIndex target) {}

    /** An instance made of definitions that are there already. */
    record InstanceExports(int offset, List<InlineExport> exports) implements Definition {
        public InstanceExports {
            exports = List.copyOf(exports);
        }
    }

    record InlineExport(NameSyntax name, SortIndex target) {}

    record SortIndex(int offset, Sort sort, int index) {}

    /** Brings an export of an instance into the index space of {@code sort}. */
    record AliasExport(int offset, Sort sort, int instance, String name) implements Definition {}

    record AliasCoreExport(int offset, Sort sort, int instance, String name) implements Definition {}

    /** Brings a definition of the {@code count}th enclosing scope into this one; 0 is this scope. */
    record AliasOuter(int offset, Sort sort, int count, int index) implements Definition {}

    record TypeDefinition(int offset, TypeSyntax type) implements Definition {}

    record CanonDefinition(int offset, Canon canon) implements Definition {}

    record Start(int offset, int function, List<Integer> arguments, int results) implements Definition {
        public Start {
            arguments = List.copyOf(arguments);
        }
    }

    record Import(int offset, NameSyntax name, ExternSyntax type) implements Definition {}

    /**
     * Shows a definition to the outside, and adds it to the index space once more, under its name.
     *
     * @param ascribed the type that the outside sees, where it is not the target's own
     */
    record Export(int offset, NameSyntax name, SortIndex target, Optional<ExternSyntax> ascribed)
            implements Definition {}

    /** An export of a component or instance type. */
    record ExportDeclaration(int offset, NameSyntax name, ExternSyntax type) implements Definition {}

    /** A constant; {@code encoded} is in the value encoding of {@code type}. */
    record ValueDefinition(int offset, TypeSyntax.Value type, ByteSlice encoded) implements Definition {}

    /** The name of an import or export, not yet checked against the grammar of names. */
    record NameSyntax(int offset, String name, List<Attribute> attributes) {
        public NameSyntax {
            attributes = List.copyOf(attributes);
        }
    }

    /** What an import or export says beside its name. It takes no part in type checking. */
    sealed interface Attribute {
        /** An instance under a plain name that implements interface {@code name}. */
        record Implements(String name) implements Attribute {}

        record VersionSuffix(String suffix) implements Attribute {}

        record ExternalId(String id) implements Attribute {}
    }
}

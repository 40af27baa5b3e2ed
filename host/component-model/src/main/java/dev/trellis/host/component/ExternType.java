package dev.trellis.host.component;

import dev.trellis.host.engine.ModuleOutline;

/** The type of an import or export. */
public sealed interface ExternType {
    /**
     * A core module.
     *
     * @param outline of the module itself, or of the least that it has to be
     */
    record Module(ModuleOutline outline) implements ExternType {}

    record Function(FunctionType type) implements ExternType {}

    record Type(TypeEntity type) implements ExternType {}

    record Instance(InstanceType type) implements ExternType {}

    record Component(ComponentType type) implements ExternType {}

    default Sort sort() {
        return switch (this) {
            case Module _ -> Sort.CORE_MODULE;
            case Function _ -> Sort.FUNCTION;
            case Type _ -> Sort.TYPE;
            case Instance _ -> Sort.INSTANCE;
            case Component _ -> Sort.COMPONENT;
        };
    }

    default long treeSize() {
        return switch (this) {
            case Module(ModuleOutline outline) ->
                1L + outline.imports().size() + outline.exports().size();
            case Function(FunctionType type) -> type.treeSize();
            case Type(TypeEntity type) -> type.treeSize();
            case Instance(InstanceType type) -> type.treeSize();
            case Component(ComponentType type) -> type.treeSize();
        };
    }

    default int depth() {
        return switch (this) {
            case Module _ -> 1;
            case Function(FunctionType type) -> type.depth();
            case Type(TypeEntity type) -> type.depth();
            case Instance(InstanceType type) -> type.depth();
            case Component(ComponentType type) -> type.depth();
        };
    }
}

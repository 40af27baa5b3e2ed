package dev.trellis.host.component;

import java.util.List;
import java.util.Optional;

/**
 * The type of a component function.
 *
 * @param async whether a call may block
 */
public record FunctionType(boolean async, List<DefinedType.Field> parameters, Optional<ValueType> result)
        implements TypeEntity {
    public FunctionType {
        parameters = List.copyOf(parameters);
    }

    @Override
    public long treeSize() {
        long size = 1 + result.map(ValueType::treeSize).orElse(0L);
        for (DefinedType.Field parameter : parameters) {
            size = Math.min(Types.TREE_SIZE_CAP, size + parameter.type().treeSize());
        }
        return size;
    }

    @Override
    public int depth() {
        int depth = result.map(ValueType::depth).orElse(0);
        for (DefinedType.Field parameter : parameters) {
            depth = Math.max(depth, parameter.type().depth());
        }
        return depth + 1;
    }

    @Override
    public String toString() {
        return async ? "async function" : "function";
    }
}

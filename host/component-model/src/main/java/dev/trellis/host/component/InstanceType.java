package dev.trellis.host.component;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The type of an instance, or a definition of such a type. */
public final class InstanceType implements TypeEntity {
    private final Map<String, ExternType> exports;
    private final Set<Resource> fresh;
    private final long treeSize;
    private final int depth;

    /** @param fresh resources of which every instance has its own; none in the type of an instance that is there */
    InstanceType(Map<String, ExternType> exports, Set<Resource> fresh) {
        this.exports = Collections.unmodifiableMap(new LinkedHashMap<>(exports));
        this.fresh = Types.identities(fresh);
        this.treeSize = Types.treeSize(exports);
        this.depth = Types.depth(exports);
    }

    /** By name, in the order of their definition. */
    public Map<String, ExternType> exports() {
        return exports;
    }

    /** Resources that the exports introduce; every instance of a definition of an instance type has its own. */
    public Set<Resource> fresh() {
        return fresh;
    }

    @Override
    public long treeSize() {
        return treeSize;
    }

    @Override
    public int depth() {
        return depth;
    }

    @Override
    public String toString() {
        return "instance";
    }
}

package dev.trellis.host.component;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What a component needs and gives. */
public final class ComponentType implements TypeEntity {
    private final Map<String, ExternType> imports;
    private final Map<String, ExternType> exports;
    private final Set<Resource> imported;
    private final Set<Resource> fresh;
    private final long treeSize;
    private final int depth;

    ComponentType(
            Map<String, ExternType> imports,
            Map<String, ExternType> exports,
            Set<Resource> imported,
            Set<Resource> fresh) {
        this.imports = Collections.unmodifiableMap(new LinkedHashMap<>(imports));
        this.exports = Collections.unmodifiableMap(new LinkedHashMap<>(exports));
        this.imported = Types.identities(imported);
        this.fresh = Types.identities(fresh);
        this.treeSize = Math.min(Types.TREE_SIZE_CAP, Types.treeSize(imports) + Types.treeSize(exports));
        this.depth = Math.max(Types.depth(imports), Types.depth(exports));
    }

    /** By name, in the order of their definition; later ones may use the types of earlier ones. */
    public Map<String, ExternType> imports() {
        return imports;
    }

    /** By name, in the order of their definition. */
    public Map<String, ExternType> exports() {
        return exports;
    }

    /** Resources that imports introduce; whoever instantiates the component says which they are. */
    public Set<Resource> imported() {
        return imported;
    }

    /** Resources that exports introduce; every instance has its own. */
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
        return "component";
    }
}

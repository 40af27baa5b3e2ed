package dev.trellis.host.component;

/** A use of a resource under one name. Another name of the same resource is another object with the same identity. */
public final class ResourceType implements TypeEntity {
    private final Resource identity;

    ResourceType(Resource identity) {
        this.identity = identity;
    }

    public Resource identity() {
        return identity;
    }

    @Override
    public long treeSize() {
        return 1;
    }

    @Override
    public int depth() {
        return 1;
    }

    @Override
    public String toString() {
        return "resource";
    }
}

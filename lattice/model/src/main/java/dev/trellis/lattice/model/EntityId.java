package dev.trellis.lattice.model;

/**
 * Identity of an actor or a provider within its lattice: the {@code component_id} and {@code provider_id} of the
 * control interface, which share one name space because a link may point from either to either.
 */
public record EntityId(String value) implements Comparable<EntityId> {
    public EntityId {
        Tokens.check("actor or provider id", value, 255);
    }

    @Override
    public int compareTo(EntityId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}

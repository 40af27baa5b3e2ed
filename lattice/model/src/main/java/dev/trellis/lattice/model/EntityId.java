package dev.trellis.lattice.model;

/**
 * Identity of an actor or a provider within its lattice: the {@code component_id} and {@code provider_id} of the
 * control interface, which share one name space because a link may point from either to either.
 */
public record EntityId(String value) implements Comparable<EntityId> {
    /**
     * Source of calls that an operator makes by hand; hosts take them without a link. No actor or provider may be
     * called so.
     */
    public static final EntityId OPERATOR = new EntityId("trellis_operator");

    /** Target of the pings by which hosts measure the way to each other. No actor or provider may be called so. */
    public static final EntityId PING = new EntityId("trellis_ping");

    public EntityId {
        Tokens.check("actor or provider id", value, 255);
    }

    /**
     * The id of something that runs or is linked.
     *
     * @throws IllegalArgumentException if {@code value} is no valid id, or that of {@link #OPERATOR} or {@link #PING}
     */
    public static EntityId ofRunning(String value) {
        var id = new EntityId(value);
        if (id.equals(OPERATOR) || id.equals(PING)) {
            throw new IllegalArgumentException("actor or provider id '" + value + "' is reserved for calls of "
                    + (id.equals(PING) ? "hosts among themselves" : "an operator") + "; take another");
        }
        return id;
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

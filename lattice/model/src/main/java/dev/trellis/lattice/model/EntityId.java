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

    /** Target of the parts of bodies that hosts send each other while a call runs. No actor or provider may be called so. */
    public static final EntityId STREAM = new EntityId("trellis_stream");

    public EntityId {
        Tokens.check("actor or provider id", value, 255);
    }

    /**
     * The id of something that runs or is linked.
     *
     * @throws IllegalArgumentException if {@code value} is no valid id, or one of the reserved ones above
     */
    public static EntityId ofRunning(String value) {
        var id = new EntityId(value);
        if (id.equals(OPERATOR) || id.equals(PING) || id.equals(STREAM)) {
            throw new IllegalArgumentException("actor or provider id '" + value + "' is reserved for calls of "
                    + (id.equals(OPERATOR) ? "an operator" : "hosts among themselves") + "; take another");
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

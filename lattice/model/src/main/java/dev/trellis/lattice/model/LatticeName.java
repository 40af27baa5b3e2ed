package dev.trellis.lattice.model;

/** Name of a lattice: hosts that share one and a NATS server see each other. A NATS token, at most 63 characters. */
public record LatticeName(String value) {
    /** The lattice that every command uses unless told otherwise. */
    public static final LatticeName DEFAULT = new LatticeName("default");

    public LatticeName {
        Tokens.check("lattice name", value, 63);
    }

    @Override
    public String toString() {
        return value;
    }
}

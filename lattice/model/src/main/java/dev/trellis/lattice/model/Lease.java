package dev.trellis.lattice.model;

/**
 * Which controller leads the lattice: the record under {@link #KEY} in {@link Subjects#manifestBucket()}, written by
 * compare-and-set. Its epoch grows with every change of leader; no command of a controller carries a higher one.
 *
 * @param controller identity of the leader; empty if it gave the lease back
 */
public record Lease(String controller, long epoch) {
    /** Key of the record. */
    public static final String KEY = "LEASE";

    public Lease {
        if (controller == null) {
            throw new IllegalArgumentException("a lease must name its controller, or be given back with an empty name");
        }
    }
}

package dev.trellis.wadm.server;

import java.util.Comparator;

/**
 * When an application was last changed: in which leader's term, and as which of its changes. Of two records of one
 * application the one with the later stamp counts.
 */
record Stamp(long epoch, long change) implements Comparable<Stamp> {
    static final Stamp NEVER = new Stamp(0, 0);

    private static final Comparator<Stamp> ORDER =
            Comparator.comparingLong(Stamp::epoch).thenComparingLong(Stamp::change);

    @Override
    public int compareTo(Stamp other) {
        return ORDER.compare(this, other);
    }
}

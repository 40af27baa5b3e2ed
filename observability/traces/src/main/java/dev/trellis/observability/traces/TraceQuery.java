package dev.trellis.observability.traces;

import dev.trellis.lattice.model.EntityId;

/**
 * Which traces to list.
 *
 * @param errors only those in which something failed
 * @param slowNanos only those that took at least so long
 * @param target only those that called an actor or provider whose id begins so; empty for all
 * @param limit how many, newest first
 */
public record TraceQuery(boolean errors, long slowNanos, String target, int limit) {
    /** Traces in one list. */
    public static final int LIMIT_MAX = 1000;

    public TraceQuery {
        if (slowNanos < 0 || limit < 1 || limit > LIMIT_MAX) {
            throw new IllegalArgumentException("a time must not be negative, and a limit 1 to " + LIMIT_MAX);
        }
        if (!target.isEmpty()) {
            new EntityId(target); // throws
        }
    }
}

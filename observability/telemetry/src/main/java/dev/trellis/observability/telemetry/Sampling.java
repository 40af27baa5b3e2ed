package dev.trellis.observability.telemetry;

/**
 * Which traces are recorded. A trace is chosen by its id, so that all hosts with the same ratio choose alike.
 *
 * @param followParent whether a call that belongs to a trace already does as its caller decided
 * @param ratio share of the other traces, 0 to 1
 */
record Sampling(boolean followParent, double ratio) {
    static final Sampling ALL = new Sampling(true, 1);

    Sampling {
        if (!(ratio >= 0 && ratio <= 1)) {
            throw new IllegalArgumentException("a ratio is between 0 and 1, was " + ratio);
        }
    }

    /** Whether a new trace is recorded: as the TraceIdRatioBased sampler of OpenTelemetry. */
    boolean root(long traceLow) {
        return ratio >= 1 || (ratio > 0 && Math.abs(traceLow) < (long) (ratio * Long.MAX_VALUE));
    }

    /** Whether a call is recorded whose caller decided {@code parentSampled}. */
    boolean child(boolean parentSampled, long traceLow) {
        return followParent ? parentSampled : root(traceLow);
    }
}

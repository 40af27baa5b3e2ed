package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.Labels;

/**
 * A part of a scaler's instances and the hosts it may use.
 *
 * @param requirements labels that a host must have, all of them with the same value
 * @param weight share of the instances against the other spreads; not all of them are 0
 */
public record Spread(String name, Labels requirements, int weight, Position position) {
    /** Name of the one spread of a scaler that gives none. */
    public static final String DEFAULT_NAME = "default";

    /** Weight of a spread that gives none. */
    public static final int DEFAULT_WEIGHT = 100;

    /** Largest weight. */
    public static final int WEIGHT_MAX = 1_000_000;

    /** The spread of a scaler that gives none: all hosts. */
    static Spread anywhere(Position position) {
        return new Spread(DEFAULT_NAME, Labels.NONE, DEFAULT_WEIGHT, position);
    }
}

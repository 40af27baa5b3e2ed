package dev.trellis.wadm.manifest;

import java.util.List;

/** Trait {@code spreadscaler}: {@code instances} in the lattice, divided among the spreads by weight. */
public record SpreadScaler(int instances, List<Spread> spreads, Position position) implements ManifestScaler {
    public SpreadScaler {
        spreads = List.copyOf(spreads);
    }
}

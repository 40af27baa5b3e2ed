package dev.trellis.wadm.manifest;

import java.util.List;

/** Trait {@code daemonscaler}: {@code instances} on every host that a spread's requirements match. */
public record DaemonScaler(int instances, List<Spread> spreads, Position position) implements ManifestScaler {
    public DaemonScaler {
        spreads = List.copyOf(spreads);
    }
}

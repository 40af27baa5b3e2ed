package dev.trellis.wadm.manifest;

import java.util.List;

/** How many of a component run, and where. */
public sealed interface ManifestScaler permits SpreadScaler, DaemonScaler {
    /** Most instances that a scaler may ask for. */
    int INSTANCES_MAX = 10_000;

    /** Instances wanted: in the lattice or on every host, as the scaler's type says. 0 stops the component. */
    int instances();

    /** At least one. Spread names are unique. */
    List<Spread> spreads();

    /** Where the trait stands (the component, if it has none). */
    Position position();
}

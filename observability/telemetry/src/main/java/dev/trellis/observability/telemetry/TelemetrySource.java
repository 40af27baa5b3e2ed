package dev.trellis.observability.telemetry;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeName;

/** The host that spans and metrics are of. */
public record TelemetrySource(LatticeName lattice, HostId host, String hostName, String site, String version) {}

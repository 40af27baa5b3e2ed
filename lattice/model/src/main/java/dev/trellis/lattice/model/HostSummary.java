package dev.trellis.lattice.model;

import java.util.Map;

/** Answer to {@code host.ping}: {@code Host} of the control interface. */
public record HostSummary(
        String id,
        String friendlyName,
        Map<String, String> labels,
        String lattice,
        long uptimeSeconds,
        String uptimeHuman,
        String version) {
    public HostSummary {
        labels = labels == null ? Map.of() : Map.copyOf(labels);
    }
}

package dev.trellis.lattice.model;

import com.fasterxml.jackson.annotation.JsonAlias;
import java.util.List;
import java.util.Map;

/**
 * Everything a host runs: the answer to {@code host.get} and the data of {@code host_heartbeat}. Wire names are those
 * of wasmCloud 1.9; {@code scheduling} and {@code links} of a provider are additions that its clients skip.
 * {@code actors}, as older hosts call {@code components}, is read too.
 */
public record HostInventory(
        String hostId,
        String friendlyName,
        Map<String, String> labels,
        String version,
        String uptimeHuman,
        long uptimeSeconds,
        @JsonAlias("actors") List<ActorDescription> components,
        List<ProviderDescription> providers,
        HostScheduling scheduling) {
    public HostInventory {
        labels = labels == null ? Map.of() : Map.copyOf(labels);
        components = components == null ? List.of() : List.copyOf(components);
        providers = providers == null ? List.of() : List.copyOf(providers);
        scheduling = scheduling == null ? HostScheduling.OPEN : scheduling;
    }

    /** The inventory of a host that takes any work. */
    public HostInventory(
            String hostId,
            String friendlyName,
            Map<String, String> labels,
            String version,
            String uptimeHuman,
            long uptimeSeconds,
            List<ActorDescription> components,
            List<ProviderDescription> providers) {
        this(
                hostId,
                friendlyName,
                labels,
                version,
                uptimeHuman,
                uptimeSeconds,
                components,
                providers,
                HostScheduling.OPEN);
    }
}

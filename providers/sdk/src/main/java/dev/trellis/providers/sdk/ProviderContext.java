package dev.trellis.providers.sdk;

import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.observability.telemetry.Telemetry;
import java.nio.file.Path;

/**
 * What a provider is given when it starts.
 *
 * @param id the provider's identity, source of the calls it makes
 * @param config the provider's own config (not that of a link)
 * @param invoker makes calls to linked actors
 * @param transport the lattice, for providers that keep their data there; not theirs to close
 * @param folder where this provider may keep data on its host's disk. It stays when the provider or the host ends; it
 *     need not exist yet, and a provider that keeps nothing leaves it so
 * @param telemetry makes spans of what the provider does for a call, under the call's trace; not theirs to close
 */
public record ProviderContext(
        EntityId id,
        LatticeName lattice,
        Settings config,
        Invoker invoker,
        LatticeTransport transport,
        Path folder,
        Telemetry telemetry) {
    /** A context in which nothing is recorded. */
    public ProviderContext(
            EntityId id,
            LatticeName lattice,
            Settings config,
            Invoker invoker,
            LatticeTransport transport,
            Path folder) {
        this(id, lattice, config, invoker, transport, folder, Telemetry.off());
    }
}

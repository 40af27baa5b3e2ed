package dev.trellis.cli;

import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.transport.LatticeTransport;

/** Connects to a lattice: over NATS, in tests in process too. */
@FunctionalInterface
interface LatticeConnector {
    /**
     * A new connection.
     *
     * @throws dev.trellis.lattice.transport.TransportException if the server cannot be reached or refuses
     */
    LatticeTransport connect(NatsConfig config) throws InterruptedException;
}

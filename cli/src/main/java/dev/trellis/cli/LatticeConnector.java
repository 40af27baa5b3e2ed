package dev.trellis.cli;

import dev.trellis.lattice.transport.LatticeTransport;
import java.nio.file.Path;
import java.util.Optional;

/** Connects to a lattice: over NATS, in tests in process too. */
@FunctionalInterface
interface LatticeConnector {
    /**
     * A new connection.
     *
     * @param name what the server shows as its name
     * @throws dev.trellis.lattice.transport.TransportException if the server cannot be reached or refuses
     * @throws IllegalArgumentException if {@code url} is no NATS URL
     */
    LatticeTransport connect(String url, Optional<Path> credentials, String name) throws InterruptedException;
}

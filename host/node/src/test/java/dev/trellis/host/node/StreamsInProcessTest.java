package dev.trellis.host.node;

import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import org.junit.jupiter.api.AfterEach;

class StreamsInProcessTest extends StreamsOverHosts {
    private final InProcessLattice lattice = new InProcessLattice();

    @Override
    LatticeTransport join() {
        return lattice.join();
    }

    @AfterEach
    void close() {
        lattice.close();
    }
}

package dev.trellis.lattice.nats;

import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.LatticeTransportContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class NatsTransportTest extends LatticeTransportContract {
    @SuppressWarnings("NullAway.Init")
    private static NatsServer server;

    @BeforeAll
    static void startServer() {
        server = NatsServer.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Override
    protected LatticeTransport join() throws Exception {
        return NatsTransport.connect(NatsConfig.of(server.url(), "test"));
    }
}

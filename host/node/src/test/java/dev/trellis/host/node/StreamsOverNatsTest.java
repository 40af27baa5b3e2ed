package dev.trellis.host.node;

import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsServer;
import dev.trellis.lattice.nats.NatsTransport;
import dev.trellis.lattice.transport.LatticeTransport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class StreamsOverNatsTest extends StreamsOverHosts {
    private static NatsServer nats;

    @BeforeAll
    static void start() {
        nats = NatsServer.startWithoutJetStream();
    }

    @AfterAll
    static void stop() {
        nats.close();
    }

    @Override
    LatticeTransport join() throws InterruptedException {
        return NatsTransport.connect(NatsConfig.of(nats.url(), "streams-test"));
    }
}

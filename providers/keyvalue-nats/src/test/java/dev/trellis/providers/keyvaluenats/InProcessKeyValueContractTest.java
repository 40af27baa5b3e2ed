package dev.trellis.providers.keyvaluenats;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.providers.sdk.KeyValueCalls;
import dev.trellis.providers.sdk.KeyValueContractTest;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class InProcessKeyValueContractTest extends KeyValueContractTest {
    private final ManualClock clock = new ManualClock();
    private final InProcessLattice lattice = new InProcessLattice();
    private KeyValueCalls calls;

    @BeforeEach
    void start() throws Exception {
        var provider = new NatsKeyValueProvider(
                KeyValueCalls.PROVIDER, BucketName.ofLattice(LatticeName.DEFAULT), lattice.join(), clock);
        var link = KeyValueCalls.link("default", Map.of());
        provider.linkPut(link);
        calls = new KeyValueCalls(provider, link);
    }

    @AfterEach
    void stop() {
        calls.provider().close();
        lattice.close();
    }

    @Override
    protected KeyValueCalls calls() {
        return calls;
    }

    @Override
    protected void passTime(Duration time) {
        clock.advance(time);
    }
}

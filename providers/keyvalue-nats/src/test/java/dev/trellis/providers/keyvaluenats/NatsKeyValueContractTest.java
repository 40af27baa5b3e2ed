package dev.trellis.providers.keyvaluenats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure.Unavailable;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsServer;
import dev.trellis.lattice.nats.NatsTransport;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.providers.sdk.KeyValueCalls;
import dev.trellis.providers.sdk.KeyValueContractTest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract on a real NATS server, and what happens to calls when that server goes away. */
final class NatsKeyValueContractTest extends KeyValueContractTest {
    private static final Duration RETURN_MAX = Duration.ofSeconds(5);

    private static final ManualClock CLOCK = new ManualClock();
    private static NatsServer nats;
    private static LatticeTransport transport;
    private static KeyValueCalls calls;

    @BeforeAll
    static void start() throws Exception {
        nats = NatsServer.start();
        transport = NatsTransport.connect(NatsConfig.of(nats.url(), "keyvalue-test"));
        var provider = new NatsKeyValueProvider(
                KeyValueCalls.PROVIDER, BucketName.ofLattice(LatticeName.DEFAULT), transport, CLOCK);
        var link = KeyValueCalls.link("default", Map.of());
        provider.linkPut(link);
        calls = new KeyValueCalls(provider, link);
    }

    @AfterAll
    static void stop() {
        calls.provider().close();
        transport.close();
        nats.close();
    }

    @Override
    protected KeyValueCalls calls() {
        return calls;
    }

    @Override
    protected void passTime(Duration time) {
        CLOCK.advance(time);
    }

    @Test
    @Timeout(30)
    void call_natsKilled_unavailableByTheDeadlineAndWorksAfterItsReturn() throws Exception {
        calls.set(key("a"), "v");
        nats.kill();

        long begin = System.nanoTime();
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> calls.within(Duration.ofSeconds(1)).get(key("a")))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(Unavailable.class));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(1250));

        nats.startAgain();
        long end = System.nanoTime() + RETURN_MAX.toNanos();
        while (!works()) {
            assertThat(System.nanoTime()).as("calls should work again").isLessThan(end);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        assertThat(calls.get(key("a"))).isPresent();
    }

    @Test
    void sweep_expiredKeyInARealBucket_isDeleted() throws Exception {
        calls.set(key("a"), ByteString.EMPTY, 1);
        CLOCK.advance(Duration.ofSeconds(2));

        assertThat(((NatsKeyValueProvider) calls.provider()).sweep(true)).isPositive();
        assertThat(transport.store("TRELLIS_KV_default").get(KeyNames.encode(key("a"))))
                .isEmpty();
    }

    private boolean works() throws InterruptedException {
        try {
            return calls.within(Duration.ofSeconds(1)).increment(key("works"), 1) > 0;
        } catch (InvocationException e) {
            return false;
        }
    }
}

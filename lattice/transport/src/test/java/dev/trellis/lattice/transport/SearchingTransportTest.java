package dev.trellis.lattice.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SearchingTransportTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport other = lattice.join();
    private final CountDownLatch reachable = new CountDownLatch(1);
    private final AtomicInteger attempts = new AtomicInteger();
    private final SearchingTransport transport = SearchingTransport.start(
            () -> {
                if (attempts.incrementAndGet() < 3) {
                    throw new TransportException(new TransportFailure.Unreachable("nats://there", "away"));
                }
                reachable.await();
                return lattice.join();
            },
            "nats://there",
            Duration.ofMillis(1));

    @AfterEach
    void close() {
        transport.close();
        other.close();
        lattice.close();
    }

    @Test
    void beforeItIsFound_nothingIsSentAndItSaysSo() {
        transport.publish("a.b", bytes("lost"));

        assertThat(transport.connected()).isFalse();
        assertThat(transport.description()).isEqualTo("nats://there");
        assertThatExceptionOfType(TransportException.class)
                .isThrownBy(() -> transport.request("a.b", bytes("x"), PATIENCE))
                .satisfies(e -> assertThat(e.failure()).isEqualTo(new TransportFailure.Disconnected("a.b", false)));
        assertThatExceptionOfType(TransportException.class).isThrownBy(() -> transport.store("things"));
    }

    @Test
    void found_subscriptionsOfBeforeAreInPlaceWhenListenersHear_closedOnesAreNot() throws Exception {
        BlockingQueue<Boolean> changes = new LinkedBlockingQueue<>();
        transport.onConnectionChange(changes::add);
        transport.subscribe("echo", message -> message.reply(message.message().payload()));
        transport.subscribe("closed", message -> message.reply(bytes("here"))).close();

        reachable.countDown();

        assertThat(changes.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(transport.connected()).isTrue();
        assertThat(other.request("echo", bytes("hi"), PATIENCE).payload()).isEqualTo(bytes("hi"));
        assertThatExceptionOfType(TransportException.class)
                .isThrownBy(() -> other.request("closed", bytes("x"), PATIENCE))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(TransportFailure.NoResponders.class));
        other.subscribe("back", message -> message.reply(bytes("too")));
        assertThat(transport.request("back", bytes("x"), PATIENCE).payload()).isEqualTo(bytes("too"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

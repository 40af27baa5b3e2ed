package dev.trellis.lattice.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.KeyValueStore.Change;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connected to a leaf node, whose hub keeps the stores, goes and comes back. */
@Timeout(90)
class NatsLeafTest {
    private static final String SETTINGS = """
            default_js_domain: { "$G": "" }
            ping_interval: "1s"
            ping_max: 2
            """;

    private static final Duration LONG = Duration.ofSeconds(30);

    private static final Duration POLL = Duration.ofMillis(20);

    @SuppressWarnings("NullAway.Init")
    private NatsServer hub;

    @SuppressWarnings("NullAway.Init")
    private NatsServer leaf;

    @SuppressWarnings("NullAway.Init")
    private LatticeTransport atHub;

    @SuppressWarnings("NullAway.Init")
    private LatticeTransport atLeaf;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore store;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        int port = NatsServer.freePort();
        hub = NatsServer.start(SETTINGS + "leafnodes { listen: \"127.0.0.1:" + port + "\" }\n");
        leaf = NatsServer.startWithoutJetStream(SETTINGS
                + "leafnodes { reconnect: 1, remotes: [ { url: \"nats-leaf://127.0.0.1:" + port + "\" } ] }\n");
        atHub = NatsTransport.connect(NatsConfig.of(hub.url(), "hub"));
        atLeaf = NatsTransport.connect(NatsConfig.of(leaf.url(), "leaf"));
        atHub.store("s").put("k", bytes("1"));
        awaitHub();
        store = atLeaf.store("s");
        assertThat(get("k")).contains("1");
        var _ = atLeaf.subscribe(
                "echo", message -> message.reply(message.message().payload()));
    }

    @AfterEach
    void close() {
        atLeaf.close();
        atHub.close();
        leaf.close();
        hub.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private Optional<String> get(String key) throws InterruptedException {
        return store.get(key).map(entry -> new String(entry.value(), UTF_8));
    }

    /** Waits until the leaf's uplink carries requests to stores. */
    private void awaitHub() throws InterruptedException {
        long end = System.nanoTime() + LONG.toNanos();
        while (true) {
            try {
                atLeaf.store("s").get("k");
                return;
            } catch (TransportException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                pause();
            }
        }
    }

    /** Between two questions: nobody tells when another server has noticed. */
    private static void pause() {
        LockSupport.parkNanos(POLL.toNanos());
    }

    private void assertUnreachable(Class<? extends TransportFailure> failure, Duration within) {
        for (Operation operation : new Operation[] {
            () -> store.get("k"), () -> store.put("k", bytes("x")), () -> store.create("new", bytes("x")), store::keys
        }) {
            long start = System.nanoTime();
            try {
                Object result = operation.run();
                throw new AssertionError("the hub is away, yet the store answers " + result);
            } catch (TransportException e) {
                assertThat(e.failure()).isInstanceOf(failure);
                assertThat(e.failure().message()).contains("s");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(within);
        }
    }

    private interface Operation {
        Object run() throws InterruptedException;
    }

    @Test
    void hubStopped_storesFailTypedAtOnce_whatIsAtTheLeafGoesOn() throws Exception {
        hub.kill();
        awaitGone();

        assertUnreachable(TransportFailure.NoResponders.class, Duration.ofSeconds(2));
        assertThat(atLeaf.request("echo", bytes("hello"), LONG).payload()).isEqualTo(bytes("hello"));
        assertThat(atLeaf.connected()).isTrue();

        hub.startAgain();
        awaitHub();
        assertThat(get("k")).contains("1");
        assertThat(store.put("k", bytes("2"))).isPositive();
    }

    /** Waits until the leaf knows that its uplink is closed. */
    private void awaitGone() throws InterruptedException {
        long end = System.nanoTime() + LONG.toNanos();
        while (System.nanoTime() < end) {
            try {
                store.get("k");
            } catch (TransportException e) {
                if (e.failure() instanceof TransportFailure.NoResponders) {
                    return;
                }
            }
            pause();
        }
        throw new AssertionError("the store is still there " + LONG + " after the hub's end");
    }

    @Test
    void hubSilent_storesFailTypedInTime_andAnswerAgain() throws Exception {
        hub.freeze();
        try {
            long start = System.nanoTime();
            assertThat(atLeaf.request("echo", bytes("hello"), LONG).payload()).isEqualTo(bytes("hello"));
            try {
                store.get("k");
                throw new AssertionError("a frozen hub answers");
            } catch (TransportException e) {
                assertThat(e.failure()).isInstanceOf(TransportFailure.TimedOut.class);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(NatsStore.OPERATION_MAX.multipliedBy(2));
            awaitGone(); // two pings without an answer: the leaf takes its uplink for cut
            assertUnreachable(TransportFailure.NoResponders.class, Duration.ofSeconds(2));
        } finally {
            hub.thaw();
        }
        awaitHub();
        assertThat(get("k")).contains("1");
    }

    @Test
    void hubBack_watchAtTheLeaf_tellsWhatItMissed() throws Exception {
        BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
        try (var _ = store.watch(changes::add)) {
            awaitPut(changes, "1");

            hub.kill();
            awaitGone();
            hub.startAgain();
            putAtHub("2");

            awaitPut(changes, "2");
            putAtHub("3");
            awaitPut(changes, "3");
        }
    }

    private void putAtHub(String value) throws InterruptedException {
        long end = System.nanoTime() + LONG.toNanos();
        while (true) {
            try {
                atHub.store("s").put("k", bytes(value));
                return;
            } catch (TransportException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                pause();
            }
        }
    }

    private static void awaitPut(BlockingQueue<Change> changes, String value) throws InterruptedException {
        long end = System.nanoTime() + LONG.toNanos();
        while (true) {
            Change change = changes.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            assertThat(change).as("a change to " + value).isNotNull();
            if (change instanceof Change.Put(KeyValueStore.Entry entry)
                    && new String(entry.value(), UTF_8).equals(value)) {
                return;
            }
        }
    }
}

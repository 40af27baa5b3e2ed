package dev.trellis.lattice.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.KeyValueStore.Change;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server goes and comes back. */
@Timeout(60)
class NatsOutageTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    /** Less than anything here would wait in vain, however slow the machine. */
    private static final Duration AT_ONCE = LONG.dividedBy(2);

    private final NatsServer server = NatsServer.start();

    @SuppressWarnings("NullAway.Init")
    private LatticeTransport alice;

    @SuppressWarnings("NullAway.Init")
    private LatticeTransport bob;

    private final BlockingQueue<Boolean> connection = new LinkedBlockingQueue<>();
    private final BlockingQueue<Boolean> bobsConnection = new LinkedBlockingQueue<>();

    @BeforeEach
    void connect() throws Exception {
        alice = NatsTransport.connect(NatsConfig.of(server.url(), "alice"));
        bob = NatsTransport.connect(NatsConfig.of(server.url(), "bob"));
        alice.onConnectionChange(connection::add);
        bob.onConnectionChange(bobsConnection::add);
    }

    @AfterEach
    void close() {
        alice.close();
        bob.close();
        server.close();
    }

    private static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(LONG.toMillis(), TimeUnit.MILLISECONDS);
        if (next == null) {
            throw new AssertionError("nothing came within " + LONG);
        }
        return next;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static String next(BlockingQueue<Change> changes) throws InterruptedException {
        return switch (take(changes)) {
            case Change.Put(KeyValueStore.Entry entry) -> entry.key() + "=" + new String(entry.value(), UTF_8);
            case Change.Deleted(String key, long _) -> "-" + key;
            case Change.CaughtUp() -> "caught up";
            case Change.Restarted() -> "restarted";
        };
    }

    private Future<Message> requestInFlight(String subject) throws InterruptedException {
        BlockingQueue<IncomingMessage> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, received::add);
        FutureTask<Message> request = new FutureTask<>(() -> alice.request(subject, bytes("x"), LONG));
        Thread.startVirtualThread(request);
        take(received);
        return request;
    }

    private static void assertDisconnectedInFlight(Future<Message> request, String subject) {
        assertThatThrownBy(request::get)
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(TransportException.class, e -> assertThat(e.failure())
                        .isEqualTo(new TransportFailure.Disconnected(subject, true)));
    }

    private static Duration since(long startNanos) {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void request_serverGoesWhileWaiting_failsAtOnce(boolean killed) throws Exception {
        Future<Message> request = requestInFlight("calls.a");
        long start = System.nanoTime();

        if (killed) {
            server.kill();
        } else {
            server.stop();
        }

        assertDisconnectedInFlight(request, "calls.a");
        assertThat(since(start)).isLessThan(AT_ONCE);
    }

    @Test
    void request_serverFallsSilent_failsWithinSeconds() throws Exception {
        Future<Message> request = requestInFlight("calls.a");
        long start = System.nanoTime();

        // The bar is a matter of constants; on the clock there is only that it works at all.
        assertThat(NatsTransport.PING_INTERVAL.multipliedBy(NatsTransport.PINGS_OUT_MAX + 2))
                .isLessThan(Duration.ofSeconds(4));
        server.freeze();
        try {
            assertDisconnectedInFlight(request, "calls.a");
            assertThat(since(start)).isLessThan(AT_ONCE);
            assertThat(take(connection)).isFalse();
            assertThat(alice.connected()).isFalse();
        } finally {
            server.thaw();
        }

        assertThat(take(connection)).isTrue();
        alice.subscribe("calls.b", incoming -> incoming.reply(bytes("back")));
        try (LatticeTransport carol = NatsTransport.connect(NatsConfig.of(server.url(), "carol"))) {
            assertThat(new String(carol.request("calls.b", bytes("x"), LONG).payload(), UTF_8))
                    .isEqualTo("back");
        }
    }

    @Test
    void transport_serverDown_refusesOrDropsAtOnce() throws Exception {
        KeyValueStore store = alice.store("s");
        server.kill();
        assertThat(take(connection)).isFalse();
        long start = System.nanoTime();

        for (int i = 0; i < 1_000; i++) {
            alice.publish("events.a", new byte[10_000]);
        }
        alice.publish("events.a", new byte[3_000_000]);

        for (TransportFailure failure : List.of(
                failure(() -> alice.request("calls.a", bytes("x"), LONG)),
                failure(() -> alice.request("calls.a", new byte[3_000_000], LONG)),
                failure(() -> alice.requestMany("calls.a", bytes("x"), LONG, 1)),
                failure(() -> store.put("a", bytes("1"))),
                failure(() -> store.get("a")),
                failure(store::entries),
                failure(() -> store.watch(_ -> {})),
                failure(() -> alice.store("t")))) {
            assertThat(failure).isInstanceOfSatisfying(TransportFailure.Disconnected.class, disconnected -> assertThat(
                            disconnected.sent())
                    .isFalse());
        }
        assertThat(alice.connected()).isFalse();
        assertThat(alice.roundTrip()).isEmpty();
        assertThat(since(start)).isLessThan(AT_ONCE);
    }

    private interface Call {
        Object run() throws InterruptedException;
    }

    private static TransportFailure failure(Call call) throws InterruptedException {
        try {
            return new TransportFailure.Refused("the test", "nothing was thrown, but returned: " + call.run());
        } catch (TransportException e) {
            return e.failure();
        }
    }

    @Test
    void subscriptions_serverBack_workAgainAndStaleMessagesAreGone() throws Exception {
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        bob.subscribe(
                "events.>",
                incoming -> received.add(new String(incoming.message().payload(), UTF_8)));
        bob.subscribe("work", "group", incoming -> incoming.reply(bytes("done")));
        server.kill();
        assertThat(take(connection)).isFalse();
        assertThat(take(bobsConnection)).isFalse();
        alice.publish("events.a", bytes("stale"));
        BlockingQueue<String> late = new LinkedBlockingQueue<>();
        bob.subscribe("late", incoming -> late.add(new String(incoming.message().payload(), UTF_8)));

        server.startAgain();
        long start = System.nanoTime();

        assertThat(take(connection)).isTrue();
        assertThat(take(bobsConnection)).isTrue();
        assertThat(new String(alice.request("work", bytes("x"), LONG).payload(), UTF_8))
                .isEqualTo("done");
        alice.publish("events.a", bytes("fresh"));
        alice.publish("late", bytes("too"));
        assertThat(take(received)).isEqualTo("fresh");
        assertThat(take(late)).isEqualTo("too");
        assertThat(since(start)).isLessThan(AT_ONCE);
    }

    /** What {@link LatticeTransport#connected()} promises: whoever is told may ask at once, and is asked. */
    @Test
    void connected_subscriptionsNotYetInPlace_isFalse() throws Exception {
        BlockingQueue<Boolean> carolsConnection = new LinkedBlockingQueue<>();
        try (NatsProxy proxy = NatsProxy.start(server);
                LatticeTransport carol = NatsTransport.connect(NatsConfig.of(proxy.url(), "carol"))) {
            carol.onConnectionChange(carolsConnection::add);
            carol.subscribe("work", incoming -> incoming.reply(bytes("done")));

            proxy.holdSubscriptions();
            proxy.breakConnections();
            assertThat(take(carolsConnection)).isFalse();
            proxy.awaitHeld();
            assertThat(carol.connected()).isFalse();
            assertThat(carol.roundTrip()).isEmpty();
            assertThat(failure(() -> alice.request("work", bytes("x"), LONG)))
                    .isEqualTo(new TransportFailure.NoResponders("work"));
            assertThat(carolsConnection).isEmpty();
            proxy.release();

            assertThat(take(carolsConnection)).isTrue();
            assertThat(carol.connected()).isTrue();
            assertThat(new String(alice.request("work", bytes("x"), LONG).payload(), UTF_8))
                    .isEqualTo("done");
        }
    }

    @Test
    void connection_breaksAgainBeforeSubscriptionsAreInPlace_listenersHearOfOneOutage() throws Exception {
        BlockingQueue<Boolean> carolsConnection = new LinkedBlockingQueue<>();
        try (NatsProxy proxy = NatsProxy.start(server);
                LatticeTransport carol = NatsTransport.connect(NatsConfig.of(proxy.url(), "carol"))) {
            carol.onConnectionChange(carolsConnection::add);
            carol.subscribe("work", incoming -> incoming.reply(bytes("done")));

            proxy.holdSubscriptions();
            proxy.breakConnections();
            proxy.awaitHeld();
            proxy.breakConnections();
            proxy.awaitHeld();
            proxy.release();

            assertThat(List.of(take(carolsConnection), take(carolsConnection))).containsExactly(false, true);
            assertThat(new String(alice.request("work", bytes("x"), LONG).payload(), UTF_8))
                    .isEqualTo("done");
            assertThat(carolsConnection).isEmpty();
        }
    }

    @Test
    void watch_serverBackWithItsStore_tellsEverythingAnew() throws Exception {
        KeyValueStore store = alice.store("s");
        store.put("a", bytes("1"));
        BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
        bob.store("s").watch(changes::add);
        assertThat(List.of(next(changes), next(changes))).containsExactly("a=1", "caught up");

        server.kill();
        assertThat(take(connection)).isFalse();
        server.startAgain();
        assertThat(take(connection)).isTrue();

        assertThat(List.of(next(changes), next(changes), next(changes)))
                .containsExactly("restarted", "a=1", "caught up");
        store.put("b", bytes("2"));
        assertThat(next(changes)).isEqualTo("b=2");
    }

    @Test
    void store_serverBackWithoutItsStore_isMadeAnew() throws Exception {
        KeyValueStore store = alice.store("s");
        long revision = store.put("a", bytes("1"));
        KeyValueStore other = alice.store("unwatched");
        other.put("b", bytes("2"));
        BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
        bob.store("s").watch(changes::add);
        assertThat(List.of(next(changes), next(changes))).containsExactly("a=1", "caught up");

        server.kill();
        server.deleteStore();
        assertThat(take(connection)).isFalse();
        server.startAgain();
        assertThat(take(connection)).isTrue();

        assertThat(List.of(next(changes), next(changes))).containsExactly("restarted", "caught up");
        assertThat(failure(() -> store.update("a", bytes("3"), revision)))
                .isEqualTo(new TransportFailure.Conflict("a"));
        assertThat(other.get("b")).isEmpty();
        assertThat(other.keys()).isEmpty();
        other.create("b", bytes("4"));
        store.put("a", bytes("5"));
        assertThat(next(changes)).isEqualTo("a=5");
    }

    @Test
    void outages_inARow_areAllSurvived() throws Exception {
        List<String> answers = new ArrayList<>();
        bob.subscribe("work", incoming -> incoming.reply(incoming.message().payload()));
        for (int i = 0; i < 3; i++) {
            server.kill();
            assertThat(take(connection)).isFalse();
            assertThat(take(bobsConnection)).isFalse();
            server.startAgain();
            assertThat(take(connection)).isTrue();
            assertThat(take(bobsConnection)).isTrue();
            answers.add(new String(alice.request("work", bytes("m" + i), LONG).payload(), UTF_8));
        }
        assertThat(answers).containsExactly("m0", "m1", "m2");
    }

    @Test
    void close_serverDown_returns() throws Exception {
        server.kill();
        assertThat(take(connection)).isFalse();
        long start = System.nanoTime();

        alice.close();

        assertThat(since(start)).isLessThan(AT_ONCE);
    }
}

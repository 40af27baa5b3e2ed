package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PeerWatcherTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    private final ManualTime time = ManualTime.get(kit.system());
    private final AtomicLong nanos = new AtomicLong();
    private final TestProbe<RouteKeeper.Command> routes = kit.createTestProbe();
    private final BlockingQueue<CompletableFuture<HostInventory>> asked = new LinkedBlockingQueue<>();
    private final BlockingQueue<Ping> pings = new LinkedBlockingQueue<>();
    private final BlockingQueue<HostId> abandoned = new LinkedBlockingQueue<>();
    private final ActorRef<PeerWatcher.Command> watcher = kit.spawn(PeerWatcher.create(
            new HostId("NA"),
            new PeerWatcher.Reach() {
                @Override
                public CompletionStage<HostInventory> inventory(HostId host) {
                    var inventory = new CompletableFuture<HostInventory>();
                    asked.add(inventory);
                    return inventory;
                }

                @Override
                public CompletionStage<Duration> ping(HostId host, Duration patience) {
                    var answer = new CompletableFuture<Duration>();
                    pings.add(new Ping(host, patience, answer));
                    return answer;
                }

                @Override
                public void abandonCalls(HostId host) {
                    abandoned.add(host);
                }
            },
            routes.getRef(),
            nanos::get,
            2));

    private record Ping(HostId host, Duration patience, CompletableFuture<Duration> answer) {
        void timesOut() {
            answer.completeExceptionally(new TransportException(new TransportFailure.TimedOut("ping", 500)));
        }
    }

    @AfterEach
    void close() {
        kit.shutdownTestKit();
    }

    @Test
    void beat_sameHostInANewLife_whatItRanIsForgottenUntilItTellsAnew() throws Exception {
        beat("NB", 1, 7, Beat.State.SERVING);
        asked.take().complete(inventory("first"));
        assertThat(published()).containsExactly("NB first SERVING");

        beat("NB", 2, 7, Beat.State.SERVING);
        assertThat(published()).isEmpty();

        asked.take().complete(inventory("second"));
        assertThat(published()).containsExactly("NB second SERVING");
    }

    @Test
    void inventory_askedOfTheFormerLife_isNotTaken() throws Exception {
        beat("NB", 1, 7, Beat.State.SERVING);
        var stale = asked.take();
        beat("NB", 2, 7, Beat.State.SERVING);
        var fresh = asked.take();
        assertThat(published()).isEmpty();

        stale.complete(inventory("stale"));
        fresh.complete(inventory("fresh"));

        assertThat(published()).containsExactly("NB fresh SERVING");
    }

    @Test
    void inventory_changedWhileItWasAskedFor_isAskedForAgain() throws Exception {
        beat("NB", 1, 7, Beat.State.SERVING);
        var first = asked.take();
        beat("NB", 1, 8, Beat.State.SERVING);

        first.complete(inventory("seven"));
        assertThat(published()).containsExactly("NB seven SERVING");
        asked.take().complete(inventory("eight"));

        assertThat(published()).containsExactly("NB eight SERVING");
    }

    @Test
    void silence_longerThanTheBound_theHostIsGone() throws Exception {
        beat("NB", 1, 7, Beat.State.SERVING);
        asked.take().complete(inventory("x"));
        assertThat(published()).hasSize(1);

        nanos.addAndGet(PeerWatcher.SILENCE.toNanos());
        time.timePasses(Duration.ofMillis(250)); // not longer yet
        beat("NB", 1, 7, Beat.State.DRAINING);
        assertThat(published()).containsExactly("NB x DRAINING");

        nanos.addAndGet(PeerWatcher.SILENCE.toNanos() + 1);
        time.timePasses(Duration.ofMillis(250));
        assertThat(published()).isEmpty();
    }

    @Test
    void leaving_ofThisLife_theHostIsGone_ofAFormerOneItStays() throws Exception {
        beat("NB", 2, 7, Beat.State.SERVING);
        asked.take().complete(inventory("x"));
        assertThat(published()).hasSize(1);

        beat("NB", 1, 9, Beat.State.LEAVING);
        beat("NB", 2, 7, Beat.State.DRAINING); // the marker: still here
        assertThat(published()).containsExactly("NB x DRAINING");

        beat("NB", 2, 7, Beat.State.LEAVING);
        assertThat(published()).isEmpty();
    }

    @Test
    void beat_ofOneHostTooMany_isIgnored() throws Exception {
        beat("NB", 1, 1, Beat.State.SERVING);
        beat("NC", 1, 1, Beat.State.SERVING);
        asked.take().complete(inventory("b"));
        asked.take().complete(inventory("c"));
        published();
        assertThat(published()).hasSize(2);

        beat("ND", 1, 1, Beat.State.SERVING);
        beat("NB", 1, 1, Beat.State.LEAVING);

        assertThat(published()).containsExactly("NC c SERVING");
        assertThat(asked).isEmpty();
    }

    @Test
    void ping_unansweredTwice_theWayIsSuspectAndThenBroken_andHealsWithTheNextAnswer() throws Exception {
        beat("NB", 1, 7, Beat.State.SERVING);
        asked.take().complete(inventory("x"));
        PeerPath path = ((RouteKeeper.PeersChanged) routes.receiveMessage(PATIENCE))
                .peers()
                .getFirst()
                .path();
        nanos.incrementAndGet();
        pings.take().answer().complete(Duration.ofMillis(8));
        time.timePasses(PeerWatcher.PING_EVERY);
        Ping first = pings.take();
        assertThat(path.roundTripNanos()).isEqualTo(8_000_000);
        assertThat(first.patience()).isEqualTo(PeerWatcher.PING_MAX);

        nanos.incrementAndGet();
        first.timesOut();
        Ping second = pings.take();
        assertThat(path.state()).isEqualTo(PeerPath.State.SUSPECT);
        assertThat(second.patience()).isEqualTo(PeerWatcher.SECOND_PING_MAX);
        assertThat(abandoned).isEmpty();

        second.timesOut();
        beat("NB", 1, 7, Beat.State.DRAINING); // it beats all the while: only the way there and back is broken
        assertThat(published()).hasSize(1);
        assertThat(path.state()).isEqualTo(PeerPath.State.BROKEN);
        assertThat(abandoned).isEmpty();
        time.timePasses(PeerWatcher.PING_EVERY);
        pings.take().answer().complete(Duration.ofMillis(8));
        beat("NB", 1, 7, Beat.State.SERVING);
        assertThat(published()).hasSize(1);
        assertThat(path.state()).isEqualTo(PeerPath.State.HEALTHY);
    }

    @Test
    void silence_longerThanTheBound_callsThatWaitEnd() throws Exception {
        beat("NB", 1, 7, Beat.State.SERVING);
        asked.take().complete(inventory("x"));
        published();

        nanos.addAndGet(PeerWatcher.SILENCE.toNanos() + 1);
        time.timePasses(Duration.ofMillis(250));

        assertThat(published()).isEmpty();
        assertThat(abandoned.take()).isEqualTo(new HostId("NB"));
    }

    private void beat(String host, long incarnation, long generation, Beat.State state) {
        watcher.tell(new PeerWatcher.BeatReceived(Beat.newBuilder()
                .setHost(host)
                .setIncarnation(incarnation)
                .setInventoryGeneration(generation)
                .setState(state)
                .build()));
    }

    private List<String> published() {
        var changed = (RouteKeeper.PeersChanged) routes.receiveMessage(PATIENCE);
        return changed.peers().stream()
                .map(peer -> peer.id() + " " + peer.inventory().friendlyName() + " "
                        + peer.beat().getState())
                .toList();
    }

    private static HostInventory inventory(String name) {
        return new HostInventory("NB", name, Map.of(), "1", "0s", 0, List.of(), List.of());
    }
}

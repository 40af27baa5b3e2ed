package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which other hosts are alive, what they run and how far they are. A host is gone with its last beat, or after
 * {@link #SILENCE} without one; its inventory is asked for whenever a beat says that it has changed. It is pinged every
 * second, and calls avoid it while it does not answer; once it is gone, calls that wait for it end.
 */
final class PeerWatcher {
    /** Silence after which a host counts as gone: with a beat every second, two lost ones are forgiven. */
    static final Duration SILENCE = Duration.ofMillis(2500);

    private static final Duration CHECK_EVERY = Duration.ofMillis(250);

    /** How often a host is pinged. */
    static final Duration PING_EVERY = Duration.ofSeconds(1);

    /** Time for the answer to a ping; then the way is suspect, and a second ping follows at once. */
    static final Duration PING_MAX = Duration.ofMillis(500);

    /** Time for the answer to that second ping; then the way is broken. */
    static final Duration SECOND_PING_MAX = Duration.ofMillis(1500);

    /** Hosts pinged at a time; of more each is pinged less often, in turn, and beats alone tell that one is gone. */
    static final int PINGED_MAX = 256;

    /** How often calls to a host that has gone are ended: some may have been sent by a snapshot of before. */
    private static final int FAREWELLS = 4;

    /** Hosts followed; beats of further ones are ignored, with a warning. */
    static final int PEERS_MAX = 10_000;

    private static final Logger log = LoggerFactory.getLogger(PeerWatcher.class);

    sealed interface Command {}

    record BeatReceived(Beat beat) implements Command {}

    private record InventoryFetched(HostId host, int fetch, long incarnation, long generation, HostInventory inventory)
            implements Command {}

    private record FetchFailed(HostId host, int fetch, Throwable error) implements Command {}

    private record Pinged(HostId host, PeerPath path, Duration roundTrip) implements Command {}

    private record PingFailed(HostId host, PeerPath path, long sentNanos, boolean again, Throwable error)
            implements Command {}

    private enum Tick implements Command {
        CHECK,
        PING
    }

    /** What is asked of other hosts. Never blocks. */
    interface Reach {
        CompletionStage<HostInventory> inventory(HostId host);

        /** The round trip of a ping, which fails after {@code patience} at the latest. */
        CompletionStage<Duration> ping(HostId host, Duration patience);

        /** Ends the calls of this host that wait for an answer of {@code host}. */
        void abandonCalls(HostId host);
    }

    private static final class Followed {
        private Beat beat;
        private long lastSeenNanos;
        private long knownIncarnation;
        private long knownGeneration = -1;
        private @Nullable HostInventory inventory;
        private boolean fetching;
        private int fetch; // the latest one
        private final PeerPath path;
        private boolean pinging;

        Followed(Beat beat, long now, PeerPath path) {
            this.beat = beat;
            this.lastSeenNanos = now;
            this.path = path;
        }

        boolean current() {
            return inventory != null
                    && knownIncarnation == beat.getIncarnation()
                    && knownGeneration == beat.getInventoryGeneration();
        }
    }

    private final ActorContext<Command> context;
    private final HostId self;
    private final Reach reach;
    private final ActorRef<RouteKeeper.Command> routes;
    private final LongSupplier nanoTime;
    private final int peersMax;
    private final Map<HostId, Followed> peers = new HashMap<>();
    private final Map<HostId, Integer> farewells = new HashMap<>(); // hosts that have just gone
    private boolean toldFull;
    private int turn;
    private int fetches;

    private PeerWatcher(
            ActorContext<Command> context,
            HostId self,
            Reach reach,
            ActorRef<RouteKeeper.Command> routes,
            LongSupplier nanoTime,
            int peersMax) {
        this.context = context;
        this.self = self;
        this.reach = reach;
        this.routes = routes;
        this.nanoTime = nanoTime;
        this.peersMax = peersMax;
    }

    static Behavior<Command> create(HostId self, Reach reach, ActorRef<RouteKeeper.Command> routes) {
        return create(self, reach, routes, System::nanoTime, PEERS_MAX);
    }

    static Behavior<Command> create(
            HostId self, Reach reach, ActorRef<RouteKeeper.Command> routes, LongSupplier nanoTime, int peersMax) {
        return Behaviors.setup(context -> Behaviors.withTimers((TimerScheduler<Command> timers) -> {
            timers.startTimerWithFixedDelay(Tick.CHECK, CHECK_EVERY);
            timers.startTimerWithFixedDelay(Tick.PING, PING_EVERY);
            return new PeerWatcher(context, self, reach, routes, nanoTime, peersMax).behavior();
        }));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case BeatReceived(var beat) -> onBeat(beat);
                case InventoryFetched fetched -> onFetched(fetched);
                case FetchFailed failed -> onFetchFailed(failed);
                case Pinged(var host, var path, var roundTrip) -> onPinged(host, path, roundTrip);
                case PingFailed failed -> onPingFailed(failed);
                case Tick.CHECK -> onCheck();
                case Tick.PING -> pingInTurn();
            }
            return Behaviors.same();
        });
    }

    private void onBeat(Beat beat) {
        HostId host;
        try {
            host = new HostId(beat.getHost());
        } catch (IllegalArgumentException e) {
            log.debug("Beat without a valid host id: {}", e.getMessage());
            return;
        }
        if (host.equals(self)) {
            return;
        }
        if (beat.getState() == Beat.State.LEAVING) {
            Followed leaving = peers.get(host);
            if (leaving != null && leaving.beat.getIncarnation() == beat.getIncarnation()) {
                peers.remove(host);
                log.info("Host {} ({}) has left", beat.getFriendlyName(), host);
                leaving.path.gone();
                farewells.put(host, FAREWELLS); // from the next check on: its last replies may be on their way
                publish();
            }
            return;
        }
        Followed peer = peers.get(host);
        if (peer == null) {
            if (peers.size() >= peersMax) {
                if (!toldFull) {
                    log.warn("Beats of host {} and other new ones are ignored: {} hosts are followed", host, peersMax);
                    toldFull = true;
                }
                return;
            }
            peer = new Followed(beat, nanoTime.getAsLong(), new PeerPath(nanoTime));
            peers.put(host, peer);
            farewells.remove(host);
            log.info("Host {} ({}) is here", beat.getFriendlyName(), host);
            ping(host, peer, PING_MAX, false);
        }
        boolean restarted = peer.beat.getIncarnation() != beat.getIncarnation();
        boolean stateChanged = peer.beat.getState() != beat.getState();
        peer.beat = beat;
        peer.lastSeenNanos = nanoTime.getAsLong();
        if (restarted) {
            log.info("Host {} ({}) has started anew", beat.getFriendlyName(), host);
            peer.inventory = null; // nothing of what it ran runs until it says so
            peer.fetching = false; // what is under way may tell of its life before
            reach.abandonCalls(host); // that life does not answer them any more
        }
        if (!peer.current() && !peer.fetching) {
            fetch(host, peer);
        }
        if (stateChanged || restarted) {
            publish();
        }
    }

    private void fetch(HostId host, Followed peer) {
        int fetch = ++fetches;
        long incarnation = peer.beat.getIncarnation();
        long generation = peer.beat.getInventoryGeneration();
        context.pipeToSelf(
                reach.inventory(host),
                (inventory, error) -> error == null
                        ? new InventoryFetched(host, fetch, incarnation, generation, inventory)
                        : new FetchFailed(host, fetch, error));
        peer.fetch = fetch;
        peer.fetching = true;
    }

    private void onFetched(InventoryFetched fetched) {
        Followed peer = peers.get(fetched.host());
        if (peer == null || peer.fetch != fetched.fetch() || peer.beat.getIncarnation() != fetched.incarnation()) {
            return; // of its life before
        }
        peer.fetching = false;
        peer.inventory = fetched.inventory();
        peer.knownIncarnation = fetched.incarnation();
        peer.knownGeneration = fetched.generation();
        publish();
        if (!peer.current()) {
            fetch(fetched.host(), peer);
        }
    }

    private void onFetchFailed(FetchFailed failed) {
        Followed peer = peers.get(failed.host());
        if (peer != null && peer.fetch == failed.fetch()) {
            peer.fetching = false; // its next beat asks again
            log.debug(
                    "Host {} did not tell its inventory: {}",
                    failed.host(),
                    failed.error().getMessage());
        }
    }

    // Pings.

    private void pingInTurn() {
        int hosts = peers.size();
        if (hosts <= PINGED_MAX) {
            peers.forEach((host, peer) -> ping(host, peer, PING_MAX, false));
            return;
        }
        var all = List.copyOf(peers.keySet());
        for (int i = 0; i < PINGED_MAX; i++) {
            HostId host = all.get(Math.floorMod(turn++, hosts));
            ping(host, Objects.requireNonNull(peers.get(host)), PING_MAX, false);
        }
    }

    private void ping(HostId host, Followed peer, Duration patience, boolean again) {
        if (peer.pinging) {
            return;
        }
        peer.pinging = true;
        PeerPath path = peer.path;
        long sent = nanoTime.getAsLong();
        context.pipeToSelf(
                reach.ping(host, patience),
                (roundTrip, error) -> error == null
                        ? new Pinged(host, path, roundTrip)
                        : new PingFailed(host, path, sent, again, error));
    }

    private void onPinged(HostId host, PeerPath path, Duration roundTrip) {
        Followed peer = peers.get(host);
        if (peer == null || peer.path != path) {
            return; // it has gone, and come back by another way
        }
        peer.pinging = false;
        if (path.state() == PeerPath.State.BROKEN) {
            log.info("Host {} ({}) answers again", peer.beat.getFriendlyName(), host);
        }
        path.answered(roundTrip);
    }

    private void onPingFailed(PingFailed failed) {
        HostId host = failed.host();
        Followed peer = peers.get(host);
        if (peer == null || peer.path != failed.path()) {
            return;
        }
        peer.pinging = false;
        PeerPath path = peer.path;
        PeerPath.State before = path.state();
        switch (failure(failed.error())) {
            case TransportFailure.TimedOut _ -> path.missed(failed.sentNanos());
            case TransportFailure.NoResponders _ -> path.absent();
            case null, default -> {
                return; // this host's own connection; it says nothing about the other
            }
        }
        switch (path.state()) {
            case HEALTHY -> {}
            case SUSPECT -> {
                if (!failed.again()) {
                    ping(host, peer, SECOND_PING_MAX, true);
                }
            }
            case BROKEN -> {
                if (before != PeerPath.State.BROKEN) {
                    log.warn("Host {} ({}) does not answer: calls go elsewhere", peer.beat.getFriendlyName(), host);
                }
            }
            case GONE -> {}
        }
    }

    private static @Nullable TransportFailure failure(Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        return cause instanceof TransportException broken ? broken.failure() : null;
    }

    private void onCheck() {
        farewells.keySet().forEach(reach::abandonCalls);
        farewells.replaceAll((_, left) -> left - 1);
        farewells.values().removeIf(left -> left == 0);
        long now = nanoTime.getAsLong();
        boolean changed = peers.entrySet().removeIf(entry -> {
            boolean silent = now - entry.getValue().lastSeenNanos > SILENCE.toNanos();
            if (silent) {
                log.warn(
                        "Host {} ({}) is gone: no beat for {} ms",
                        entry.getValue().beat.getFriendlyName(),
                        entry.getKey(),
                        SILENCE.toMillis());
                entry.getValue().path.gone();
                reach.abandonCalls(entry.getKey());
                farewells.put(entry.getKey(), FAREWELLS);
            }
            return silent;
        });
        if (changed) {
            publish();
        }
    }

    private void publish() {
        List<Peer> alive = peers.entrySet().stream()
                .filter(entry -> entry.getValue().inventory != null)
                .map(entry -> new Peer(
                        entry.getKey(),
                        entry.getValue().beat,
                        Objects.requireNonNull(entry.getValue().inventory),
                        entry.getValue().path))
                .toList();
        routes.tell(new RouteKeeper.PeersChanged(alive));
    }
}

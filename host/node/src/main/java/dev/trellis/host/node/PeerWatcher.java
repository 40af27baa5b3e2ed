package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which other hosts are alive and what they run. A host is gone with its last beat, or after {@link #SILENCE}
 * without one; its inventory is asked for whenever a beat says that it has changed.
 */
final class PeerWatcher {
    /** Silence after which a host counts as gone: with a beat every second, two lost ones are forgiven. */
    static final Duration SILENCE = Duration.ofMillis(2500);

    private static final Duration CHECK_EVERY = Duration.ofMillis(250);

    /** Hosts followed; beats of further ones are ignored, with a warning. */
    static final int PEERS_MAX = 10_000;

    private static final Logger log = LoggerFactory.getLogger(PeerWatcher.class);

    sealed interface Command {}

    record BeatReceived(Beat beat) implements Command {}

    private record InventoryFetched(HostId host, int fetch, long incarnation, long generation, HostInventory inventory)
            implements Command {}

    private record FetchFailed(HostId host, int fetch, Throwable error) implements Command {}

    private enum Check implements Command {
        NOW
    }

    private static final class Followed {
        private Beat beat;
        private long lastSeenNanos;
        private long knownIncarnation;
        private long knownGeneration = -1;
        private @Nullable HostInventory inventory;
        private boolean fetching;
        private int fetch; // the latest one

        Followed(Beat beat, long now) {
            this.beat = beat;
            this.lastSeenNanos = now;
        }

        boolean current() {
            return inventory != null
                    && knownIncarnation == beat.getIncarnation()
                    && knownGeneration == beat.getInventoryGeneration();
        }
    }

    private final ActorContext<Command> context;
    private final HostId self;
    private final Function<HostId, CompletionStage<HostInventory>> fetchInventory;
    private final ActorRef<RouteKeeper.Command> routes;
    private final LongSupplier nanoTime;
    private final int peersMax;
    private final Map<HostId, Followed> peers = new HashMap<>();
    private boolean toldFull;
    private int fetches;

    private PeerWatcher(
            ActorContext<Command> context,
            HostId self,
            Function<HostId, CompletionStage<HostInventory>> fetchInventory,
            ActorRef<RouteKeeper.Command> routes,
            LongSupplier nanoTime,
            int peersMax) {
        this.context = context;
        this.self = self;
        this.fetchInventory = fetchInventory;
        this.routes = routes;
        this.nanoTime = nanoTime;
        this.peersMax = peersMax;
    }

    static Behavior<Command> create(
            HostId self,
            Function<HostId, CompletionStage<HostInventory>> fetchInventory,
            ActorRef<RouteKeeper.Command> routes) {
        return create(self, fetchInventory, routes, System::nanoTime, PEERS_MAX);
    }

    static Behavior<Command> create(
            HostId self,
            Function<HostId, CompletionStage<HostInventory>> fetchInventory,
            ActorRef<RouteKeeper.Command> routes,
            LongSupplier nanoTime,
            int peersMax) {
        return Behaviors.setup(context -> Behaviors.withTimers((TimerScheduler<Command> timers) -> {
            timers.startTimerWithFixedDelay(Check.NOW, CHECK_EVERY);
            return new PeerWatcher(context, self, fetchInventory, routes, nanoTime, peersMax).behavior();
        }));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case BeatReceived(var beat) -> onBeat(beat);
                case InventoryFetched fetched -> onFetched(fetched);
                case FetchFailed failed -> onFetchFailed(failed);
                case Check.NOW -> onCheck();
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
            peer = new Followed(beat, nanoTime.getAsLong());
            peers.put(host, peer);
            log.info("Host {} ({}) is here", beat.getFriendlyName(), host);
        }
        boolean restarted = peer.beat.getIncarnation() != beat.getIncarnation();
        boolean stateChanged = peer.beat.getState() != beat.getState();
        peer.beat = beat;
        peer.lastSeenNanos = nanoTime.getAsLong();
        if (restarted) {
            log.info("Host {} ({}) has started anew", beat.getFriendlyName(), host);
            peer.inventory = null; // nothing of what it ran runs until it says so
            peer.fetching = false; // what is under way may tell of its life before
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
                fetchInventory.apply(host),
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

    private void onCheck() {
        long now = nanoTime.getAsLong();
        boolean changed = peers.entrySet().removeIf(entry -> {
            boolean silent = now - entry.getValue().lastSeenNanos > SILENCE.toNanos();
            if (silent) {
                log.warn(
                        "Host {} ({}) is gone: no beat for {} ms",
                        entry.getValue().beat.getFriendlyName(),
                        entry.getKey(),
                        SILENCE.toMillis());
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
                        entry.getKey(), entry.getValue().beat, Objects.requireNonNull(entry.getValue().inventory)))
                .toList();
        routes.tell(new RouteKeeper.PeersChanged(alive));
    }
}

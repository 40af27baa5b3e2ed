package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.KeyValueStore.Change;
import dev.trellis.lattice.transport.Subscription;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns this host's copy of the lattice's links and configs: watches both stores, reads each changed record once, and
 * tells routes and providers the whole of it. While the stores are away the last copy stays in force.
 */
final class LinkKeeper {
    private static final Duration OPEN_AGAIN_AFTER = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(LinkKeeper.class);

    sealed interface Command {}

    private record Opened(Which which, Subscription watch) implements Command {}

    private record OpenFailed(Which which, Throwable error) implements Command {}

    private record Open(Which which) implements Command {}

    private record Told(Which which, Change change) implements Command {}

    private enum Which {
        LINKS,
        CONFIGS
    }

    /** A link that is not used since another one stands for the same contract. */
    private record Shadowed(LinkKey link, LinkKey by) {}

    /** A record as it was read; empty if it cannot be used, which was told once when it was read. */
    private record Parsed<T>(long revision, Optional<T> value) {}

    /** Copy of one store: what is in force, and while the store is read anew, what has come so far. Sorted by key. */
    private static final class Copy<T> {
        private final Function<KeyValueStore.Entry, Optional<T>> parser;
        private SortedMap<String, Parsed<T>> inForce = new TreeMap<>();
        private @Nullable SortedMap<String, Parsed<T>> next = new TreeMap<>();
        private boolean known;

        Copy(Function<KeyValueStore.Entry, Optional<T>> parser) {
            this.parser = parser;
        }

        /** Whether what is in force may have changed. */
        boolean apply(Change change) {
            return switch (change) {
                case Change.Put(var entry) -> put(entry) && next == null;
                case Change.Deleted deleted -> filling().remove(deleted.key()) != null && next == null;
                case Change.Restarted() -> {
                    next = new TreeMap<>();
                    yield false;
                }
                case Change.CaughtUp() -> {
                    if (next != null) {
                        inForce = next;
                        next = null;
                        known = true;
                    }
                    yield true;
                }
            };
        }

        /** Whether all of the store has been read at least once. */
        boolean known() {
            return known;
        }

        private boolean put(KeyValueStore.Entry entry) {
            Parsed<T> known = inForce.get(entry.key());
            Parsed<T> parsed = known != null && known.revision() == entry.revision()
                    ? known
                    : new Parsed<>(entry.revision(), parser.apply(entry));
            return !parsed.equals(filling().put(entry.key(), parsed));
        }

        private SortedMap<String, Parsed<T>> filling() {
            return next == null ? inForce : next;
        }
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final LatticeRecords records;
    private final Executor io;
    private final ActorRef<RouteKeeper.Command> routes;
    private final ActorRef<ProviderKeeper.Command> providers;
    private final ActorRef<StateKeeper.Command> disk;
    private final ActorConfigs actorConfigs;
    private final Copy<StoredLink> links = new Copy<>(LinkKeeper::parseLink);
    private final Copy<Map<String, String>> configs = new Copy<>(LinkKeeper::parseConfig);
    private List<StoredLink> linksInForce = List.of();
    private Map<String, Map<String, String>> configsInForce = Map.of();
    private Set<Shadowed> shadowed = Set.of();
    private final Map<Which, Subscription> watches = new HashMap<>();
    private final Set<Which> toldAway = new HashSet<>();

    private LinkKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            LatticeRecords records,
            Executor io,
            ActorRef<RouteKeeper.Command> routes,
            ActorRef<ProviderKeeper.Command> providers,
            ActorRef<StateKeeper.Command> disk,
            ActorConfigs actorConfigs) {
        this.actorConfigs = actorConfigs;
        this.context = context;
        this.timers = timers;
        this.records = records;
        this.io = io;
        this.routes = routes;
        this.providers = providers;
        this.disk = disk;
    }

    static Behavior<Command> create(
            LatticeRecords records,
            Executor io,
            ActorRef<RouteKeeper.Command> routes,
            ActorRef<ProviderKeeper.Command> providers,
            ActorRef<StateKeeper.Command> disk,
            ActorConfigs actorConfigs) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            context.getSelf().tell(new Open(Which.LINKS));
            context.getSelf().tell(new Open(Which.CONFIGS));
            return new LinkKeeper(context, timers, records, io, routes, providers, disk, actorConfigs).behavior();
        }));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receive(Command.class)
                .onMessage(Command.class, command -> {
                    switch (command) {
                        case Open(var which) -> onOpen(which);
                        case Opened(var which, var watch) -> {
                            toldAway.remove(which);
                            watches.put(which, watch);
                        }
                        case OpenFailed(var which, var error) -> onOpenFailed(which, error);
                        case Told(var which, var change) -> onTold(which, change);
                    }
                    return Behaviors.same();
                })
                .onSignal(PreRestart.class, _ -> closeWatches())
                .onSignal(PostStop.class, _ -> closeWatches())
                .build();
    }

    private Behavior<Command> closeWatches() {
        watches.values().forEach(Subscription::close);
        return Behaviors.same();
    }

    private void onOpen(Which which) {
        var self = context.getSelf();
        var watch = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        KeyValueStore store =
                                switch (which) {
                                    case LINKS -> records.linkStore();
                                    case CONFIGS -> records.configStore();
                                };
                        return store.watch(change -> self.tell(new Told(which, change)));
                    } catch (InterruptedException e) {
                        throw new CompletionException(e);
                    }
                },
                io);
        context.pipeToSelf(
                watch,
                (subscription, error) ->
                        error == null ? new Opened(which, subscription) : new OpenFailed(which, error));
    }

    private void onOpenFailed(Which which, Throwable error) {
        if (toldAway.add(which)) {
            log.warn(
                    "The lattice's {} cannot be watched yet, what was known before stays in force: {}",
                    which,
                    error.getMessage());
        }
        timers.startSingleTimer(which, new Open(which), OPEN_AGAIN_AFTER);
    }

    private void onTold(Which which, Change change) {
        switch (which) {
            case LINKS -> {
                if (!links.apply(change)) {
                    return;
                }
                List<StoredLink> inForce = onePerRoute();
                routes.tell(new RouteKeeper.LinksChanged(inForce));
                linksInForce = inForce;
            }
            case CONFIGS -> {
                if (!configs.apply(change)) {
                    return;
                }
                var inForce = new HashMap<String, Map<String, String>>();
                configs.inForce.forEach(
                        (name, parsed) -> parsed.value().ifPresent(config -> inForce.put(name, config)));
                configsInForce = Map.copyOf(inForce);
                actorConfigs.inForce(configsInForce);
            }
        }
        if (links.known() && configs.known()) { // half of it would take from providers what they were given before
            records.lastKnown(configsInForce);
            providers.tell(new ProviderKeeper.LinksChanged(linksInForce, configsInForce));
            disk.tell(new StateKeeper.LinksInForce(linksInForce, configsInForce));
        }
    }

    /**
     * The links, at most one of a source, name and contract. Where two stand for faces of one contract, which
     * {@code link.put} refuses but an older record or another writer may bring about, every host takes the one with
     * the contract's own name, or else the first by key.
     */
    private List<StoredLink> onePerRoute() {
        var byRoute = new LinkedHashMap<LinkKey, StoredLink>();
        var nowShadowed = new HashSet<Shadowed>();
        for (var parsed : links.inForce.values()) {
            if (parsed.value().isEmpty()) {
                continue;
            }
            StoredLink stored = parsed.value().get();
            LinkKey own = stored.link().key();
            LinkKey route = LocalProvider.routeKey(stored.link());
            StoredLink other = byRoute.get(route);
            if (other == null) {
                byRoute.put(route, stored);
                continue;
            }
            boolean wins = own.equals(route);
            if (wins) {
                byRoute.put(route, stored);
            }
            var pair = wins
                    ? new Shadowed(other.link().key(), own)
                    : new Shadowed(own, other.link().key());
            nowShadowed.add(pair);
            if (!shadowed.contains(pair)) {
                log.warn(
                        "Link {} is not used: {} is the same contract by another name; delete one", pair.link, pair.by);
            }
        }
        shadowed = nowShadowed;
        return List.copyOf(byRoute.values());
    }

    private static Optional<StoredLink> parseLink(KeyValueStore.Entry entry) {
        if (!entry.key().startsWith(LatticeRecords.LINK_PREFIX)) {
            return Optional.empty(); // claims
        }
        return LatticeRecords.parseLink(entry);
    }

    private static Optional<Map<String, String>> parseConfig(KeyValueStore.Entry entry) {
        try {
            return Optional.of(WireJson.readStrings(entry.value()));
        } catch (IllegalArgumentException _) {
            log.warn("Config {} is no JSON object of strings", entry.key()); // without the reason, which may quote it
            return Optional.empty();
        }
    }
}

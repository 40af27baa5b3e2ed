package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.KeyValueStore.Change;
import dev.trellis.lattice.transport.Subscription;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns this host's copy of the lattice's links and configs: watches both stores, and tells routes and providers the
 * whole of it after each change. While the stores are away the last copy stays in force.
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

    /** Copy of one store: what is in force, and while the store is read anew, what has come so far. */
    private static final class Copy {
        private Map<String, KeyValueStore.Entry> inForce = new HashMap<>();
        private @Nullable Map<String, KeyValueStore.Entry> next = new HashMap<>();

        boolean apply(Change change) {
            return switch (change) {
                case Change.Put(var entry) -> {
                    filling().put(entry.key(), entry);
                    yield next == null;
                }
                case Change.Deleted deleted -> {
                    filling().remove(deleted.key());
                    yield next == null;
                }
                case Change.Restarted() -> {
                    next = new HashMap<>();
                    yield false;
                }
                case Change.CaughtUp() -> {
                    if (next != null) {
                        inForce = next;
                        next = null;
                    }
                    yield true;
                }
            };
        }

        private Map<String, KeyValueStore.Entry> filling() {
            return next == null ? inForce : next;
        }
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final LatticeRecords records;
    private final Executor io;
    private final ActorRef<RouteKeeper.Command> routes;
    private final ActorRef<ProviderKeeper.Command> providers;
    private final Map<Which, Copy> copies = Map.of(Which.LINKS, new Copy(), Which.CONFIGS, new Copy());
    private final Map<Which, Subscription> watches = new HashMap<>();

    private LinkKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            LatticeRecords records,
            Executor io,
            ActorRef<RouteKeeper.Command> routes,
            ActorRef<ProviderKeeper.Command> providers) {
        this.context = context;
        this.timers = timers;
        this.records = records;
        this.io = io;
        this.routes = routes;
        this.providers = providers;
    }

    static Behavior<Command> create(
            LatticeRecords records,
            Executor io,
            ActorRef<RouteKeeper.Command> routes,
            ActorRef<ProviderKeeper.Command> providers) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            context.getSelf().tell(new Open(Which.LINKS));
            context.getSelf().tell(new Open(Which.CONFIGS));
            return new LinkKeeper(context, timers, records, io, routes, providers).behavior();
        }));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receive(Command.class)
                .onMessage(Command.class, command -> {
                    switch (command) {
                        case Open(var which) -> onOpen(which);
                        case Opened(var which, var watch) -> watches.put(which, watch);
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
        log.warn("The lattice's {} cannot be watched yet: {}", which, error.getMessage());
        timers.startSingleTimer(which, new Open(which), OPEN_AGAIN_AFTER);
    }

    private void onTold(Which which, Change change) {
        Copy copy = Objects.requireNonNull(copies.get(which));
        if (!copy.apply(change)) {
            return;
        }
        List<StoredLink> links = copy(Which.LINKS).values().stream()
                .filter(entry -> entry.key().startsWith(LatticeRecords.LINK_PREFIX))
                .flatMap(entry ->
                        LatticeRecords.parseLink(entry).map(link -> new StoredLink(link, entry.revision())).stream())
                .toList();
        routes.tell(new RouteKeeper.LinksChanged(
                links.stream().map(StoredLink::link).toList()));
        providers.tell(new ProviderKeeper.LinksChanged(links, configs()));
    }

    private Map<String, KeyValueStore.Entry> copy(Which which) {
        return Objects.requireNonNull(copies.get(which)).inForce;
    }

    private Map<String, Map<String, String>> configs() {
        var configs = new HashMap<String, Map<String, String>>();
        copy(Which.CONFIGS).forEach((name, entry) -> {
            try {
                configs.put(name, WireJson.readStrings(entry.value()));
            } catch (IllegalArgumentException _) {
                log.warn("Config {} is no JSON object of strings", name); // without the reason, which may quote it
            }
        });
        return configs;
    }
}

package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.providers.sdk.ProviderFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Root of a host's control plane; reads like the drawing in the module's README. */
final class HostGuardian {
    private static final Logger log = LoggerFactory.getLogger(HostGuardian.class);

    /** Room for as many labels as a host may have; a larger beat is ignored. */
    private static final int BEAT_BYTES_MAX = 1 << 20;

    /** Time for the other hosts to hear that this one drains, and for calls that they sent before to come in. */
    private static final Duration SETTLE = Duration.ofMillis(100);

    sealed interface Command {}

    /** Stop in order, with so much time for calls in flight, and run {@code done} once nothing is left. */
    record Stop(Duration drain, Runnable done) implements Command {}

    private record Restore(List<SavedHost.SavedActor> actors, List<SavedHost.SavedProvider> providers)
            implements Command {}

    private record Scheduled(HostScheduling scheduling, Consumer<ControlReply<Void>> reply) implements Command {}

    private record CallsDrained(Runnable done) implements Command {}

    private record ProvidersStopped(Stop stop) implements Command {}

    /** What the guardian's children need. */
    record Surroundings(
            HostConfig config,
            Subjects subjects,
            LatticeTransport transport,
            LatticeRecords records,
            StateFile file,
            SavedHost saved,
            EventPublisher events,
            ActorLoader loader,
            Invoker invoker,
            Map<ProviderKind, ProviderFactory> factories,
            IncomingCalls incomingCalls,
            ActorConfigs actorConfigs,
            Consumer<RouteTable> publishRoutes,
            Supplier<InventoryKeeper.Load> load,
            PeerWatcher.Reach reach,
            Executor io,
            Telemetry telemetry,
            CompletableFuture<Boolean> started,
            Consumer<Optional<Duration>> stopHost) {}

    private final ActorContext<Command> context;
    private final Surroundings host;
    private final ActorRef<InventoryKeeper.Command> inventory;
    private final ActorRef<ActorKeeper.Command> actors;
    private final ActorRef<ProviderKeeper.Command> providers;
    private final ActorRef<StateKeeper.Command> disk;
    private final ControlEndpoint control;
    private final SchedulingEndpoint scheduling;
    private final List<Subscription> subscriptions = new ArrayList<>();

    private HostGuardian(ActorContext<Command> context, Surroundings host) {
        this.context = context;
        this.host = host;
        HostConfig config = host.config();
        String id = config.id().value();

        var routes = context.spawn(
                resuming(RouteKeeper.create(host.subjects(), config.labels().site(), host.publishRoutes())), "routes");
        disk = context.spawn(
                resuming(StateKeeper.create(host.file(), host.saved(), host.io(), disk(context.getSelf()))), "disk");
        inventory = context.spawn(
                resuming(InventoryKeeper.create(
                        config,
                        host.transport(),
                        host.subjects(),
                        host.events(),
                        host.load(),
                        host.saved().scheduling(),
                        disk)),
                "inventory");
        var peers = context.spawn(resuming(PeerWatcher.create(config.id(), host.reach(), routes)), "peers");
        actors = context.spawn(
                resuming(ActorKeeper.create(new ActorSupervisor.Surroundings(
                        id,
                        host.loader(),
                        host.io(),
                        routes,
                        inventory,
                        host.events(),
                        this::storeClaims,
                        host.actorConfigs(),
                        config.drain()))),
                "actors");
        providers = context.spawn(
                resuming(ProviderKeeper.create(new ProviderSupervisor.Surroundings(
                        id,
                        config.lattice(),
                        host.factories(),
                        host.invoker(),
                        host.transport(),
                        host.records(),
                        config.dataDirectory().resolve("providers"),
                        host.io(),
                        routes,
                        inventory,
                        host.events(),
                        host.telemetry()))),
                "providers");
        var links = host.saved().storedLinks(); // in force until the lattice tells newer ones
        routes.tell(new RouteKeeper.LinksChanged(links));
        host.records().lastKnown(host.saved().configs());
        providers.tell(new ProviderKeeper.LinksChanged(links, host.saved().configs()));
        context.spawn(
                restarting(LinkKeeper.create(host.records(), host.io(), routes, providers, disk, host.actorConfigs())),
                "links");
        if (host.saved().runsSomething()) {
            host.io().execute(() -> seekLeader(host.records(), disk));
        }

        control = new ControlEndpoint(
                host.transport(),
                host.subjects(),
                config.id(),
                host.records(),
                host.events(),
                inventory,
                actors,
                providers,
                disk,
                host.stopHost());
        control.open();
        scheduling = new SchedulingEndpoint(host.transport(), host.subjects(), config.id(), disk);
        scheduling.open();
        subscriptions.add(host.transport().subscribe(host.subjects().calls(config.id()), host.incomingCalls()::accept));
        subscriptions.add(host.transport().subscribe(host.subjects().beats(), message -> onBeat(message, peers)));
        host.transport().onConnectionChange(connected -> {
            if (connected) {
                inventory.tell(InventoryKeeper.Timer.BEAT);
            }
        });
        host.events()
                .publish(
                        "host_started",
                        Map.of(
                                "friendly_name", config.friendlyName(),
                                "labels", config.labels().values(),
                                "uptime_seconds", 0,
                                "version", config.version()));
    }

    static Behavior<Command> create(Surroundings host) {
        return Behaviors.setup(context -> {
            try {
                var behavior = new HostGuardian(context, host).behavior();
                host.started().complete(true);
                return behavior;
            } catch (RuntimeException e) {
                host.started().completeExceptionally(e);
                throw e;
            }
        });
    }

    /** For behaviours that find their state again by themselves, and whose readers keep the last until then. */
    private static <T> Behavior<T> restarting(Behavior<T> behavior) {
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
    }

    /** For behaviours whose state nobody can tell them again at once: a message that they fail on is logged and skipped. */
    static <T> Behavior<T> resuming(Behavior<T> behavior) {
        return Behaviors.supervise(behavior).onFailure(SupervisorStrategy.resume());
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> switch (command) {
            case Stop stop -> onStop(stop);
            case ProvidersStopped(var stop) -> onProvidersStopped(stop);
            case CallsDrained(var done) -> onCallsDrained(done);
            case Restore restore -> onRestore(restore);
            case Scheduled(var wanted, var reply) -> {
                inventory.tell(new InventoryKeeper.Schedule(wanted, reply));
                yield Behaviors.same();
            }
        });
    }

    private static StateKeeper.Listener disk(ActorRef<Command> self) {
        return new StateKeeper.Listener() {
            @Override
            public void restore(List<SavedHost.SavedActor> actors, List<SavedHost.SavedProvider> providers) {
                self.tell(new Restore(actors, providers));
            }

            @Override
            public void scheduled(HostScheduling scheduling, Consumer<ControlReply<Void>> reply) {
                self.tell(new Scheduled(scheduling, reply));
            }
        };
    }

    /** Until there is a leader, which then decides what runs here. */
    private static void seekLeader(LatticeRecords records, ActorRef<StateKeeper.Command> disk) {
        var search = new LeaderSearch(records::leaseRevision);
        try {
            boolean found = false;
            while (!found) {
                found = search.found();
                disk.tell(new StateKeeper.LeaderSought(found));
                if (!found) {
                    TimeUnit.NANOSECONDS.sleep(StateKeeper.RESTORE_EVERY.toNanos());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the host stops
        }
    }

    private Behavior<Command> onRestore(Restore restore) {
        for (var actor : restore.actors()) {
            actors.tell(new ActorKeeper.ForActor(
                    actor.entity(), new ActorSupervisor.Restore(actor.wish()), HostGuardian::ignore));
        }
        for (var provider : restore.providers()) {
            providers.tell(new ProviderKeeper.ForProvider(
                    provider.entity(),
                    new ProviderSupervisor.Start(
                            new ImageRef(provider.image()),
                            provider.configs(),
                            provider.annotations(),
                            HostGuardian::ignore),
                    HostGuardian::ignore));
        }
        return Behaviors.same();
    }

    /** Nobody asked; a start that does not succeed is in the log, and tried again. */
    private static void ignore(ControlReply<Void> reply) {
        log.debug("Restoring: {}", reply.message());
    }

    /** First nobody sends new calls here, then providers finish what they have, then calls of other hosts end. */
    private Behavior<Command> onStop(Stop stop) {
        log.info("Host {} stops", host.config().friendlyName());
        control.close();
        scheduling.close();
        disk.tell(StateKeeper.Freeze.NOW); // first: what stops now is to run again after a restart
        inventory.tell(InventoryKeeper.Drain.NOW);
        var self = context.getSelf();
        providers.tell(new ProviderKeeper.StopAll(() -> self.tell(new ProvidersStopped(stop))));
        return Behaviors.same();
    }

    private Behavior<Command> onProvidersStopped(Stop stop) {
        var self = context.getSelf();
        host.io().execute(() -> {
            try {
                TimeUnit.NANOSECONDS.sleep(SETTLE.toNanos());
                if (!host.incomingCalls().awaitIdle(stop.drain())) {
                    log.warn("Calls still ran after {}; the host stops without them", stop.drain());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            self.tell(new CallsDrained(stop.done()));
        });
        return Behaviors.same();
    }

    private Behavior<Command> onCallsDrained(Runnable done) {
        subscriptions.forEach(Subscription::close);
        inventory.tell(new InventoryKeeper.Leave(done));
        return Behaviors.same();
    }

    private static void onBeat(IncomingMessage message, ActorRef<PeerWatcher.Command> peers) {
        int bytes = message.message().payload().length;
        if (bytes > BEAT_BYTES_MAX) {
            log.debug("Beat of {} bytes on {} ignored", bytes, message.message().subject());
            return;
        }
        try {
            peers.tell(new PeerWatcher.BeatReceived(
                    Beat.parseFrom(message.message().payload())));
        } catch (InvalidProtocolBufferException e) {
            log.debug("Not a beat on {}: {}", message.message().subject(), e.getMessage());
        }
    }

    private void storeClaims(ActorFacts facts) {
        if (facts.publicKey() == null) {
            return;
        }
        host.io().execute(() -> {
            try {
                host.records().putClaims(facts);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (TransportException e) {
                log.warn("Claims of {} were not stored: {}", facts.publicKey(), e.getMessage());
            }
        });
    }
}

package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.host.node.ProviderLinks.Step;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderStartException;
import dev.trellis.providers.sdk.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one provider of this host: starts it, gives it its links one at a time until it has acknowledged all of them
 * as they stand, asks for its health, replaces it by another start of itself, stops it. What the provider does itself
 * never runs in the mailbox.
 */
final class ProviderSupervisor {
    /*
     * A provider is started as a candidate. The first one serves as soon as it runs. One that is to replace another is
     * given every link while the other serves; once it has acknowledged all that the other has, and says that it is
     * well, it takes over and the route is flipped by one message. Anything that goes wrong before that ends the
     * candidate and nothing else. The one replaced is closed when its calls have ended, or their time is over.
     *
     * A link that moves to another provider leaves this one in the same way: it serves calls of hosts that have not
     * heard of the move, and those in flight, and is forgotten then.
     */

    static final Duration HEALTH_EVERY = Duration.ofSeconds(5);

    /** A link that was refused is offered again so often: what stood in its way may have gone. */
    static final Duration RETRY_EVERY = Duration.ofSeconds(2);

    /** Time for a provider to start; then the start counts as failed, and what comes of it later is closed. */
    static final Duration START_MAX = Duration.ofSeconds(20);

    /**
     * Time for a provider to answer to a link; then the link shows as refused. An answer that comes later still
     * counts, and until then the provider is offered no other link.
     */
    static final Duration LINK_MAX = Duration.ofSeconds(10);

    /** Time for a provider that is to take over a link, or another's place, to become healthy with it. */
    static final Duration WELL_MAX = Duration.ofSeconds(5);

    private static final Duration WELL_PAUSE = Duration.ofMillis(50);

    /** Time for a provider to be fit to replace another; then the other stays. */
    static final Duration REPLACE_MAX = Duration.ofSeconds(25);

    /** Time for a health check; then the provider counts as unhealthy. */
    static final Duration HEALTH_MAX = Duration.ofSeconds(1);

    /** Time for a provider to close; then it counts as stopped. */
    static final Duration CLOSE_MAX = Duration.ofSeconds(10);

    /**
     * How long a link that has moved serves calls that still come. Other hosts hear of the move within milliseconds;
     * one that has not in this time has lost the lattice, for longer than {@link PeerWatcher#SILENCE}.
     */
    static final Duration LINGER = PeerWatcher.SILENCE.plusMillis(500);

    /** Time for calls in flight to end where nobody says another. */
    static final Duration DRAIN_DEFAULT = Duration.ofSeconds(30);

    /** Replaced ones that still have calls in flight; while there are so many, a further replacement is refused. */
    static final int DRAINING_MAX = 4;

    private static final Duration DRAIN_CHECK_EVERY = Duration.ofMillis(50);

    private static final Logger log = LoggerFactory.getLogger(ProviderSupervisor.class);

    sealed interface Command {}

    /**
     * Start the provider.
     *
     * @param replace whether another start of it that runs is to be replaced; its calls get {@code drain} to end
     */
    record Start(
            ImageRef image,
            List<String> configs,
            Map<String, String> annotations,
            boolean replace,
            Duration drain,
            Consumer<ControlReply<Void>> reply)
            implements Command {
        Start(
                ImageRef image,
                List<String> configs,
                Map<String, String> annotations,
                Consumer<ControlReply<Void>> reply) {
            this(image, configs, annotations, false, DRAIN_DEFAULT, reply);
        }
    }

    /**
     * Stop; {@code reply} is told when it has, or at once if nothing runs. Calls in flight get {@code drain} to end,
     * and none but those over links that have just moved comes in any more.
     */
    record Stop(Duration drain, Consumer<ControlReply<Void>> reply) implements Command {
        Stop(Consumer<ControlReply<Void>> reply) {
            this(Duration.ZERO, reply);
        }
    }

    /**
     * All links that this provider is an end of, and the configs that they name for it, as far as those exist.
     *
     * @param moved those that it was the target of, as long as they have another one
     */
    record LinksChanged(List<StoredLink> links, Map<String, Map<String, String>> configs, Set<LinkKey> moved)
            implements Command {
        LinksChanged(List<StoredLink> links, Map<String, Map<String, String>> configs) {
            this(links, configs, Set.of());
        }
    }

    private record Started(
            BoundedTask task, Start request, ProviderKind kind, CapabilityProvider provider, CallGate outgoing)
            implements Command {}

    private record StartFailed(BoundedTask task, Start request, Throwable error) implements Command {}

    private record LinkTaken(ProviderGeneration one, BoundedTask task, ProviderLink link, boolean prepared)
            implements Command {}

    private record LinkRefused(ProviderGeneration one, BoundedTask task, ProviderLink link, Throwable error)
            implements Command {}

    private record LinkForgotten(ProviderGeneration one, BoundedTask task, LinkKey key) implements Command {}

    private record HealthTold(ProviderGeneration one, BoundedTask task, Health health, boolean overdue)
            implements Command {}

    private record TookOver(ProviderGeneration one, BoundedTask task) implements Command {}

    private record NotTakenOver(ProviderGeneration one, BoundedTask task, Throwable error) implements Command {}

    private record Closed(ProviderGeneration one, BoundedTask task) implements Command {}

    private record Overdue(BoundedWork.Overdue<Command> work) implements Command {}

    private record Lingered(ProviderGeneration one, LinkKey link) implements Command {}

    private record LeaveOver(ProviderGeneration one, LinkKey link) implements Command {}

    private record Withdraw(ProviderGeneration one) implements Command {}

    private record DrainOver(ProviderGeneration one) implements Command {}

    private record ReplaceOver(Candidate candidate) implements Command {}

    private enum Tick implements Command {
        HEALTH,
        RETRY,
        DRAIN
    }

    /**
     * What a provider needs of its host.
     *
     * @param folder holds a folder for each provider that keeps data on this host
     */
    record Surroundings(
            String host,
            LatticeName lattice,
            Map<ProviderKind, ProviderFactory> factories,
            Invoker invoker,
            LatticeTransport transport,
            LatticeRecords records,
            Path folder,
            Executor io,
            ActorRef<RouteKeeper.Command> routes,
            ActorRef<InventoryKeeper.Command> inventory,
            EventPublisher events,
            Telemetry telemetry) {}

    /** One that is to serve: it is starting, or it runs and is given its links. */
    private static final class Candidate {
        private final Start request;
        private final BoundedTask starting;
        private @Nullable ProviderGeneration one;
        private boolean takingOver;

        Candidate(Start request, BoundedTask starting) {
            this.request = request;
            this.starting = starting;
        }
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final EntityId id;
    private final Surroundings host;
    private final WantedLinks wanted;
    private final ProviderReports reports;
    private final BoundedWork<Command> work;
    private @Nullable ProviderGeneration serving;
    private @Nullable Candidate candidate;
    private @Nullable ProviderGeneration stopping; // has served, and is being closed for good
    private final List<ProviderGeneration> replaced = new ArrayList<>();
    /** Who waits until the provider has stopped: a stop begins when it has started and talks about no link. */
    private final List<Stop> stops = new ArrayList<>();

    private final ActorRef<ProviderKeeper.Idle> keeper;
    private long messages; // of the keeper

    private ProviderSupervisor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            EntityId id,
            Surroundings host,
            ActorRef<ProviderKeeper.Idle> keeper) {
        this.context = context;
        this.timers = timers;
        this.id = id;
        this.host = host;
        this.wanted = new WantedLinks(id);
        this.reports = new ProviderReports(id, host);
        this.work = new BoundedWork<>(context, host.io(), Overdue::new);
        this.keeper = keeper;
    }

    /** A supervisor that tells {@code keeper} whenever it has become idle; whoever sends to it must be the keeper. */
    static Behavior<Command> create(EntityId id, Surroundings host, ActorRef<ProviderKeeper.Idle> keeper) {
        return Behaviors.setup(context -> Behaviors.withTimers((TimerScheduler<Command> timers) -> {
            timers.startTimerWithFixedDelay(Tick.HEALTH, HEALTH_EVERY);
            timers.startTimerWithFixedDelay(Tick.RETRY, RETRY_EVERY);
            return new ProviderSupervisor(context, timers, id, host, keeper).behavior();
        }));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            onCommand(command);
            endWhatMay();
            if (serving == null && candidate == null && stopping == null && replaced.isEmpty() && stops.isEmpty()) {
                keeper.tell(new ProviderKeeper.Idle(id, context.getSelf(), messages));
            }
            return Behaviors.same();
        });
    }

    private void onCommand(Command command) {
        switch (command) {
            case Start start -> {
                messages++;
                onStart(start);
            }
            case Stop stop -> {
                messages++;
                onStop(stop);
            }
            case LinksChanged changed -> {
                messages++;
                onLinksChanged(changed);
            }
            case Started started -> onStarted(started);
            case StartFailed(var task, var request, var error) -> onStartFailed(task, request, error);
            case LinkTaken(var one, var task, var link, var prepared) -> onLinkTaken(one, task, link, prepared);
            case LinkRefused(var one, var task, var link, var error) -> onLinkRefused(one, task, link, error);
            case LinkForgotten(var one, var task, var key) -> onLinkForgotten(one, task, key);
            case HealthTold(var one, var task, var told, var overdue) -> onHealth(one, task, told, overdue);
            case TookOver(var one, var task) -> onTookOver(one, task);
            case NotTakenOver(var one, var task, var error) -> onNotTakenOver(one, task, error);
            case Closed(var one, var task) -> onClosed(one, task);
            case Overdue(var late) -> {
                if (late.task().expire()) {
                    onCommand(late.failed().apply(late.error()));
                }
            }
            case Lingered(var one, var link) -> one.links.lingered(link);
            case LeaveOver(var one, var link) -> {
                if (stops.isEmpty()) { // else the drain of the stop counts
                    one.links.over(link);
                }
            }
            case Withdraw(var one) -> onWithdraw(one);
            case DrainOver(var one) -> one.drainOver = true;
            case ReplaceOver(var over) -> onReplaceOver(over);
            case Tick.HEALTH -> checkHealth();
            case Tick.RETRY -> onRetry();
            case Tick.DRAIN -> {}
        }
    }

    // Starting.

    private void onStart(Start start) {
        if (stopping != null || !stops.isEmpty()) {
            start.reply().accept(ControlReply.refused("provider " + id + " is just stopping here; ask again"));
            return;
        }
        if (!start.replace() && (serving != null || candidate != null)) {
            start.reply().accept(ControlReply.refused("provider with that ID is already running"));
            return;
        }
        if (candidate != null && ProviderGeneration.same(candidate.request, start)) {
            start.reply().accept(ControlReply.accepted("provider is starting"));
            return;
        }
        if (serving != null && serving.runs(start)) {
            abandon("the one that runs is wanted again");
            start.reply().accept(ControlReply.accepted("provider runs"));
            return;
        }
        Optional<ProviderKind> kind = ProviderKind.resolve(start.image());
        ProviderFactory factory = kind.map(host.factories()::get).orElse(null);
        if (kind.isEmpty() || factory == null) {
            start.reply()
                    .accept(ControlReply.refused("image %s is no provider that this host has; it has %s"
                            .formatted(start.image(), offered())));
            return;
        }
        if (replaced.size() >= DRAINING_MAX) {
            start.reply()
                    .accept(ControlReply.refused(
                            "%d replaced starts of provider %s still have calls in flight; ask again"
                                    .formatted(replaced.size(), id)));
            return;
        }
        abandon("another start is wanted");
        start.reply().accept(ControlReply.accepted("provider starts"));
        start(start, kind.get(), factory);
    }

    private void start(Start start, ProviderKind kind, ProviderFactory factory) {
        var task = new BoundedTask();
        var next = new Candidate(start, task);
        var outgoing = new CallGate();
        CapabilityProvider running = serving == null ? null : serving.provider;
        candidate = next;
        if (running != null) {
            context.scheduleOnce(REPLACE_MAX, context.getSelf(), new ReplaceOver(next));
        }
        work.start(
                task,
                START_MAX,
                () -> {
                    var provided = new ProviderContext(
                            id,
                            host.lattice(),
                            settings(start.configs()),
                            new CountingInvoker(host.invoker(), outgoing),
                            host.transport(),
                            host.folder().resolve(id.value()),
                            host.telemetry());
                    return running == null ? factory.start(provided) : factory.startBeside(provided, running);
                },
                CapabilityProvider::close,
                provider -> new Started(task, start, kind, provider, outgoing),
                error -> new StartFailed(task, start, error));
    }

    private String offered() {
        return String.join(
                ", ",
                host.factories().keySet().stream()
                        .map(kind -> kind.image().value())
                        .sorted()
                        .toList());
    }

    private Settings settings(List<String> names) throws InterruptedException, ProviderStartException {
        var merged = new HashMap<String, String>();
        for (String name : names) {
            try {
                merged.putAll(host.records()
                        .config(name)
                        .orElseThrow(() -> new ProviderStartException("config '" + name + "' does not exist")));
            } catch (TransportException e) {
                throw new ProviderStartException("config '" + name + "' cannot be read: " + e.getMessage(), e);
            }
        }
        return Settings.of(merged);
    }

    private void onStarted(Started started) {
        var one = new ProviderGeneration(
                started.request(), started.kind(), started.provider(), new ProviderLinks(wanted), started.outgoing());
        Candidate next = candidate;
        if (next == null || next.starting != started.task()) {
            if (!started.task().expired()) { // else it came too late, and is closed
                discard(one);
            }
            return;
        }
        if (serving == null) {
            candidate = null;
            serving = one;
            serves(one);
        } else {
            next.one = one;
            takeOverIfFit();
        }
        offerNextLink(one);
    }

    private void serves(ProviderGeneration one) {
        one.hasServed = true;
        reports.started(one);
    }

    private void onStartFailed(BoundedTask task, Start request, Throwable error) {
        if (candidate == null || candidate.starting != task) {
            return;
        }
        candidate = null;
        failed(request, ProviderReports.reason(error));
        if (serving == null) {
            answerStops("provider had not started");
        }
    }

    private void failed(Start request, String reason) {
        reports.startFailed(request, reason, serving != null);
    }

    // Replacing.

    private void abandon(String why) {
        Candidate abandoned = candidate;
        candidate = null;
        if (abandoned != null) {
            log.info("Provider {} ({}) does not come to serve: {}", id, abandoned.request.image(), why);
            if (abandoned.one != null) {
                discard(abandoned.one);
            }
        }
    }

    /** Closes one that has never served. */
    private void discard(ProviderGeneration one) {
        one.drainOver = true;
        one.flippedAway();
        replaced.add(one);
    }

    private void onReplaceOver(Candidate over) {
        if (candidate == over && serving != null) {
            String lacks = over.one == null
                    ? "it has not started"
                    : over.one.links.lacksOf(serving.links).orElse("it did not take over");
            giveUp("not ready within " + REPLACE_MAX.toSeconds() + " s: " + lacks);
        }
    }

    /** The candidate does not replace the one that serves. */
    private void giveUp(String reason) {
        Candidate lost = candidate;
        if (lost != null) {
            candidate = null;
            failed(lost.request, reason);
            if (lost.one != null) {
                discard(lost.one);
            }
        }
    }

    private void takeOverIfFit() {
        Candidate next = candidate;
        ProviderGeneration now = serving;
        if (next == null || now == null || next.one == null || next.takingOver) {
            return;
        }
        ProviderGeneration one = next.one;
        var refusal = one.links.refusedOf(now.links);
        if (refusal.isPresent()) {
            giveUp(refusal.get());
            return;
        }
        if (one.telling != null || one.links.lacksOf(now.links).isPresent()) {
            return;
        }
        next.takingOver = true;
        var task = new BoundedTask();
        one.telling = task;
        work.start(
                task,
                LINK_MAX,
                () -> {
                    awaitWell(one.provider);
                    one.provider.takeOver();
                    return one;
                },
                _ -> {},
                _ -> new TookOver(one, task),
                error -> new NotTakenOver(one, task, error));
    }

    private void onTookOver(ProviderGeneration one, BoundedTask task) {
        if (one.telling != task) {
            return;
        }
        one.telling = null;
        Candidate next = candidate;
        if (next == null || next.one != one) {
            return; // given up meanwhile
        }
        ProviderGeneration old = serving;
        candidate = null;
        serving = one;
        serves(one);
        if (old != null) {
            old.flippedAway();
            replaced.add(old);
            context.scheduleOnce(one.request.drain(), context.getSelf(), new DrainOver(old));
        }
        offerNextLink(one);
    }

    private void onNotTakenOver(ProviderGeneration one, BoundedTask task, Throwable error) {
        if (one.telling != task) {
            return;
        }
        if (task.ended()) {
            one.telling = null;
        }
        if (candidate != null && candidate.one == one) {
            giveUp(ProviderReports.reason(error));
        }
    }

    // Stopping.

    private void onStop(Stop stop) {
        if (serving == null && candidate == null && stopping == null && replaced.isEmpty()) {
            stop.reply().accept(ControlReply.accepted("provider does not run on this host"));
            return;
        }
        stops.add(stop);
        ProviderGeneration now = serving;
        if (now == null) {
            replaced.forEach(one -> one.drainOver = true);
            return; // one that is starting is stopped when it has started
        }
        abandon("the provider is to stop");
        if (stop.drain().isPositive()) {
            // Even if no link has moved as far as this host knows: the word of it may be on its way.
            if (now.links.leaveAll()) {
                context.scheduleOnce(LINGER, context.getSelf(), new Withdraw(now));
            }
            context.scheduleOnce(stop.drain(), context.getSelf(), new DrainOver(now));
            replaced.forEach(one -> context.scheduleOnce(stop.drain(), context.getSelf(), new DrainOver(one)));
        } else {
            now.drainOver = true;
            replaced.forEach(one -> one.drainOver = true);
        }
    }

    /** Whoever could has heard by now that calls are to go elsewhere; those in flight are waited for. */
    private void onWithdraw(ProviderGeneration one) {
        if (one == serving) {
            one.withdrawn = true;
            one.links.served().keySet().forEach(one.links::lingered);
            host.routes().tell(new RouteKeeper.TargetGone(id));
        }
    }

    /** Forgets links that have left, and closes what has no calls any more or no time. */
    private void endWhatMay() {
        ProviderGeneration now = serving;
        if (now != null) {
            if (!stops.isEmpty() && now.drainOver) {
                now.links.served().keySet().forEach(now.links::over);
            }
            var left = now.links.endLeaving();
            for (var drained : left) {
                reports.drained(now, drained.ended(), drained.cut(), Optional.of(drained.link()));
            }
            if (!left.isEmpty()) {
                tell();
                offerNextLink(now);
            }
            if (!stops.isEmpty() && !now.busy() && !now.links.anyLeaving() && (now.drainOver || empty(now))) {
                stop(now);
            }
        }
        for (ProviderGeneration one : List.copyOf(replaced)) {
            if (one.closing == null && !one.busy() && (one.drainOver || (one.inFlight() == 0 && empty(one)))) {
                one.links.closeGates();
                close(one);
            }
        }
        boolean waiting = (now != null && (now.links.anyLeaving() || !stops.isEmpty()))
                || replaced.stream().anyMatch(one -> one.closing == null);
        if (waiting && !timers.isTimerActive(Tick.DRAIN)) {
            timers.startSingleTimer(Tick.DRAIN, Tick.DRAIN, DRAIN_CHECK_EVERY);
        }
        if (serving == null && candidate == null && stopping == null && replaced.isEmpty() && !stops.isEmpty()) {
            answerStops("provider stopped");
        }
    }

    /** Whether no call over a link runs, and then none ever will. */
    private static boolean empty(ProviderGeneration one) {
        if (one.links.inFlight() > 0) {
            return false;
        }
        one.links.closeGates();
        return one.links.inFlight() == 0;
    }

    private void stop(ProviderGeneration now) {
        serving = null;
        stopping = now;
        now.links.closeGates();
        host.routes().tell(new RouteKeeper.TargetGone(id));
        host.inventory().tell(new InventoryKeeper.ProviderGone(id));
        close(now);
    }

    private void close(ProviderGeneration one) {
        var task = new BoundedTask();
        one.telling = null;
        one.checking = null;
        one.closing = task;
        work.start(
                task,
                CLOSE_MAX,
                () -> {
                    one.provider.close();
                    return id;
                },
                _ -> {},
                _ -> new Closed(one, task),
                error -> {
                    log.warn("Provider {} did not stop cleanly: {}", id, ProviderReports.reason(error));
                    return new Closed(one, task);
                });
    }

    private void onClosed(ProviderGeneration one, BoundedTask task) {
        if (one.closing != task) {
            return;
        }
        if (one == stopping) {
            stopping = null;
            reports.stopped(one);
        } else if (replaced.remove(one) && one.hasServed) {
            reports.replaced(one);
        }
    }

    private void answerStops(String message) {
        stops.forEach(stop -> stop.reply().accept(ControlReply.accepted(message)));
        stops.clear();
    }

    // Links: wanted against acknowledged, one change at a time.

    private void onLinksChanged(LinksChanged changed) {
        wanted.change(changed.links(), changed.configs(), changed.moved());
        if (!stops.isEmpty()) {
            return;
        }
        for (ProviderGeneration one : started()) {
            for (LinkKey left : one.links.wantedChanged()) {
                context.scheduleOnce(LINGER, context.getSelf(), new Lingered(one, left));
                context.scheduleOnce(DRAIN_DEFAULT, context.getSelf(), new LeaveOver(one, left));
            }
            offerNextLink(one);
        }
        tell();
        takeOverIfFit();
    }

    /** Those that have links to take care of. */
    private List<ProviderGeneration> started() {
        var all = new ArrayList<ProviderGeneration>();
        if (serving != null) {
            all.add(serving);
        }
        if (candidate != null && candidate.one != null) {
            all.add(candidate.one);
        }
        return all;
    }

    private void onRetry() {
        for (ProviderGeneration one : started()) {
            if (one.links.retry()) {
                offerNextLink(one);
            }
        }
    }

    private void offerNextLink(ProviderGeneration one) {
        if (one.telling != null || one.closing != null || !stops.isEmpty()) {
            return;
        }
        boolean untried = one != serving;
        one.links.next().ifPresent(step -> {
            switch (step) {
                case Step.Put(var link, var prepared) -> put(one, link, prepared, prepared || untried);
                case Step.Forget(var key) -> forget(one, key);
            }
        });
    }

    private void put(ProviderGeneration one, ProviderLink link, boolean prepared, boolean mustBeWell) {
        var task = new BoundedTask();
        one.telling = task;
        work.start(
                task,
                LINK_MAX,
                () -> {
                    one.provider.linkPut(link);
                    if (mustBeWell) {
                        awaitWell(one.provider);
                    }
                    return link;
                },
                _ -> {},
                taken -> new LinkTaken(one, task, taken, prepared),
                error -> new LinkRefused(one, task, link, error));
    }

    /** Waits a bounded time until the provider says that it is well: calls are to move to it. */
    private static void awaitWell(CapabilityProvider provider) throws InterruptedException, LinkRejectedException {
        long giveUp = System.nanoTime() + WELL_MAX.toNanos();
        while (true) {
            Health health = provider.health();
            if (health.healthy()) {
                return;
            }
            if (System.nanoTime() - giveUp >= 0) {
                throw new LinkRejectedException("the provider is not well: " + health.message());
            }
            Thread.sleep(WELL_PAUSE);
        }
    }

    private void forget(ProviderGeneration one, LinkKey key) {
        tell(); // no call may come over it any more
        var task = new BoundedTask();
        one.telling = task;
        work.start(
                task,
                LINK_MAX,
                () -> {
                    one.provider.linkDelete(key);
                    return key;
                },
                _ -> {},
                forgotten -> new LinkForgotten(one, task, forgotten),
                error -> {
                    log.warn("Provider {} did not forget link {} cleanly: {}", id, key, ProviderReports.reason(error));
                    return new LinkForgotten(one, task, key);
                });
    }

    private void onLinkTaken(ProviderGeneration one, BoundedTask task, ProviderLink link, boolean prepared) {
        if (one.telling != task) {
            return; // of a provider that has been closed
        }
        one.telling = null;
        one.links.taken(link, prepared);
        log.info("Provider {} took link {}{}", id, link.link().key(), prepared ? ", to be its target next" : "");
        tell();
        offerNextLink(one);
        takeOverIfFit();
    }

    /** Comes once more if the provider ends after its time; only then the next link may be offered. */
    private void onLinkRefused(ProviderGeneration one, BoundedTask task, ProviderLink link, Throwable error) {
        if (one.telling != task) {
            return;
        }
        boolean late = error instanceof BoundedWork.OverdueException;
        if (!late) {
            one.telling = null;
        }
        if (late || !task.expired() || error instanceof LinkRejectedException) {
            refuse(one, link, ProviderReports.reason(error));
        }
        offerNextLink(one);
        takeOverIfFit();
    }

    private void refuse(ProviderGeneration one, ProviderLink link, String reason) {
        if (one.links.refused(link, reason)) {
            log.warn("Provider {} refused link {}: {}", id, link.link().key(), reason);
        }
        tell();
    }

    private void onLinkForgotten(ProviderGeneration one, BoundedTask task, LinkKey key) {
        if (one.telling != task || !task.ended()) {
            return;
        }
        one.telling = null;
        log.info("Provider {} forgot link {}", id, key);
        offerNextLink(one);
        takeOverIfFit();
    }

    // Health, and telling others.

    private void checkHealth() {
        ProviderGeneration now = serving;
        if (now == null || now.checking != null) {
            return;
        }
        var task = new BoundedTask();
        now.checking = task;
        work.start(
                task,
                HEALTH_MAX,
                () -> now.provider.health(),
                _ -> {},
                told -> new HealthTold(now, task, told, false),
                error -> new HealthTold(
                        now,
                        task,
                        Health.unhealthy(ProviderReports.reason(error)),
                        error instanceof BoundedWork.OverdueException));
    }

    private void onHealth(ProviderGeneration one, BoundedTask task, Health told, boolean overdue) {
        if (one.checking != task) {
            return; // of a provider that has been closed
        }
        if (!overdue) {
            one.checking = null;
        }
        if ((!overdue && task.expired()) || one != serving) {
            return; // what it says is old; the next check asks anew
        }
        boolean changed = told.healthy() != one.health.healthy();
        one.health = told;
        String event =
                changed ? (told.healthy() ? "health_check_passed" : "health_check_failed") : "health_check_status";
        reports.health(event);
        if (changed) {
            log.info("Provider {} is {}", id, told.healthy() ? "healthy again" : "unhealthy: " + told.message());
            tell();
        }
    }

    /** Routes and inventory learn what stands now. */
    private void tell() {
        ProviderGeneration now = serving;
        if (now != null) {
            reports.stands(now);
        }
    }
}

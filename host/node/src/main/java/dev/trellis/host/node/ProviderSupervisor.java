package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.model.ProviderLinkStatus;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one provider of this host: starts it, gives it its links one at a time until it has acknowledged all of them
 * as they stand, asks for its health, stops it. What the provider does itself never runs in the mailbox.
 */
final class ProviderSupervisor {
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

    /** Time for a health check; then the provider counts as unhealthy. */
    static final Duration HEALTH_MAX = Duration.ofSeconds(1);

    /** Time for a provider to close; then it counts as stopped. */
    static final Duration CLOSE_MAX = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(ProviderSupervisor.class);

    sealed interface Command {}

    record Start(
            ImageRef image, List<String> configs, Map<String, String> annotations, Consumer<ControlReply<Void>> reply)
            implements Command {}

    /** Stop; {@code reply} is told when it has, or at once if nothing runs. */
    record Stop(Consumer<ControlReply<Void>> reply) implements Command {}

    /** All links that this provider is an end of, and the configs that they name for it, as far as those exist. */
    record LinksChanged(List<StoredLink> links, Map<String, Map<String, String>> configs) implements Command {}

    private record Started(Task task, Start request, ProviderKind kind, CapabilityProvider provider)
            implements Command {}

    private record StartFailed(Task task, Start request, Throwable error) implements Command {}

    private record LinkTaken(Task task, ProviderLink link) implements Command {}

    private record LinkRefused(Task task, ProviderLink link, Throwable error) implements Command {}

    private record LinkForgotten(Task task, LinkKey key) implements Command {}

    private record HealthTold(Task task, Health health) implements Command {}

    private record Stopped(Task task, Start was) implements Command {}

    /** The bound of {@code task} is over; if it has not ended, it fails now with {@code error}. */
    private record Overdue(Task task, Function<Throwable, Command> failed, OverdueException error) implements Command {}

    private enum Tick implements Command {
        HEALTH,
        RETRY
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

    /** The running provider. */
    private record Running(Start request, ProviderKind kind, CapabilityProvider provider) {}

    private record Refusal(long generation, String reason) {}

    /** Something that the provider does on a thread of its own. Told apart by identity; an outdated one is ignored. */
    private static final class Task {
        private @Nullable Thread thread;
        private boolean ended;
        private boolean expired;

        synchronized void begin() {
            thread = Thread.currentThread();
            if (expired) {
                thread.interrupt();
            }
        }

        /** Whether it ended in time. No interrupt comes, and none is pending, from now on. */
        synchronized boolean end() {
            ended = true;
            thread = null;
            boolean _ = Thread.interrupted();
            return !expired;
        }

        /** Interrupts it, unless it has ended. */
        synchronized boolean expire() {
            if (ended) {
                return false;
            }
            expired = true;
            if (thread != null) {
                thread.interrupt();
            }
            return true;
        }

        synchronized boolean ended() {
            return ended;
        }

        synchronized boolean expired() {
            return expired;
        }
    }

    private final ActorContext<Command> context;
    private final EntityId id;
    private final Surroundings host;
    private final Map<LinkKey, ProviderLink> wanted = new LinkedHashMap<>();
    private final Map<LinkKey, Long> revisions = new HashMap<>();
    private final Map<LinkKey, String> incomplete = new HashMap<>();
    private final Map<LinkKey, ProviderLink> acknowledged = new LinkedHashMap<>();
    private final Map<LinkKey, Refusal> refused = new HashMap<>();
    private @Nullable Running running;
    private @Nullable Task starting;
    private @Nullable Task closing;
    /** Who waits until the provider has stopped: a stop begins when it has started and talks about no link. */
    private final List<Stop> stops = new ArrayList<>();

    private @Nullable Task linking;
    private @Nullable Task checking;
    private Health health = Health.OK;
    private long generations;
    private final ActorRef<ProviderKeeper.Idle> keeper;
    private long messages; // of the keeper

    private ProviderSupervisor(
            ActorContext<Command> context, EntityId id, Surroundings host, ActorRef<ProviderKeeper.Idle> keeper) {
        this.context = context;
        this.id = id;
        this.host = host;
        this.keeper = keeper;
    }

    /** A supervisor that tells {@code keeper} whenever it has become idle; whoever sends to it must be the keeper. */
    static Behavior<Command> create(EntityId id, Surroundings host, ActorRef<ProviderKeeper.Idle> keeper) {
        return Behaviors.setup(context -> Behaviors.withTimers((TimerScheduler<Command> timers) -> {
            timers.startTimerWithFixedDelay(Tick.HEALTH, HEALTH_EVERY);
            timers.startTimerWithFixedDelay(Tick.RETRY, RETRY_EVERY);
            return new ProviderSupervisor(context, id, host, keeper).behavior();
        }));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            onCommand(command);
            if (running == null && starting == null && closing == null && stops.isEmpty()) {
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
            case LinksChanged(var links, var configs) -> {
                messages++;
                onLinksChanged(links, configs);
            }
            case Started started -> onStarted(started);
            case StartFailed(var task, var request, var error) -> onStartFailed(task, request, error);
            case LinkTaken(var task, var link) -> onLinkTaken(task, link);
            case LinkRefused(var task, var link, var error) -> onLinkRefused(task, link, error);
            case LinkForgotten(var task, var key) -> onLinkForgotten(task, key);
            case HealthTold(var task, var told) -> onHealth(task, told);
            case Stopped(var task, var was) -> onStopped(task, was);
            case Overdue(var task, var failed, var error) -> {
                if (task.expire()) {
                    onCommand(failed.apply(error));
                }
            }
            case Tick.HEALTH -> checkHealth();
            case Tick.RETRY -> onRetry();
        }
    }

    // Starting and stopping.

    private void onStart(Start start) {
        if (closing != null || !stops.isEmpty()) {
            start.reply().accept(ControlReply.refused("provider " + id + " is just stopping here; ask again"));
            return;
        }
        if (running != null || starting != null) {
            start.reply().accept(ControlReply.refused("provider with that ID is already running"));
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
        start.reply().accept(ControlReply.accepted("provider starts"));
        var task = new Task();
        starting = task;
        blocking(
                task,
                START_MAX,
                () -> factory.start(new ProviderContext(
                        id,
                        host.lattice(),
                        settings(start.configs()),
                        host.invoker(),
                        host.transport(),
                        host.folder().resolve(id.value()),
                        host.telemetry())),
                CapabilityProvider::close,
                provider -> new Started(task, start, kind.get(), provider),
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
        if (starting != started.task()) {
            return; // too late, and closed
        }
        starting = null;
        running = new Running(started.request(), started.kind(), started.provider());
        health = Health.OK;
        log.info(
                "Provider {} runs: {} ({})",
                id,
                started.kind().image(),
                started.request().image());
        tell(); // first: who hears the event may ask for the inventory
        host.events().publish("provider_started", eventData(started.request()));
        if (stops.isEmpty()) {
            offerNextLink();
        } else {
            close();
        }
    }

    private void onStartFailed(Task task, Start request, Throwable error) {
        if (starting != task) {
            return;
        }
        starting = null;
        String reason = reason(error);
        log.warn("Provider {} ({}) cannot start: {}", id, request.image(), reason);
        host.events()
                .publish(
                        "provider_start_failed",
                        Map.of(
                                "provider_ref", request.image().value(),
                                "provider_id", id.value(),
                                "host_id", host.host(),
                                "error", reason,
                                "link_name", "default"));
        answerStops("provider had not started");
    }

    private void onStop(Stop stop) {
        if (running == null && starting == null && closing == null) {
            stop.reply().accept(ControlReply.accepted("provider does not run on this host"));
            return;
        }
        stops.add(stop);
        close();
    }

    /**
     * Closes the provider, unless it has not started yet or is at a link: then what comes of that closes it, or the end
     * of its time.
     */
    private void close() {
        Running stopping = running;
        if (stopping == null || (linking != null && !linking.expired())) {
            return;
        }
        var task = new Task();
        running = null;
        linking = null;
        checking = null;
        closing = task;
        acknowledged.clear();
        refused.clear();
        host.routes().tell(new RouteKeeper.TargetGone(id));
        host.inventory().tell(new InventoryKeeper.ProviderGone(id));
        blocking(
                task,
                CLOSE_MAX,
                () -> {
                    stopping.provider().close();
                    return id;
                },
                _ -> {},
                _ -> new Stopped(task, stopping.request()),
                error -> {
                    log.warn("Provider {} did not stop cleanly: {}", id, reason(error));
                    return new Stopped(task, stopping.request());
                });
    }

    private void onStopped(Task task, Start was) {
        if (closing != task) {
            return; // at last
        }
        closing = null;
        log.info("Provider {} has stopped", id);
        var data = eventData(was);
        data.put("reason", "stop");
        // Members that wasmCloud 1.9 still sends for clients of 0.x.
        data.put("instance_id", id.value());
        data.put("public_key", id.value());
        data.put("link_name", "default");
        host.events().publish("provider_stopped", data);
        answerStops("provider stopped");
    }

    private void answerStops(String message) {
        stops.forEach(stop -> stop.reply().accept(ControlReply.accepted(message)));
        stops.clear();
    }

    private Map<String, Object> eventData(Start request) {
        var data = new HashMap<String, Object>();
        data.put("host_id", host.host());
        data.put("image_ref", request.image().value());
        data.put("provider_id", id.value());
        data.put("annotations", request.annotations());
        return data;
    }

    // Links: wanted against acknowledged, one change at a time.

    private void onLinksChanged(List<StoredLink> links, Map<String, Map<String, String>> configs) {
        var before = Map.copyOf(wanted);
        wanted.clear();
        incomplete.clear();
        revisions.clear();
        for (StoredLink stored : links) {
            Link link = stored.link();
            LinkKey key = LocalProvider.routeKey(link.key());
            revisions.put(key, stored.revision());
            var names = configNames(link, id);
            var missing =
                    names.stream().filter(name -> !configs.containsKey(name)).toList();
            if (!missing.isEmpty()) {
                incomplete.put(key, "waits for config " + String.join(", ", missing));
            }
            var merged = new HashMap<String, String>();
            names.forEach(name -> merged.putAll(configs.getOrDefault(name, Map.of())));
            Settings settings = Settings.of(merged);
            ProviderLink old = before.get(key);
            boolean same =
                    old != null && old.link().equals(link) && old.config().equals(settings);
            wanted.put(key, same ? old : new ProviderLink(link, id, settings, ++generations));
        }
        refused.keySet().retainAll(wanted.keySet());
        offerNextLink();
        tell();
    }

    /** The configs of a link that are for the end {@code id} of it. */
    static List<String> configNames(Link link, EntityId id) {
        return link.target().equals(id) ? link.targetConfig() : link.sourceConfig();
    }

    private void onRetry() {
        if (!refused.isEmpty()) {
            refused.replaceAll((_, refusal) -> new Refusal(-1, refusal.reason()));
            offerNextLink();
        }
    }

    private void offerNextLink() {
        Running now = running;
        if (now == null || linking != null) {
            return;
        }
        var task = new Task();
        if (!stops.isEmpty()) {
            close();
            return;
        }
        for (var entry : List.copyOf(acknowledged.entrySet())) {
            if (!wanted.containsKey(entry.getKey())) {
                acknowledged.remove(entry.getKey());
                tell(); // no call may come over it any more
                linking = task;
                LinkKey original = entry.getValue().link().key();
                blocking(
                        task,
                        LINK_MAX,
                        () -> {
                            now.provider().linkDelete(original);
                            return original;
                        },
                        _ -> {},
                        key -> new LinkForgotten(task, key),
                        error -> {
                            log.warn("Provider {} did not forget link {} cleanly: {}", id, original, reason(error));
                            return new LinkForgotten(task, original);
                        });
                return;
            }
        }
        for (var entry : wanted.entrySet()) {
            ProviderLink link = entry.getValue();
            ProviderLink has = acknowledged.get(entry.getKey());
            Refusal refusal = refused.get(entry.getKey());
            if (incomplete.containsKey(entry.getKey())
                    || (has != null && has.generation() == link.generation())
                    || (refusal != null && refusal.generation() == link.generation())) {
                continue;
            }
            linking = task;
            blocking(
                    task,
                    LINK_MAX,
                    () -> {
                        now.provider().linkPut(link);
                        return link;
                    },
                    _ -> {},
                    taken -> new LinkTaken(task, taken),
                    error -> new LinkRefused(task, link, error));
            return;
        }
    }

    private void onLinkTaken(Task task, ProviderLink link) {
        if (linking != task) {
            return; // of a provider that has been closed
        }
        linking = null;
        LinkKey key = LocalProvider.routeKey(link.link().key());
        acknowledged.put(key, link);
        refused.remove(key);
        log.info("Provider {} took link {}", id, link.link().key());
        tell();
        offerNextLink();
    }

    /** Comes once more if the provider ends after its time; only then the next link may be offered. */
    private void onLinkRefused(Task task, ProviderLink link, Throwable error) {
        if (linking != task) {
            return;
        }
        boolean late = error instanceof OverdueException;
        if (!late) {
            linking = null;
        }
        if (late || !task.expired() || unwrapped(error) instanceof LinkRejectedException) {
            refuse(link, reason(error));
        }
        if (late && !stops.isEmpty()) {
            close();
        } else {
            offerNextLink();
        }
    }

    private void refuse(ProviderLink link, String reason) {
        LinkKey key = LocalProvider.routeKey(link.link().key());
        Refusal before = refused.put(key, new Refusal(link.generation(), reason));
        if (before == null || !before.reason().equals(reason)) {
            log.warn("Provider {} refused link {}: {}", id, link.link().key(), reason);
        }
        tell();
    }

    private void onLinkForgotten(Task task, LinkKey key) {
        if (linking != task) {
            return;
        }
        if (!task.ended()) {
            if (!stops.isEmpty()) {
                close();
            }
            return;
        }
        linking = null;
        log.info("Provider {} forgot link {}", id, key);
        offerNextLink();
    }

    // Health, and telling others.

    private void checkHealth() {
        Running now = running;
        if (now == null || checking != null) {
            return;
        }
        var task = new Task();
        checking = task;
        blocking(
                task,
                HEALTH_MAX,
                () -> now.provider().health(),
                _ -> {},
                told -> new HealthTold(task, told),
                error -> new HealthTold(task, Health.unhealthy(reason(error))));
    }

    private void onHealth(Task task, Health told) {
        if (checking != task) {
            return; // of a provider that has been closed
        }
        boolean ended = task.ended();
        if (ended) {
            checking = null;
        }
        if (ended && task.expired()) {
            return; // what it says is old; the next check asks anew
        }
        boolean changed = told.healthy() != health.healthy();
        health = told;
        String event =
                changed ? (told.healthy() ? "health_check_passed" : "health_check_failed") : "health_check_status";
        host.events().publish(event, Map.of("host_id", host.host(), "provider_id", id.value()));
        if (changed) {
            log.info("Provider {} is {}", id, told.healthy() ? "healthy again" : "unhealthy: " + told.message());
            tell();
        }
    }

    /** Routes and inventory learn what stands now. */
    private void tell() {
        Running now = running;
        if (now == null) {
            return;
        }
        host.routes().tell(new RouteKeeper.TargetChanged(new LocalProvider(id, now.provider(), acknowledged)));
        var links = new ArrayList<ProviderLinkStatus>();
        wanted.forEach((key, link) -> links.add(status(key, link)));
        host.inventory()
                .tell(new InventoryKeeper.ProviderChanged(new ProviderDescription(
                        id.value(),
                        now.request().image().value(),
                        null,
                        0,
                        now.request().annotations(),
                        now.kind().image().value(),
                        health.healthy(),
                        links)));
    }

    private ProviderLinkStatus status(LinkKey key, ProviderLink link) {
        ProviderLink has = acknowledged.get(key);
        boolean current = has != null && has.generation() == link.generation();
        Refusal refusal = refused.get(key);
        String message = current
                ? ""
                : Objects.requireNonNullElseGet(
                        incomplete.get(key), () -> refusal == null ? "not answered yet" : refusal.reason());
        return new ProviderLinkStatus(
                link.link().source().value(),
                link.link().target().value(),
                link.link().name().value(),
                link.link().contract().value(),
                revisions.getOrDefault(key, 0L),
                current,
                message);
    }

    private static Throwable unwrapped(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }

    private static String reason(Throwable error) {
        Throwable cause = unwrapped(error);
        if (cause instanceof ProviderStartException
                || cause instanceof LinkRejectedException
                || cause instanceof OverdueException) {
            return String.valueOf(cause.getMessage());
        }
        // Not the message of a fault: it may quote config, and config may be secret.
        var trace = cause.getStackTrace();
        return "fault of the provider: " + cause.getClass().getSimpleName()
                + (trace.length == 0 ? "" : " at " + trace[0]);
    }

    /**
     * Does {@code work} on a thread of its own. After {@code max} the thread is interrupted and the failure told; what
     * comes of the work after all is told as well, once {@code late} has freed it.
     */
    private <T> void blocking(
            Task task,
            Duration max,
            Callable<T> work,
            Consumer<T> late,
            Function<T, Command> done,
            Function<Throwable, Command> failed) {
        var overdue = new OverdueException("did not answer within " + max.toSeconds() + " s");
        context.scheduleOnce(max, context.getSelf(), new Overdue(task, failed, overdue));
        CompletionStage<T> result = CompletableFuture.supplyAsync(
                () -> {
                    task.begin();
                    boolean inTime = true;
                    T value;
                    try {
                        value = work.call();
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    } finally {
                        inTime = task.end();
                    }
                    if (!inTime) {
                        late.accept(value);
                    }
                    return value;
                },
                host.io());
        context.pipeToSelf(result, (value, error) -> error == null ? done.apply(value) : failed.apply(error));
    }

    /** The provider took longer than it may. */
    private static final class OverdueException extends Exception {
        private static final long serialVersionUID = 1L;

        OverdueException(String message) {
            super(message, null, false, false);
        }
    }
}

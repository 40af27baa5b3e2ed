package dev.trellis.host.node;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.host.node.SavedHost.SavedActor;
import dev.trellis.host.node.SavedHost.SavedLink;
import dev.trellis.host.node.SavedHost.SavedProvider;
import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.ProviderDescription;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns what this host keeps on disk: what it runs, the links and configs of that, and whether it may be given work.
 * Restores what ran before while nobody leads the lattice, which is the case too when the lattice cannot be reached.
 */
final class StateKeeper {
    /*
     * What was on disk at the start is unconfirmed until it runs again, because a controller said so or because it was
     * restored. While there is no leader it is tried again and again; once there is one, that one decides: what is
     * still unconfirmed after FORGET_AFTER is not wanted here any more. Until then it stays on disk, so that a host
     * whose uplink breaks just after its start has not forgotten what to run.
     */

    /** How often a restore is tried again: what stood in its way, such as a taken port, may have gone. */
    static final Duration RESTORE_EVERY = Duration.ofSeconds(5);

    /** How long a leader has to say that what this host ran before is still wanted. */
    static final Duration FORGET_AFTER = Duration.ofSeconds(60);

    private static final Duration SAVE_AGAIN_AFTER = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(StateKeeper.class);

    sealed interface Command {}

    /** An actor runs as described, and reads these configs. */
    record ActorRuns(ActorDescription actor, List<String> config) implements Command {}

    /** An actor has been stopped. */
    record ActorStopped(EntityId id) implements Command {}

    /** A provider is to run; it counts once it does. */
    record ProviderAsked(SavedProvider provider) implements Command {}

    /** A provider runs as described. */
    record ProviderRuns(ProviderDescription provider) implements Command {}

    /** A provider has been stopped. */
    record ProviderStopped(EntityId id) implements Command {}

    /** All links and configs of the lattice. */
    record LinksInForce(List<StoredLink> links, Map<String, Map<String, String>> configs) implements Command {
        @Override
        public String toString() {
            return "LinksInForce[" + links.size() + " links, " + configs.size() + " configs]";
        }
    }

    /** An operator says what work this host may be given; {@code reply} is told once that is on disk. */
    record Schedule(HostScheduling scheduling, Consumer<ControlReply<Void>> reply) implements Command {}

    /** Whether somebody leads the lattice, as was just found out. */
    record LeaderSought(boolean found) implements Command {}

    /** The host stops: what runs until then is what it is to run when it starts again. */
    enum Freeze implements Command {
        NOW
    }

    private record Saved(List<Schedule> schedules) implements Command {}

    private record SaveFailed(List<Schedule> schedules, Throwable error) implements Command {}

    private enum Tick implements Command {
        FORGET,
        SAVE
    }

    /** Who carries out what is decided here. */
    interface Listener {
        /** What ran before is to run again, unless it runs. */
        void restore(List<SavedActor> actors, List<SavedProvider> providers);

        /** The host is to tell the lattice what work it may be given, and then {@code reply}. */
        void scheduled(HostScheduling scheduling, Consumer<ControlReply<Void>> reply);
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final StateFile file;
    private final Executor io;
    private final Listener listener;
    private final Map<EntityId, SavedActor> actors = new TreeMap<>();
    private final Map<EntityId, SavedProvider> providers = new TreeMap<>();
    private final Map<EntityId, SavedProvider> asked = new HashMap<>();
    private final Set<EntityId> unconfirmed = new HashSet<>();
    private final List<Schedule> schedules = new ArrayList<>(); // that wait for the disk
    private List<StoredLink> links;
    private Map<String, Map<String, String>> configs;
    private HostScheduling scheduling;
    private SavedHost onDisk;
    private @Nullable SavedHost saving;
    private boolean frozen;
    private boolean restoring;
    private boolean toldFailure;

    private StateKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            StateFile file,
            SavedHost before,
            Executor io,
            Listener listener) {
        this.context = context;
        this.timers = timers;
        this.file = file;
        this.io = io;
        this.listener = listener;
        this.onDisk = before;
        this.scheduling = before.scheduling();
        this.links = before.storedLinks();
        this.configs = before.configs();
        before.actors().forEach(actor -> actors.put(actor.entity(), actor));
        before.providers().forEach(provider -> providers.put(provider.entity(), provider));
        unconfirmed.addAll(actors.keySet());
        unconfirmed.addAll(providers.keySet());
    }

    /** @param before what {@code file} holds */
    static Behavior<Command> create(StateFile file, SavedHost before, Executor io, Listener listener) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new StateKeeper(context, timers, file, before, io, listener).behavior()));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case ActorRuns(var actor, var config) -> onActorRuns(actor, config);
                case ActorStopped(var id) -> forget(id, actors);
                case ProviderAsked(var provider) -> asked.put(provider.entity(), provider);
                case ProviderRuns(var provider) -> onProviderRuns(provider);
                case ProviderStopped(var id) -> forget(id, providers);
                case LinksInForce inForce -> {
                    links = inForce.links();
                    configs = inForce.configs();
                }
                case Schedule schedule -> {
                    scheduling = schedule.scheduling();
                    schedules.add(schedule);
                }
                case LeaderSought(var found) -> onLeaderSought(found);
                case Freeze.NOW -> frozen = true;
                case Saved(var done) -> onSaved(done);
                case SaveFailed(var failed, var error) -> onSaveFailed(failed, error);
                case Tick.FORGET -> onForget();
                case Tick.SAVE -> {} // below
            }
            if (!timers.isTimerActive(Tick.SAVE)) {
                save();
            }
            return Behaviors.same();
        });
    }

    private void onActorRuns(ActorDescription description, List<String> config) {
        if (frozen || description.maxInstances() < 1) {
            return;
        }
        SavedActor actor = SavedActor.of(description, config);
        actors.put(actor.entity(), actor);
        unconfirmed.remove(actor.entity());
    }

    /** Its configs are not in the description, but in what was asked for, now or before this host's restart. */
    private void onProviderRuns(ProviderDescription description) {
        if (frozen) {
            return;
        }
        var id = new EntityId(description.id());
        SavedProvider wish = asked.getOrDefault(id, providers.get(id));
        if (wish != null
                && wish.image().equals(description.imageRef())
                && wish.annotations().equals(description.annotations())) {
            providers.put(id, wish);
            unconfirmed.remove(id);
            asked.remove(id);
        }
    }

    private void forget(EntityId id, Map<EntityId, ?> running) {
        if (!frozen) {
            running.remove(id);
            unconfirmed.remove(id);
        }
    }

    // What ran before.

    private void onLeaderSought(boolean found) {
        if (unconfirmed.isEmpty() || frozen) {
            return;
        }
        if (found) {
            timers.startSingleTimer(Tick.FORGET, FORGET_AFTER);
            return;
        }
        var lostActors = actors.values().stream()
                .filter(actor -> unconfirmed.contains(actor.entity()))
                .toList();
        var lostProviders = providers.values().stream()
                .filter(provider -> unconfirmed.contains(provider.entity()))
                .toList();
        if (!restoring) {
            restoring = true;
            log.info(
                    "Nobody leads the lattice that this host could ask: it runs {} actors and {} providers again as"
                            + " before",
                    lostActors.size(),
                    lostProviders.size());
        }
        listener.restore(lostActors, lostProviders);
    }

    private void onForget() {
        if (!unconfirmed.isEmpty() && !frozen) {
            log.info("{} actors and providers that this host ran before are not wanted any more", unconfirmed.size());
            actors.keySet().removeAll(unconfirmed);
            providers.keySet().removeAll(unconfirmed);
            unconfirmed.clear();
        }
    }

    // The disk: one write at a time, of the latest.

    private void save() {
        if (saving != null) {
            return;
        }
        SavedHost now = now();
        if (now.equals(onDisk) && schedules.isEmpty()) {
            return;
        }
        saving = now;
        var waiting = List.copyOf(schedules);
        schedules.clear();
        var done = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        file.save(now);
                        return waiting;
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                io);
        context.pipeToSelf(done, (saved, error) -> error == null ? new Saved(saved) : new SaveFailed(waiting, error));
    }

    private SavedHost now() {
        var used = links.stream()
                .filter(stored ->
                        runs(stored.link().source()) || runs(stored.link().target()))
                .toList();
        var named = new TreeMap<String, Map<String, String>>();
        used.forEach(stored -> {
            keep(named, stored.link().sourceConfig());
            keep(named, stored.link().targetConfig());
        });
        actors.values().forEach(actor -> keep(named, actor.configs()));
        providers.values().forEach(provider -> keep(named, provider.configs()));
        return new SavedHost(
                scheduling,
                List.copyOf(actors.values()),
                List.copyOf(providers.values()),
                used.stream().map(SavedLink::of).toList(),
                named);
    }

    private boolean runs(EntityId id) {
        return actors.containsKey(id) || providers.containsKey(id);
    }

    private void keep(Map<String, Map<String, String>> named, List<String> names) {
        for (String name : names) {
            var config = configs.get(name);
            if (config != null) {
                named.put(name, config);
            }
        }
    }

    private void onSaved(List<Schedule> done) {
        onDisk = Objects.requireNonNull(saving);
        saving = null;
        toldFailure = false;
        done.forEach(schedule -> listener.scheduled(schedule.scheduling(), schedule.reply()));
    }

    private void onSaveFailed(List<Schedule> failed, Throwable error) {
        saving = null;
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        if (!toldFailure) {
            toldFailure = true;
            log.warn("What this host runs cannot be saved; it is tried again: {}", cause.toString());
        }
        if (!failed.isEmpty()) {
            scheduling = onDisk.scheduling();
            failed.forEach(schedule ->
                    schedule.reply().accept(ControlReply.refused("the host cannot write this to disk: " + cause)));
        }
        timers.startSingleTimer(Tick.SAVE, SAVE_AGAIN_AFTER);
    }
}

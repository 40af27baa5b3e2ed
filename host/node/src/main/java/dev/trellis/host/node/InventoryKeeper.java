package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.HostSummary;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns what this host tells others of itself: labels, what it runs, whether it drains. Beats every second and at once
 * after a change; answers pings, inventories, labels and auctions.
 */
final class InventoryKeeper {
    static final Duration BEAT_EVERY = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(InventoryKeeper.class);

    sealed interface Command {}

    record ActorChanged(ActorDescription actor, List<String> config) implements Command {}

    record ActorGone(EntityId id) implements Command {}

    /** @param now adds what changes by the moment, such as counts, when it is asked for; from any thread */
    record ProviderChanged(ProviderDescription provider, UnaryOperator<ProviderDescription> now) implements Command {}

    record ProviderGone(EntityId id) implements Command {}

    record GetSummary(Consumer<ControlReply<HostSummary>> reply) implements Command {}

    record GetInventory(Consumer<ControlReply<HostInventory>> reply) implements Command {}

    record PutLabel(String key, String value, Consumer<ControlReply<Void>> reply) implements Command {}

    record DeleteLabel(String key, Consumer<ControlReply<Void>> reply) implements Command {}

    record BidForActor(ControlRequests.ActorAuction auction, Consumer<ControlReply<ControlRequests.ActorBid>> reply)
            implements Command {}

    record BidForProvider(
            ControlRequests.ProviderAuction auction, Consumer<ControlReply<ControlRequests.ProviderBid>> reply)
            implements Command {}

    /** What work this host may be given; {@code reply} is told once the lattice has been. */
    record Schedule(HostScheduling scheduling, Consumer<ControlReply<Void>> reply) implements Command {}

    /** Others shall send no new calls here. */
    enum Drain implements Command {
        NOW
    }

    /** The last word: a beat that tells the host is leaving. */
    record Leave(Runnable done) implements Command {}

    /** Beat now: the lattice is back. */
    enum Timer implements Command {
        BEAT,
        HEARTBEAT
    }

    private final HostConfig config;
    private final LatticeTransport transport;
    private final Subjects subjects;
    private final EventPublisher events;
    private final Supplier<Load> load;
    private final long startNanos = System.nanoTime();
    private final long incarnation = ThreadLocalRandom.current().nextLong();
    private final Map<String, ActorDescription> actors = new TreeMap<>();
    private final Map<String, ProviderChanged> providers = new TreeMap<>();
    private final ActorRef<StateKeeper.Command> disk;
    private Labels labels;
    private HostScheduling scheduling;
    private long generation;
    private Beat.State state = Beat.State.SERVING;

    /** Calls on this host now. */
    record Load(int running, int waiting) {}

    private InventoryKeeper(
            HostConfig config,
            LatticeTransport transport,
            Subjects subjects,
            EventPublisher events,
            Supplier<Load> load,
            HostScheduling scheduling,
            ActorRef<StateKeeper.Command> disk) {
        this.config = config;
        this.transport = transport;
        this.subjects = subjects;
        this.events = events;
        this.load = load;
        this.scheduling = scheduling;
        this.disk = disk;
        this.labels = config.labels();
    }

    static Behavior<Command> create(
            HostConfig config,
            LatticeTransport transport,
            Subjects subjects,
            EventPublisher events,
            Supplier<Load> load,
            HostScheduling scheduling,
            ActorRef<StateKeeper.Command> disk) {
        return Behaviors.withTimers((TimerScheduler<Command> timers) -> {
            timers.startTimerWithFixedDelay(Timer.BEAT, Duration.ZERO, BEAT_EVERY);
            timers.startTimerWithFixedDelay(Timer.HEARTBEAT, config.heartbeat());
            return new InventoryKeeper(config, transport, subjects, events, load, scheduling, disk).behavior();
        });
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case ActorChanged(var actor, var config) -> {
                    disk.tell(new StateKeeper.ActorRuns(actor, config));
                    changed(!actor.equals(actors.put(actor.id(), actor)));
                }
                case ActorGone(var id) -> {
                    disk.tell(new StateKeeper.ActorStopped(id));
                    changed(actors.remove(id.value()) != null);
                }
                case ProviderChanged told -> {
                    disk.tell(new StateKeeper.ProviderRuns(told.provider()));
                    var before = providers.put(told.provider().id(), told);
                    changed(before == null || !before.provider().equals(told.provider()));
                }
                case ProviderGone(var id) -> {
                    disk.tell(new StateKeeper.ProviderStopped(id));
                    changed(providers.remove(id.value()) != null);
                }
                case Schedule(var wanted, var reply) -> {
                    boolean differs = scheduling != wanted;
                    scheduling = wanted;
                    changed(differs);
                    reply.accept(ControlReply.accepted("host is " + wanted.text()));
                }
                case GetSummary(var reply) -> reply.accept(ControlReply.of(summary()));
                case GetInventory(var reply) -> reply.accept(ControlReply.of(inventory()));
                case PutLabel(var key, var value, var reply) -> onPutLabel(key, value, reply);
                case DeleteLabel(var key, var reply) -> onDeleteLabel(key, reply);
                case BidForActor bid -> onBid(bid);
                case BidForProvider bid -> onBid(bid);
                case Drain.NOW -> {
                    state = Beat.State.DRAINING;
                    beat();
                }
                case Leave(var done) -> {
                    state = Beat.State.LEAVING;
                    beat();
                    events.publish("host_stopped", Map.of("labels", labels.values()));
                    done.run();
                }
                case Timer.BEAT -> beat();
                case Timer.HEARTBEAT -> heartbeat();
            }
            return Behaviors.same();
        });
    }

    private void changed(boolean really) {
        if (really) {
            generation++;
            beat();
        }
    }

    private void beat() {
        Load now = load.get();
        MessageLite beat = Beat.newBuilder()
                .setHost(config.id().value())
                .setFriendlyName(config.friendlyName())
                .putAllLabels(labels.values())
                .setInventoryGeneration(generation)
                .setIncarnation(incarnation)
                .setState(state)
                .setCallsRunning(now.running())
                .setCallsWaiting(now.waiting())
                .setVersion(config.version())
                .setScheduling(
                        switch (scheduling) {
                            case OPEN -> Beat.Scheduling.OPEN;
                            case CORDONED -> Beat.Scheduling.CORDONED;
                            case DRAINED -> Beat.Scheduling.DRAINED;
                        })
                .build();
        try {
            transport.publish(subjects.beat(config.id()), beat.toByteArray());
        } catch (TransportException e) {
            log.debug("Beat not sent: {}", e.getMessage());
        }
    }

    private void heartbeat() {
        HostInventory inventory = inventory();
        events.publish(
                "host_heartbeat",
                Map.of(
                        "host_id", inventory.hostId(),
                        "friendly_name", inventory.friendlyName(),
                        "labels", inventory.labels(),
                        "version", inventory.version(),
                        "uptime_human", inventory.uptimeHuman(),
                        "uptime_seconds", inventory.uptimeSeconds(),
                        "components", inventory.components(),
                        "providers", inventory.providers()));
    }

    private void onPutLabel(String key, String value, Consumer<ControlReply<Void>> reply) {
        if (reserved(key)) {
            reply.accept(ControlReply.refused("label '" + key + "' begins with hostcore., which the host sets itself"));
            return;
        }
        try {
            labels = labels.with(key, value);
        } catch (IllegalArgumentException e) {
            reply.accept(ControlReply.refused(String.valueOf(e.getMessage())));
            return;
        }
        labelsChanged();
        reply.accept(ControlReply.accepted("label set"));
    }

    private void onDeleteLabel(String key, Consumer<ControlReply<Void>> reply) {
        if (reserved(key)) {
            reply.accept(ControlReply.refused("label '" + key + "' begins with hostcore., which the host sets itself"));
            return;
        }
        labels = labels.without(key);
        labelsChanged();
        reply.accept(ControlReply.accepted("label deleted"));
    }

    private static boolean reserved(String key) {
        return key.toLowerCase(Locale.ROOT).startsWith("hostcore.");
    }

    private void labelsChanged() {
        changed(true);
        events.publish("labels_changed", Map.of("host_id", config.id().value(), "labels", labels.values()));
    }

    private void onBid(BidForActor bid) {
        var auction = bid.auction();
        if (bids(auction.constraints()) && !actors.containsKey(auction.componentId())) {
            bid.reply()
                    .accept(ControlReply.of(new ControlRequests.ActorBid(
                            auction.componentRef(),
                            auction.componentId(),
                            config.id().value(),
                            auction.constraints())));
        }
    }

    private void onBid(BidForProvider bid) {
        var auction = bid.auction();
        if (bids(auction.constraints()) && !providers.containsKey(auction.providerId())) {
            bid.reply()
                    .accept(ControlReply.of(new ControlRequests.ProviderBid(
                            config.id().value(), auction.providerRef(), auction.providerId(), auction.constraints())));
        }
    }

    private boolean bids(Map<String, String> constraints) {
        return state == Beat.State.SERVING
                && scheduling == HostScheduling.OPEN
                && labels.values().entrySet().containsAll(constraints.entrySet());
    }

    private HostSummary summary() {
        return new HostSummary(
                config.id().value(),
                config.friendlyName(),
                labels.values(),
                config.lattice().value(),
                uptime().toSeconds(),
                human(uptime()),
                config.version());
    }

    private HostInventory inventory() {
        return new HostInventory(
                config.id().value(),
                config.friendlyName(),
                labels.values(),
                config.version(),
                human(uptime()),
                uptime().toSeconds(),
                List.copyOf(actors.values()),
                providers.values().stream()
                        .map(told -> told.now().apply(told.provider()))
                        .toList(),
                scheduling);
    }

    private Duration uptime() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    private static String human(Duration time) {
        var text = new StringBuilder();
        append(text, time.toDays(), "d");
        append(text, time.toHoursPart(), "h");
        append(text, time.toMinutesPart(), "m");
        return text.append(time.toSecondsPart()).append("s").toString();
    }

    private static void append(StringBuilder text, long amount, String unit) {
        if (amount > 0 || !text.isEmpty()) {
            text.append(amount).append(unit).append(' ');
        }
    }
}

package dev.trellis.wadm.server;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.KeyValueStore.Change;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.wadm.core.CommandKey;
import dev.trellis.wadm.core.LatticeState;
import dev.trellis.wadm.core.LatticeState.StoredConfig;
import dev.trellis.wadm.core.LatticeState.StoredLink;
import dev.trellis.wadm.core.ObservedHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Watches the lattice: beats, inventories, links and configs. Owns the picture that decisions are made from. */
final class LatticeObserver {
    /** Hosts watched at most; the beats of further ones are ignored, and a warning says so. */
    static final int HOSTS_MAX = 4_096;

    /** Beats and events that wait for their turn; further ones are dropped: the next beat makes up for them. */
    static final int MESSAGES_MAX = 10_000;

    /** How often it is looked whether a host has fallen silent. */
    static final Duration CHECK = Duration.ofMillis(250);

    /** A check that comes later than this after the one before says more about this process than about hosts. */
    static final Duration CHECK_LATE = Duration.ofSeconds(1);

    /** How long a host that beats may keep what it runs to itself before it is left out of decisions. */
    static final Duration INVENTORY_PATIENCE = Duration.ofSeconds(10);

    private static final Set<String> FAILURES =
            Set.of("component_scale_failed", "provider_start_failed", "linkdef_set_failed");
    private static final Logger LOG = LoggerFactory.getLogger(LatticeObserver.class);

    sealed interface Command {}

    private record BeatSeen(Beat beat, long atNanos) implements Command {}

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    private record EventSeen(String name, byte[] payload) implements Command {
        @Override
        public String toString() {
            return "EventSeen[" + name + "]";
        }
    }

    private record Check() implements Command {}

    private record InventoryFetched(HostId host, long incarnation, long generation, HostInventory inventory)
            implements Command {}

    private record InventoryFailed(HostId host, String message) implements Command {}

    private record LinksChanged(int watch, Change change) implements Command {}

    private record ConfigsChanged(int watch, Change change) implements Command {}

    private record WatchesOpened(List<Subscription> watches) implements Command {}

    private record WatchesFailed(String message) implements Command {}

    private record ConnectionChanged(boolean connected) implements Command {}

    /** Who hears of what is observed. */
    interface Listener {
        /** The picture has changed. {@code notReady} says why nothing may be decided from it; empty if it may. */
        void observed(LatticeState state, String notReady);

        /** A host said that a command has failed. */
        void failed(CommandKey key, String message);
    }

    private static final class Host {
        final HostId id;
        final long firstSeenNanos;
        long lastSeenNanos;
        long incarnation;
        long generation;
        boolean draining;
        HostScheduling scheduling = HostScheduling.OPEN;
        String name = "";
        Labels labels = Labels.NONE;

        @Nullable
        HostInventory inventory;

        long inventoryIncarnation;
        long inventoryGeneration = -1;
        boolean fetching;
        boolean toldSilent;

        Host(HostId id, long nowNanos) {
            this.id = id;
            this.firstSeenNanos = nowNanos;
            this.lastSeenNanos = nowNanos;
        }

        boolean stale() {
            return inventory == null || inventoryIncarnation != incarnation || inventoryGeneration != generation;
        }

        boolean silent(long nowNanos) {
            return inventory == null && nowNanos - firstSeenNanos > INVENTORY_PATIENCE.toNanos();
        }
    }

    private final ActorContext<Command> context;
    private final WadmConfig config;
    private final LatticeTransport transport;
    private final ExecutorService io;
    private final Listener listener;
    private final Subjects subjects;
    private final Semaphore room = new Semaphore(MESSAGES_MAX);
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final Map<HostId, Host> hosts = new HashMap<>();
    private final Map<LinkKey, StoredLink> links = new HashMap<>();
    private final Map<String, StoredConfig> configs = new HashMap<>();
    private final Set<String> unreadable = new HashSet<>();
    private boolean linksKnown;
    private boolean configsKnown;
    private boolean opening;
    private boolean watching;
    private int watch; // tells the changes of the newest watches from those of former ones
    private boolean connected;
    private long settledNanos; // beats have been heard for long enough from then on
    private long checkedNanos;
    private boolean toldTooMany;
    private String lastNotReady = "?";

    private LatticeObserver(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            WadmConfig config,
            LatticeTransport transport,
            ExecutorService io,
            Listener listener) {
        this.context = context;
        this.config = config;
        this.transport = transport;
        this.io = io;
        this.listener = listener;
        this.subjects = Subjects.of(config.lattice());
        ActorRef<Command> self = context.getSelf();
        this.connected = transport.connected();
        settle();
        checkedNanos = System.nanoTime();
        subscriptions.add(transport.subscribe(subjects.beats(), message -> heard(self, message, this::beat)));
        subscriptions.add(
                transport.subscribe(subjects.events(), message -> heard(self, message, LatticeObserver::event)));
        transport.onConnectionChange(now -> self.tell(new ConnectionChanged(now)));
        self.tell(new Check());
        timers.startTimerWithFixedDelay(new Check(), CHECK);
    }

    static Behavior<Command> create(
            WadmConfig config, LatticeTransport transport, ExecutorService io, Listener listener) {
        Behavior<Command> supervised = Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new LatticeObserver(context, timers, config, transport, io, listener).running()));
        return Behaviors.supervise(supervised)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
    }

    private Behavior<Command> running() {
        return Behaviors.receive(Command.class)
                .onAnyMessage(this::onCommand)
                .onSignal(PostStop.class, _ -> stopped())
                .onSignal(PreRestart.class, _ -> stopped())
                .build();
    }

    private Behavior<Command> stopped() {
        subscriptions.forEach(Subscription::close);
        return Behaviors.same();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case BeatSeen seen -> {
                room.release();
                onBeat(seen);
            }
            case EventSeen seen -> {
                room.release();
                onEvent(seen);
            }
            case Check _ -> onCheck();
            case InventoryFetched fetched -> onInventory(fetched);
            case InventoryFailed failed -> onInventoryFailed(failed);
            case LinksChanged changed -> onLinks(changed);
            case ConfigsChanged changed -> onConfigs(changed);
            case WatchesOpened opened -> onWatchesOpened(opened);
            case WatchesFailed failed -> onWatchesFailed(failed);
            case ConnectionChanged changed -> onConnection(changed);
        }
        return Behaviors.same();
    }

    /** On a thread of the transport: turns a message into a command if there is room for it. */
    private void heard(
            ActorRef<Command> self, IncomingMessage message, Function<IncomingMessage, Optional<Command>> read) {
        if (!room.tryAcquire()) {
            return;
        }
        var command = read.apply(message);
        if (command.isPresent()) {
            self.tell(command.get());
        } else {
            room.release();
        }
    }

    private Optional<Command> beat(IncomingMessage message) {
        try {
            Beat beat = Beat.parseFrom(message.message().payload());
            var id = new HostId(beat.getHost());
            if (!message.message().subject().equals(subjects.beat(id))) {
                throw new IllegalArgumentException("host " + id + " beats on the subject of another host");
            }
            return Optional.of(new BeatSeen(beat, System.nanoTime()));
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            LOG.debug("a message on {} is no beat: {}", message.message().subject(), e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<Command> event(IncomingMessage message) {
        String subject = message.message().subject();
        String name = subject.substring(subject.lastIndexOf('.') + 1);
        return FAILURES.contains(name)
                ? Optional.of(new EventSeen(name, message.message().payload()))
                : Optional.empty();
    }

    private void onBeat(BeatSeen seen) {
        Beat beat = seen.beat();
        var id = new HostId(beat.getHost());
        if (beat.getState() == Beat.State.LEAVING) {
            if (hosts.remove(id) != null) {
                LOG.info("host {} ({}) has left", id, beat.getFriendlyName());
                tell();
            }
            return;
        }
        Host host = hosts.get(id);
        boolean changed = host == null;
        if (host == null) {
            if (hosts.size() >= HOSTS_MAX) {
                if (!toldTooMany) {
                    toldTooMany = true;
                    LOG.warn("more than {} hosts: host {} and further ones are ignored", HOSTS_MAX, id);
                }
                return;
            }
            host = new Host(id, seen.atNanos());
            hosts.put(id, host);
            LOG.info("host {} ({}) has joined", id, beat.getFriendlyName());
        }
        host.lastSeenNanos = seen.atNanos();
        boolean draining = beat.getState() == Beat.State.DRAINING;
        Labels labels = labels(beat, host.labels);
        HostScheduling scheduling = scheduling(beat);
        changed |= draining != host.draining || scheduling != host.scheduling || !labels.equals(host.labels);
        host.draining = draining;
        host.scheduling = scheduling;
        host.labels = labels;
        host.name = beat.getFriendlyName();
        if (host.incarnation != beat.getIncarnation() && host.inventory != null) {
            host.inventory = null; // another life of the host: nothing of the former one runs
            changed = true;
        }
        host.incarnation = beat.getIncarnation();
        host.generation = beat.getInventoryGeneration();
        fetch(host);
        if (changed) {
            tell();
        }
    }

    private static HostScheduling scheduling(Beat beat) {
        return switch (beat.getScheduling()) {
            case CORDONED -> HostScheduling.CORDONED;
            case DRAINED -> HostScheduling.DRAINED;
            case OPEN, UNRECOGNIZED -> HostScheduling.OPEN;
        };
    }

    private static Labels labels(Beat beat, Labels former) {
        if (beat.getLabelsMap().equals(former.values())) {
            return former;
        }
        try {
            return new Labels(beat.getLabelsMap());
        } catch (IllegalArgumentException e) {
            LOG.warn("the labels of host {} are not usable and count as none: {}", beat.getHost(), e.getMessage());
            return Labels.NONE;
        }
    }

    private void fetch(Host host) {
        if (host.fetching || !host.stale()) {
            return;
        }
        host.fetching = true;
        HostId id = host.id;
        long incarnation = host.incarnation;
        long generation = host.generation;
        context.pipeToSelf(
                Work.on(io, () -> {
                    var reply =
                            transport.request(subjects.control("host.get", id), new byte[0], config.commandTimeout());
                    var answer = WireJson.readReply(reply.payload(), HostInventory.class);
                    HostInventory inventory = answer.response();
                    if (!answer.success() || inventory == null) {
                        throw new IllegalArgumentException("refused: " + answer.message());
                    }
                    return inventory;
                }),
                (inventory, error) -> error == null
                        ? new InventoryFetched(id, incarnation, generation, inventory)
                        : new InventoryFailed(id, Work.message(error)));
    }

    private void onInventory(InventoryFetched fetched) {
        Host host = hosts.get(fetched.host());
        if (host == null) {
            return;
        }
        host.fetching = false;
        if (host.incarnation == fetched.incarnation()) {
            host.inventory = fetched.inventory();
            host.inventoryIncarnation = fetched.incarnation();
            host.inventoryGeneration = fetched.generation();
            host.toldSilent = false;
            tell();
        }
        fetch(host);
    }

    private void onInventoryFailed(InventoryFailed failed) {
        Host host = hosts.get(failed.host());
        if (host != null) {
            host.fetching = false; // the next check or beat asks again
            LOG.debug("host {} does not tell what it runs: {}", failed.host(), failed.message());
        }
    }

    private void onEvent(EventSeen seen) {
        try {
            var event = WireJson.read(seen.payload(), FailureEvent.class);
            FailureData data = event.data();
            if (data == null) {
                return;
            }
            String error = data.error() == null || data.error().isBlank() ? seen.name() : data.error();
            String host = data.hostId() != null ? data.hostId() : event.source();
            if (data.componentId() != null && host != null) {
                listener.failed(new CommandKey.Actor(new EntityId(data.componentId()), new HostId(host)), error);
            } else if (data.providerId() != null && host != null) {
                listener.failed(new CommandKey.Provider(new EntityId(data.providerId()), new HostId(host)), error);
            }
        } catch (IllegalArgumentException e) {
            LOG.debug("an event {} is not readable: {}", seen.name(), e.getMessage());
        }
    }

    private record FailureEvent(
            @Nullable String source, @Nullable FailureData data) {}

    private record FailureData(
            @Nullable String hostId,
            @Nullable String componentId,
            @Nullable String providerId,
            @Nullable String error) {}

    private void onCheck() {
        long now = System.nanoTime();
        boolean late = now - checkedNanos > CHECK_LATE.toNanos();
        checkedNanos = now;
        if (!watching && !opening && connected) {
            openWatches();
        }
        boolean changed = false;
        if (connected && !late) {
            var gone = hosts.values().stream()
                    .filter(host ->
                            now - host.lastSeenNanos > config.hostTimeout().toNanos())
                    .toList();
            for (Host host : gone) {
                hosts.remove(host.id);
                changed = true;
                LOG.warn(
                        "host {} ({}) is gone: no beat for {} ms",
                        host.id,
                        host.name,
                        (now - host.lastSeenNanos) / 1_000_000);
            }
        }
        for (Host host : hosts.values()) {
            fetch(host);
            if (host.silent(now) && !host.toldSilent) {
                host.toldSilent = true;
                changed = true;
                LOG.warn("host {} ({}) does not tell what it runs and is left out of decisions", host.id, host.name);
            }
        }
        if (changed || !notReady().equals(lastNotReady)) {
            tell();
        }
    }

    private void openWatches() {
        opening = true;
        int number = ++watch;
        ActorRef<Command> self = context.getSelf();
        context.pipeToSelf(
                Work.on(io, () -> {
                    var links = transport
                            .store(subjects.latticeDataBucket())
                            .watch(change -> self.tell(new LinksChanged(number, change)));
                    try {
                        var configs = transport
                                .store(subjects.configDataBucket())
                                .watch(change -> self.tell(new ConfigsChanged(number, change)));
                        return List.of(links, configs);
                    } catch (RuntimeException | InterruptedException e) {
                        links.close();
                        throw e;
                    }
                }),
                (opened, error) -> error == null ? new WatchesOpened(opened) : new WatchesFailed(Work.message(error)));
    }

    private void onWatchesOpened(WatchesOpened opened) {
        opening = false;
        watching = true;
        subscriptions.addAll(opened.watches());
    }

    private void onWatchesFailed(WatchesFailed failed) {
        opening = false;
        linksKnown = false;
        configsKnown = false;
        links.clear();
        configs.clear();
        LOG.debug("the lattice's stores cannot be watched yet: {}", failed.message());
    }

    private void onLinks(LinksChanged changed) {
        if (changed.watch() != watch) {
            return;
        }
        switch (changed.change()) {
            case Change.Put(var entry) -> {
                if (!entry.key().startsWith("LINK.")) {
                    return;
                }
                var link = link(entry.key(), entry.value());
                link.ifPresent(message -> {
                    Link now = message.toLink();
                    links.put(now.key(), new StoredLink(now, message.toNext(), entry.revision()));
                });
            }
            case Change.Deleted deleted ->
                links.keySet().removeIf(link -> storeKey(link).equals(deleted.key()));
            case Change.CaughtUp _ -> linksKnown = true;
            case Change.Restarted _ -> {
                links.clear();
                linksKnown = false;
            }
        }
        if (linksKnown) {
            tell();
        }
    }

    /** Key of a link in the store of links. */
    static String storeKey(LinkKey link) {
        return "LINK.%s.%s.%s.%s"
                .formatted(
                        link.source(),
                        link.contract().namespace(),
                        link.contract().packageName().replace(':', '='),
                        link.name());
    }

    private Optional<LinkMessage> link(String key, byte[] value) {
        try {
            var message = WireJson.read(value, LinkMessage.class);
            Link link = message.toLink();
            var _ = message.toNext(); // checks it
            if (!storeKey(link.key()).equals(key)) {
                throw new IllegalArgumentException("it describes link " + link.key());
            }
            return Optional.of(message);
        } catch (IllegalArgumentException | NullPointerException e) {
            warnUnreadable(key, Work.message(e));
            return Optional.empty();
        }
    }

    private void onConfigs(ConfigsChanged changed) {
        if (changed.watch() != watch) {
            return;
        }
        switch (changed.change()) {
            case Change.Put(var entry) -> {
                try {
                    configs.put(entry.key(), new StoredConfig(WireJson.readStrings(entry.value()), entry.revision()));
                } catch (IllegalArgumentException | NullPointerException _) {
                    configs.remove(entry.key());
                    warnUnreadable(entry.key(), "it is no object of strings"); // not its text: that may be secret
                }
            }
            case Change.Deleted deleted -> configs.remove(deleted.key());
            case Change.CaughtUp _ -> configsKnown = true;
            case Change.Restarted _ -> {
                configs.clear();
                configsKnown = false;
            }
        }
        if (configsKnown) {
            tell();
        }
    }

    private void warnUnreadable(String key, String why) {
        if (unreadable.size() < HOSTS_MAX && unreadable.add(key)) {
            LOG.warn("key {} of the lattice's stores is ignored: {}", key, why);
        }
    }

    private void onConnection(ConnectionChanged changed) {
        if (connected == changed.connected()) {
            return;
        }
        connected = changed.connected();
        if (connected) {
            settle();
            // Nobody could be heard: everybody gets the full time to be heard again.
            long now = System.nanoTime();
            hosts.values().forEach(host -> host.lastSeenNanos = now);
        }
        LOG.info("the lattice is {}", connected ? "back" : "away; nothing is decided until it is back");
        tell();
    }

    private void settle() {
        settledNanos = System.nanoTime() + config.hostTimeout().toNanos();
    }

    private String notReady() {
        if (!connected) {
            return "the lattice cannot be reached";
        }
        if (!linksKnown || !configsKnown) {
            return "the lattice's stores have not been read yet";
        }
        if (System.nanoTime() - settledNanos < 0) {
            return "listening for hosts";
        }
        return "";
    }

    private void tell() {
        lastNotReady = notReady();
        long now = System.nanoTime();
        var observed = new TreeMap<HostId, ObservedHost>();
        for (Host host : hosts.values()) {
            if (!host.silent(now)) {
                observed.put(
                        host.id,
                        new ObservedHost(
                                host.id, host.name, host.labels, host.draining, host.scheduling, host.inventory));
            }
        }
        listener.observed(new LatticeState(observed, links, configs), lastNotReady);
    }
}

package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control interface v1 of wasmCloud 1.9: subscriptions of this host, requests read and checked, each handed to the
 * behaviour that owns what it is about. Answers every request, also one that it does not know. Each runs on a virtual
 * thread, at most {@value #RUNNING_MAX} at once; beyond that the request is refused. Those that change one and the
 * same actor, provider, config, or the links of one source are handled in the order in which they came.
 */
final class ControlEndpoint implements AutoCloseable {
    static final int RUNNING_MAX = 256;

    /** Largest request read: above the largest value of a store, so above any config or link. */
    static final int BODY_BYTES_MAX = 2 << 20;

    /** Calls of one actor that may run at once on a host. */
    static final int COUNT_MAX = 100_000;

    /** Longest drain that a {@code host.stop} may ask for; a longer one is cut to it, and the reply says so. */
    static final Duration DRAIN_MAX = Duration.ofMinutes(5);

    private static final Logger log = LoggerFactory.getLogger(ControlEndpoint.class);

    private final LatticeTransport transport;
    private final Subjects subjects;
    private final HostId host;
    private final LatticeRecords records;
    private final EventPublisher events;
    private final ActorRef<InventoryKeeper.Command> inventory;
    private final ActorRef<ActorKeeper.Command> actors;
    private final ActorRef<ProviderKeeper.Command> providers;
    private final ActorRef<StateKeeper.Command> disk;
    private final Consumer<Optional<Duration>> stopHost;
    private final EpochGuard epochs;
    private final KeyedExecutor executor = new KeyedExecutor("control");
    private final Semaphore running = new Semaphore(RUNNING_MAX);
    private final List<Subscription> subscriptions = new ArrayList<>();

    ControlEndpoint(
            LatticeTransport transport,
            Subjects subjects,
            HostId host,
            LatticeRecords records,
            EventPublisher events,
            ActorRef<InventoryKeeper.Command> inventory,
            ActorRef<ActorKeeper.Command> actors,
            ActorRef<ProviderKeeper.Command> providers,
            ActorRef<StateKeeper.Command> disk,
            Consumer<Optional<Duration>> stopHost) {
        this.transport = transport;
        this.subjects = subjects;
        this.host = host;
        this.records = records;
        this.events = events;
        this.inventory = inventory;
        this.actors = actors;
        this.providers = providers;
        this.disk = disk;
        this.stopHost = stopHost;
        this.epochs = new EpochGuard(records::leaseEpoch);
    }

    /** Subscribes to everything that a host answers. */
    void open() {
        for (String suffix : List.of("host.ping", "registry.put", "component.auction", "provider.auction")) {
            subscriptions.add(transport.subscribe(subjects.control(suffix), this::accept));
        }
        for (String noun : List.of("host", "component", "provider", "label")) {
            subscriptions.add(transport.subscribe(subjects.control(noun + ".*", host), this::accept));
        }
        subscriptions.add(transport.subscribe(subjects.control("link.*"), subjects.controlQueue("link"), this::accept));
        subscriptions.add(
                transport.subscribe(subjects.control("claims.get"), subjects.controlQueue("claims"), this::accept));
        subscriptions.add(
                transport.subscribe(subjects.control("config.>"), subjects.controlQueue("config"), this::accept));
    }

    @Override
    public void close() {
        subscriptions.forEach(Subscription::close);
    }

    private void accept(IncomingMessage message) {
        if (!running.tryAcquire()) {
            reply(message, ControlReply.refused("this host handles " + RUNNING_MAX + " control requests already"));
            return;
        }
        if (message.message().payload().length > BODY_BYTES_MAX) {
            running.release();
            reply(message, ControlReply.refused("a control request may have at most " + BODY_BYTES_MAX + " bytes"));
            return;
        }
        Runnable task = () -> {
            try {
                handle(message);
            } catch (TransportException e) {
                reply(message, ControlReply.refused(e.failure().message()));
            } catch (IllegalArgumentException e) {
                reply(message, ControlReply.refused(String.valueOf(e.getMessage())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                log.error(
                        "Control request {} ended with a fault",
                        message.message().subject(),
                        e);
                reply(message, ControlReply.refused("fault of the host; its log has the details"));
            } finally {
                running.release();
            }
        };
        String suffix = subjects.controlSuffix(message.message().subject());
        var key = orderKey(suffix, message.message().payload());
        if (key.isEmpty()) {
            executor.execute(task);
        } else if (!executor.execute(key.get(), task)) {
            running.release();
            reply(
                    message,
                    ControlReply.refused(KeyedExecutor.WAITING_MAX + " requests about " + key.get() + " wait already"));
        }
    }

    /** The members that say what a request is about; of each operation some are absent. */
    private record About(
            @Nullable String componentId,
            @Nullable String providerId,
            @Nullable String providerRef,
            @Nullable String sourceId) {}

    /** What a request changes; empty if nothing, or if it cannot be read, so that it will be refused anyway. */
    private static Optional<String> orderKey(String suffix, byte[] body) {
        String[] parts = suffix.split("\\.", -1);
        if (parts.length < 2 || !changesSomething(parts[0] + "." + parts[1])) {
            return Optional.empty();
        }
        try {
            return switch (parts[0]) {
                case "component" ->
                    Optional.ofNullable(WireJson.read(body, About.class).componentId())
                            .map(id -> "actor " + id.strip());
                case "provider" -> {
                    var about = WireJson.read(body, About.class);
                    yield Optional.ofNullable(about.providerId() == null ? about.providerRef() : about.providerId())
                            .map(id -> "provider " + id.strip());
                }
                case "link" ->
                    Optional.ofNullable(WireJson.read(body, About.class).sourceId())
                            .map(id -> "links of " + id.strip());
                case "config" -> Optional.of(parts.length == 3 ? "config " + parts[2] : "configs");
                case "label" -> Optional.of("labels");
                default -> Optional.empty();
            };
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void handle(IncomingMessage message) throws InterruptedException {
        String suffix = subjects.controlSuffix(message.message().subject());
        byte[] body = message.message().payload();
        var parts = suffix.split("\\.", -1);
        String operation = parts.length >= 2 ? parts[0] + "." + parts[1] : suffix;
        var refusal =
                changesSomething(operation) ? epochs.refusal(message.message()) : Optional.<ControlReply<Void>>empty();
        if (refusal.isPresent()) {
            reply(message, refusal.get());
            return;
        }
        switch (operation) {
            case "host.ping" -> inventory.tell(new InventoryKeeper.GetSummary(reply -> reply(message, reply)));
            case "host.get" -> inventory.tell(new InventoryKeeper.GetInventory(reply -> reply(message, reply)));
            case "host.stop" -> stopHost(message, body);
            case "component.scale" -> scale(message, body);
            case "component.update" -> update(message, body);
            case "component.auction" -> {
                var auction = WireJson.read(body, ControlRequests.ActorAuction.class);
                required("component_id", auction.componentId());
                required("component_ref", auction.componentRef());
                inventory.tell(new InventoryKeeper.BidForActor(auction, reply -> reply(message, reply)));
            }
            case "provider.auction" -> {
                var auction = WireJson.read(body, ControlRequests.ProviderAuction.class);
                required("provider_id", auction.providerId());
                required("provider_ref", auction.providerRef());
                inventory.tell(new InventoryKeeper.BidForProvider(auction, reply -> reply(message, reply)));
            }
            case "provider.start" -> startProvider(message, body);
            case "provider.stop" -> stopProvider(message, body);
            case "label.put" -> {
                var change = WireJson.read(body, ControlRequests.LabelChange.class);
                inventory.tell(new InventoryKeeper.PutLabel(
                        required("key", change.key()),
                        present("value", change.value()),
                        reply -> reply(message, reply)));
            }
            case "label.del" -> {
                var change = WireJson.read(body, ControlRequests.LabelChange.class);
                inventory.tell(
                        new InventoryKeeper.DeleteLabel(required("key", change.key()), reply -> reply(message, reply)));
            }
            case "link.get" ->
                reply(
                        message,
                        ControlReply.of(records.links().stream()
                                .map(stored -> LinkMessage.of(stored.link(), stored.next()))
                                .toList()));
            case "link.put" -> putLink(message, body);
            case "link.del" -> deleteLink(message, body);
            case "claims.get" -> reply(message, ControlReply.of(records.claims()));
            case "config.get", "config.put", "config.del" -> config(message, parts, body);
            case "registry.put" ->
                reply(message, ControlReply.refused("registries are not used yet: deploy actors from files"));
            default ->
                reply(
                        message,
                        ControlReply.refused(
                                "unsupported subject: " + message.message().subject()));
        }
    }

    private static boolean changesSomething(String operation) {
        return switch (operation) {
            case "host.ping",
                    "host.get",
                    "link.get",
                    "claims.get",
                    "config.get",
                    "component.auction",
                    "provider.auction" -> false;
            default -> true;
        };
    }

    private void stopHost(IncomingMessage message, byte[] body) {
        Optional<Duration> drain = Optional.empty();
        String note = "";
        if (body.length > 0) {
            var stop = WireJson.read(body, ControlRequests.StopHost.class);
            if (!host.value().equals(stop.hostId())) {
                reply(message, ControlReply.refused("host_id must be " + host + ", was " + stop.hostId()));
                return;
            }
            drain = drain(stop.timeout());
            note = drain.map(time -> "; calls get " + time.toMillis() + " ms to end")
                    .orElse("");
        }
        reply(message, ControlReply.accepted("host stops" + note));
        stopHost.accept(drain);
    }

    private void scale(IncomingMessage message, byte[] body) {
        var scale = WireJson.read(body, ControlRequests.ScaleActor.class);
        var id = EntityId.ofRunning(required("component_id", scale.componentId()));
        var image = new ImageRef(required("component_ref", scale.componentRef()));
        Integer count = scale.count();
        if (count == null) {
            throw new IllegalArgumentException("member count is required: 0 stops the actor");
        }
        if (count < 0 || count > COUNT_MAX) {
            throw new IllegalArgumentException("count must be from 0 to " + COUNT_MAX + ", was " + count);
        }
        if (count == 0) {
            disk.tell(new StateKeeper.ActorStopped(id)); // also if it does not run: it is not to be restored
        }
        var wish = new ActorSupervisor.Wish(image, count, scale.annotations(), scale.componentLimits(), scale.config());
        tellActor(message, id, reply -> new ActorSupervisor.Scale(wish, scale.allowUpdate(), reply));
    }

    private void update(IncomingMessage message, byte[] body) {
        var update = WireJson.read(body, ControlRequests.UpdateActor.class);
        var id = new EntityId(required("component_id", update.componentId()));
        var image = new ImageRef(required("new_component_ref", update.newComponentRef()));
        tellActor(message, id, reply -> new ActorSupervisor.Update(image, update.annotations(), reply));
    }

    private interface ActorCommand {
        ActorSupervisor.Command with(Consumer<ControlReply<Void>> reply);
    }

    private void tellActor(IncomingMessage message, EntityId id, ActorCommand command) {
        Consumer<ControlReply<Void>> reply = answer -> reply(message, answer);
        actors.tell(new ActorKeeper.ForActor(id, command.with(reply), reply));
    }

    private void startProvider(IncomingMessage message, byte[] body) {
        var start = WireJson.read(body, ControlRequests.StartProvider.class);
        var id = EntityId.ofRunning(required("provider_id", start.providerId()));
        var image = new ImageRef(required("provider_ref", start.providerRef()));
        var asked = new SavedHost.SavedProvider(id.value(), image.value(), start.config(), start.annotations());
        Consumer<ControlReply<Void>> reply = answer -> {
            if (answer.success()) {
                disk.tell(new StateKeeper.ProviderAsked(asked));
            }
            reply(message, answer);
        };
        providers.tell(new ProviderKeeper.ForProvider(
                id,
                new ProviderSupervisor.Start(
                        image,
                        start.config(),
                        start.annotations(),
                        start.allowUpdate(),
                        drain(start.timeout()).orElse(ProviderSupervisor.DRAIN_DEFAULT),
                        reply),
                reply));
    }

    private void stopProvider(IncomingMessage message, byte[] body) {
        var stop = WireJson.read(body, ControlRequests.StopProvider.class);
        var id = new EntityId(
                required("provider_id", stop.providerId() == null ? stop.providerRef() : stop.providerId()));
        disk.tell(new StateKeeper.ProviderStopped(id)); // also if it does not run: it is not to be restored
        Consumer<ControlReply<Void>> reply = answer -> reply(message, answer);
        Optional<Duration> drain = drain(stop.timeout());
        if (drain.isEmpty() || drain.get().isZero()) {
            providers.tell(new ProviderKeeper.ForProvider(id, new ProviderSupervisor.Stop(reply), reply));
            return;
        }
        // It takes as long as calls do: answered now, and its end shows in the inventory and as an event.
        providers.tell(new ProviderKeeper.ForProvider(id, new ProviderSupervisor.Stop(drain.get(), _ -> {}), _ -> {}));
        reply(
                message,
                ControlReply.accepted(
                        "provider stops; its calls get up to " + drain.get().toMillis() + " ms to end"));
    }

    /** The time that calls in flight get, cut to {@link #DRAIN_MAX}; empty if the request does not say. */
    private static Optional<Duration> drain(@Nullable Long timeout) {
        if (timeout != null && timeout < 0) {
            throw new IllegalArgumentException("timeout must be 0 or more milliseconds, was " + timeout);
        }
        return Optional.ofNullable(timeout).map(millis -> Duration.ofMillis(Math.min(millis, DRAIN_MAX.toMillis())));
    }

    private void putLink(IncomingMessage message, byte[] body) throws InterruptedException {
        var request = WireJson.read(body, LinkMessage.class);
        Link link = checked(request);
        Long revision = request.ifRevision();
        try {
            records.putLink(
                    link, request.toNext(), revision == null ? OptionalLong.empty() : OptionalLong.of(revision));
        } catch (IllegalArgumentException | TransportException e) {
            var data = linkData(link);
            data.put("error", String.valueOf(e.getMessage()));
            events.publish("linkdef_set_failed", data);
            throw e;
        }
        events.publish("linkdef_set", linkData(link));
        reply(message, ControlReply.accepted("link stored; providers tell in their inventory whether they took it"));
    }

    private static Link checked(LinkMessage request) {
        required("source_id", request.sourceId());
        required("target", request.target());
        required("wit_namespace", request.witNamespace());
        required("wit_package", request.witPackage());
        if (request.next() != null) {
            required("next.target", request.next().target());
        }
        return request.toLink();
    }

    private void deleteLink(IncomingMessage message, byte[] body) throws InterruptedException {
        var request = WireJson.read(body, ControlRequests.DeleteLink.class);
        required("source_id", request.sourceId());
        required("wit_namespace", request.witNamespace());
        required("wit_package", request.witPackage());
        LinkKey key = request.toKey();
        var deleted = records.deleteLink(key);
        Map<String, Object> data = deleted.map(ControlEndpoint::linkData).orElseGet(HashMap::new);
        data.put("source_id", key.source().value());
        data.put("name", key.name().value());
        data.put("wit_namespace", key.contract().namespace());
        data.put("wit_package", key.contract().packageName());
        events.publish("linkdef_deleted", data);
        reply(message, ControlReply.accepted(deleted.isPresent() ? "link deleted" : "there was no such link"));
    }

    private static Map<String, Object> linkData(Link link) {
        var data = new HashMap<String, Object>();
        data.put("source_id", link.source().value());
        data.put("target", link.target().value());
        data.put("name", link.name().value());
        data.put("wit_namespace", link.contract().namespace());
        data.put("wit_package", link.contract().packageName());
        data.put("interfaces", link.interfaces());
        data.put("source_config", link.sourceConfig());
        data.put("target_config", link.targetConfig());
        return data;
    }

    private void config(IncomingMessage message, String[] parts, byte[] body) throws InterruptedException {
        if (parts.length != 3 || parts[2].isEmpty()) {
            throw new IllegalArgumentException("the subject must end with one config name without dots");
        }
        String name = parts[2];
        switch (parts[1]) {
            case "get" -> {
                var config = records.storedConfig(name);
                reply(
                        message,
                        config.isPresent()
                                ? ControlReply.of(config.get())
                                : ControlReply.accepted("Configuration not found"));
            }
            case "put" -> {
                records.putConfig(name, WireJson.readStrings(body));
                events.publish("config_set", Map.of("config_name", name));
                reply(message, ControlReply.accepted("config stored"));
            }
            default -> {
                records.deleteConfig(name);
                events.publish("config_deleted", Map.of("config_name", name));
                reply(message, ControlReply.accepted("config deleted"));
            }
        }
    }

    /** Unlike {@link #required}, may be empty. */
    private static String present(String member, @Nullable String value) {
        if (value == null) {
            throw new IllegalArgumentException("member " + member + " is required");
        }
        return value;
    }

    private static String required(String member, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("member " + member + " is required");
        }
        return value.strip();
    }

    /** Never throws: the behaviours that answer through it must not fail because nobody can be answered. */
    private static void reply(IncomingMessage message, ControlReply<?> reply) {
        try {
            message.reply(WireJson.write(reply));
        } catch (TransportException e) {
            log.warn(
                    "Control request {} was handled, but its reply was not sent: {}",
                    message.message().subject(),
                    e.getMessage());
        }
    }
}

package dev.trellis.wadm.server;

import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.LatticeEvent;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.ProviderLinkStatus;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A host without an engine: speaks beats and the control interface, and "runs" whatever it is told to. */
final class ScriptedHost implements AutoCloseable {
    private static final long BEAT_MILLIS = 100;

    private final HostId id;
    private final Map<String, String> labels;
    private final LatticeTransport transport;
    private final Subjects subjects = Subjects.of(LatticeName.DEFAULT);
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final ScheduledExecutorService beats = Executors.newSingleThreadScheduledExecutor();
    private final Map<String, ActorDescription> actors = new TreeMap<>();
    private final Map<String, ProviderDescription> providers = new TreeMap<>();
    private final Map<String, KeyValueStore.Entry> links = new ConcurrentHashMap<>();
    private final List<String> received = new CopyOnWriteArrayList<>();
    private final Map<String, String> failing = new ConcurrentHashMap<>();
    private long generation = 1;
    private long epoch;

    ScriptedHost(LatticeTransport transport, String id, Map<String, String> labels) throws InterruptedException {
        this.transport = transport;
        this.id = new HostId(id);
        this.labels = labels;
        for (String noun : List.of("component", "provider", "host")) {
            subscriptions.add(transport.subscribe(subjects.control(noun + ".*." + id), this::onHostRequest));
        }
        subscriptions.add(
                transport.subscribe(subjects.control("link.*"), subjects.controlQueue("link"), this::onStore));
        subscriptions.add(
                transport.subscribe(subjects.control("config.>"), subjects.controlQueue("config"), this::onStore));
        subscriptions.add(transport.store(subjects.latticeDataBucket()).watch(change -> {
            switch (change) {
                case KeyValueStore.Change.Put put -> links.put(put.entry().key(), put.entry());
                case KeyValueStore.Change.Deleted deleted -> links.remove(deleted.key());
                case KeyValueStore.Change.CaughtUp _ -> {}
                case KeyValueStore.Change.Restarted _ -> links.clear();
            }
            changed();
        }));
        var _ = beats.scheduleAtFixedRate(this::beat, 0, BEAT_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Makes every start of the actor or provider fail after it was accepted. */
    void fail(String entity, String error) {
        failing.put(entity, error);
    }

    void mend(String entity) {
        failing.remove(entity);
    }

    /** The requests that were to change something, each with what it was about. */
    List<String> received() {
        return received;
    }

    synchronized int count(String actor) {
        ActorDescription running = actors.get(actor);
        return running == null ? 0 : running.maxInstances();
    }

    synchronized boolean runs(String provider) {
        return providers.containsKey(provider);
    }

    synchronized long epoch() {
        return epoch;
    }

    private synchronized void beat() {
        transport.publish(
                subjects.beat(id),
                Beat.newBuilder()
                        .setHost(id.value())
                        .setFriendlyName("host " + id)
                        .putAllLabels(labels)
                        .setInventoryGeneration(generation)
                        .setIncarnation(1)
                        .setState(Beat.State.SERVING)
                        .build()
                        .toByteArray());
    }

    private synchronized void changed() {
        generation++;
        beat();
    }

    private synchronized void onHostRequest(IncomingMessage request) {
        String suffix = subjects.controlSuffix(request.message().subject());
        String operation = suffix.substring(0, suffix.length() - id.value().length() - 1);
        if (operation.equals("host.get")) {
            request.reply(WireJson.write(ControlReply.of(inventory())));
            return;
        }
        String header = request.message().headers().get("Trellis-Epoch");
        if (header != null && Long.parseLong(header) < epoch) {
            request.reply(WireJson.write(ControlReply.refused("epoch " + header + " is over, newest is " + epoch)));
            return;
        }
        epoch = header == null ? epoch : Long.parseLong(header);
        String about = new String(request.message().payload(), StandardCharsets.UTF_8);
        received.add(operation + " " + about);
        String refusal = handle(operation, request.message().payload());
        request.reply(
                WireJson.write(refusal.isEmpty() ? ControlReply.accepted("") : ControlReply.<Void>refused(refusal)));
        changed();
    }

    private String handle(String operation, byte[] payload) {
        switch (operation) {
            case "component.scale" -> {
                var scale = WireJson.read(payload, ControlRequests.ScaleActor.class);
                int count = Objects.requireNonNull(scale.count());
                String error = failing.get(scale.componentId());
                if (error != null) {
                    event("component_scale_failed", Map.of("component_id", scale.componentId(), "error", error));
                } else if (count == 0) {
                    actors.remove(scale.componentId());
                } else {
                    actors.put(
                            scale.componentId(),
                            new ActorDescription(
                                    scale.componentId(),
                                    scale.componentRef(),
                                    null,
                                    scale.annotations(),
                                    0,
                                    count,
                                    Map.of(),
                                    null,
                                    null,
                                    null));
                }
            }
            case "provider.start" -> {
                var start = WireJson.read(payload, ControlRequests.StartProvider.class);
                String error = failing.get(start.providerId());
                if (providers.containsKey(start.providerId()) && !start.allowUpdate()) {
                    return "provider with that ID is already running";
                } else if (error != null) {
                    event("provider_start_failed", Map.of("provider_id", start.providerId(), "error", error));
                } else {
                    providers.put(
                            start.providerId(),
                            new ProviderDescription(
                                    start.providerId(),
                                    start.providerRef(),
                                    null,
                                    0,
                                    start.annotations(),
                                    null,
                                    true,
                                    List.of()));
                }
            }
            case "provider.stop" ->
                providers.remove(WireJson.read(payload, ControlRequests.StopProvider.class)
                        .providerId());
            default -> {
                return "unsupported subject " + operation;
            }
        }
        return "";
    }

    private void event(String name, Map<String, Object> data) {
        var all = new TreeMap<>(data);
        all.put("host_id", id.value());
        transport.publish(
                subjects.event(name),
                WireJson.write(new LatticeEvent("1", Instant.EPOCH, id.value(), name, all).toCloudEvent()));
    }

    private HostInventory inventory() {
        return new HostInventory(
                id.value(),
                "host " + id,
                labels,
                "scripted",
                "",
                0,
                List.copyOf(actors.values()),
                providers.values().stream().map(this::withLinks).toList());
    }

    private ProviderDescription withLinks(ProviderDescription provider) {
        var statuses = links.values().stream()
                .flatMap(entry -> {
                    var link = WireJson.read(entry.value(), ControlRequests.LinkMessage.class);
                    var targets = link.next() == null
                            ? List.of(link.target())
                            : List.of(link.target(), link.next().target());
                    return targets.stream()
                            .map(target -> new ProviderLinkStatus(
                                    link.sourceId(),
                                    target,
                                    link.name(),
                                    link.witNamespace() + ":" + link.witPackage(),
                                    entry.revision(),
                                    true,
                                    ""));
                })
                .filter(status -> status.sourceId().equals(provider.id())
                        || status.target().equals(provider.id()))
                .toList();
        return new ProviderDescription(
                provider.id(), provider.imageRef(), null, 0, provider.annotations(), null, true, statuses);
    }

    /** Links and configs: one host of the lattice stores them. */
    private void onStore(IncomingMessage request) {
        Thread.startVirtualThread(() -> {
            String operation = subjects.controlSuffix(request.message().subject());
            byte[] payload = request.message().payload();
            received.add(operation + " " + new String(payload, StandardCharsets.UTF_8));
            try {
                if (operation.equals("link.put")) {
                    var link = WireJson.read(payload, ControlRequests.LinkMessage.class);
                    store(subjects.latticeDataBucket())
                            .put(LatticeObserver.storeKey(link.toLink().key()), payload);
                } else if (operation.equals("link.del")) {
                    var key = WireJson.read(payload, ControlRequests.DeleteLink.class)
                            .toKey();
                    store(subjects.latticeDataBucket()).delete(LatticeObserver.storeKey(key));
                } else if (operation.startsWith("config.put.")) {
                    store(subjects.configDataBucket()).put(operation.substring("config.put.".length()), payload);
                } else {
                    store(subjects.configDataBucket()).delete(operation.substring("config.del.".length()));
                }
                request.reply(WireJson.write(ControlReply.accepted("")));
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private KeyValueStore store(String name) throws InterruptedException {
        return transport.store(name);
    }

    /** Dies without a word. */
    @Override
    public void close() {
        beats.shutdownNow();
        subscriptions.forEach(Subscription::close);
        transport.close();
    }
}

package dev.trellis.wadm.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.ProviderLinkStatus;
import dev.trellis.wadm.core.LatticeState.StoredConfig;
import dev.trellis.wadm.core.LatticeState.StoredLink;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A lattice that does at once what commands say, and insists on the rules that real hosts insist on. */
final class SimulatedLattice {
    static final int ROUNDS_MAX = 10;

    private final SortedMap<HostId, SimulatedHost> hosts = new TreeMap<>();
    private final Map<LinkKey, StoredLink> links = new LinkedHashMap<>();
    private final Map<String, StoredConfig> configs = new TreeMap<>();
    private final Set<EntityId> refusing = new HashSet<>();
    private final Set<EntityId> unhealthy = new HashSet<>();
    private final Set<String> failing = new HashSet<>();
    private long revision;

    private static final class SimulatedHost {
        Labels labels;
        boolean draining;
        HostScheduling scheduling = HostScheduling.OPEN;
        boolean silent;
        final Map<String, ActorDescription> actors = new TreeMap<>();
        final Map<String, ProviderDescription> providers = new TreeMap<>();

        SimulatedHost(Labels labels) {
            this.labels = labels;
        }
    }

    SimulatedLattice host(String id, String... labels) {
        var all = Labels.NONE;
        for (int i = 0; i < labels.length; i += 2) {
            all = all.with(labels[i], labels[i + 1]);
        }
        hosts.put(new HostId(id), new SimulatedHost(all));
        return this;
    }

    void kill(String id) {
        hosts.remove(new HostId(id));
    }

    void drain(String id) {
        at(id).draining = true;
    }

    void schedule(String id, HostScheduling scheduling) {
        at(id).scheduling = scheduling;
    }

    /** Takes a host out of sight with all that it runs; what is returned brings it back as it was. */
    Runnable cutOff(String id) {
        var key = new HostId(id);
        SimulatedHost host = at(id);
        hosts.remove(key);
        return () -> hosts.put(key, host);
    }

    void silence(String id, boolean silent) {
        at(id).silent = silent;
    }

    void relabel(String id, String key, String value) {
        at(id).labels = at(id).labels.with(key, value);
    }

    void refuseLinks(EntityId provider) {
        refusing.add(provider);
    }

    void failStarts(String image) {
        failing.add(image);
    }

    void takeLinks(EntityId provider) {
        refusing.remove(provider);
    }

    /** Links of which nobody who could serve them runs at this moment. */
    List<LinkKey> unserved() {
        return links.values().stream()
                .filter(stored -> hosts.values().stream().noneMatch(host -> {
                    String target = stored.link().target().value();
                    return host.providers.containsKey(target) || host.actors.containsKey(target);
                }))
                .map(stored -> stored.link().key())
                .toList();
    }

    void sicken(EntityId provider) {
        unhealthy.add(provider);
    }

    Set<String> hostIds() {
        return hosts.keySet().stream().map(HostId::value).collect(Collectors.toSet());
    }

    private SimulatedHost at(String id) {
        return Objects.requireNonNull(hosts.get(new HostId(id)), () -> "no host " + id);
    }

    void run(String host, String actor, String image, int count, Map<String, String> annotations) {
        at(host).actors.put(actor, actor(actor, image, count, annotations));
    }

    void storeLink(Link link) {
        links.put(link.key(), new StoredLink(link, ++revision));
    }

    void storeConfig(String name, Map<String, String> values) {
        configs.put(name, new StoredConfig(values, ++revision));
    }

    int count(String host, EntityId actor) {
        var running = at(host).actors.get(actor.value());
        return running == null ? 0 : running.maxInstances();
    }

    SortedMap<String, Integer> counts(EntityId actor) {
        var counts = new TreeMap<String, Integer>();
        hosts.keySet().forEach(host -> {
            int count = count(host.value(), actor);
            if (count > 0) {
                counts.put(host.value(), count);
            }
        });
        return counts;
    }

    List<String> providerHosts(EntityId provider) {
        return hosts.entrySet().stream()
                .filter(entry -> entry.getValue().providers.containsKey(provider.value()))
                .map(entry -> entry.getKey().value())
                .toList();
    }

    ProviderDescription provider(String host, EntityId provider) {
        return Objects.requireNonNull(at(host).providers.get(provider.value()));
    }

    Map<LinkKey, StoredLink> links() {
        return links;
    }

    Map<String, StoredConfig> configs() {
        return configs;
    }

    LatticeState state() {
        var observed = new TreeMap<HostId, ObservedHost>();
        hosts.forEach((id, host) -> observed.put(
                id,
                new ObservedHost(
                        id,
                        "host-" + id,
                        host.labels,
                        host.draining,
                        host.scheduling,
                        host.silent
                                ? null
                                : new HostInventory(
                                        id.value(),
                                        "host-" + id,
                                        host.labels.values(),
                                        "test",
                                        "",
                                        0,
                                        List.copyOf(host.actors.values()),
                                        host.providers.values().stream()
                                                .map(this::withLinks)
                                                .toList()))));
        return new LatticeState(observed, links, configs);
    }

    private ProviderDescription withLinks(ProviderDescription provider) {
        var id = new EntityId(provider.id());
        var statuses = links.values().stream()
                .flatMap(stored -> Stream.concat(Stream.of(stored.link()), stored.next().stream())
                        .filter(link ->
                                link.source().equals(id) || link.target().equals(id))
                        .limit(1)
                        .map(link -> new ProviderLinkStatus(
                                link.source().value(),
                                link.target().value(),
                                link.name().value(),
                                link.contract().value(),
                                stored.revision(),
                                !refusing.contains(id),
                                refusing.contains(id) ? "no such database" : "")))
                .toList();
        return new ProviderDescription(
                provider.id(),
                provider.imageRef(),
                provider.name(),
                0,
                provider.annotations(),
                provider.resolved(),
                !unhealthy.contains(id),
                statuses);
    }

    void apply(List<WadmCommand> commands) {
        commands.forEach(this::apply);
    }

    void apply(WadmCommand command) {
        switch (command) {
            case WadmCommand.ScaleActor scale -> {
                var actors = at(scale.host().value()).actors;
                if (scale.count() == 0) {
                    actors.remove(scale.actor().value());
                } else {
                    actors.put(
                            scale.actor().value(),
                            actor(scale.actor().value(), scale.image().value(), scale.count(), scale.annotations()));
                }
            }
            case WadmCommand.StartProvider start -> {
                var providers = at(start.host().value()).providers;
                var running = providers.get(start.provider().value());
                assertThat(running)
                        .as("a host is not asked to start what it runs just so")
                        .matches(same -> same == null
                                || !same.imageRef().equals(start.image().value())
                                || !same.annotations().equals(start.annotations()));
                if (failing.contains(start.image().value())
                        || (running != null && refusing.contains(start.provider()))) {
                    return; // what runs stays
                }
                assertThat(configs.keySet()).containsAll(start.config());
                providers.put(
                        start.provider().value(),
                        new ProviderDescription(
                                start.provider().value(),
                                start.image().value(),
                                null,
                                0,
                                start.annotations(),
                                null,
                                true,
                                List.of()));
            }
            case WadmCommand.StopProvider stop ->
                assertThat(at(stop.host().value())
                                .providers
                                .remove(stop.provider().value()))
                        .as("what is stopped runs")
                        .isNotNull();
            case WadmCommand.PutConfig put -> storeConfig(put.name(), put.values());
            case WadmCommand.DeleteConfig delete -> configs.remove(delete.name());
            case WadmCommand.PutLink put -> {
                var stored = links.get(put.link().key());
                assertThat(stored == null
                                || stored.link().target().equals(put.link().target()))
                        .as("a link is not moved unless it was prepared")
                        .isTrue();
                assertThat(configs.keySet())
                        .containsAll(put.link().sourceConfig())
                        .containsAll(put.link().targetConfig());
                storeLink(put.link());
            }
            case WadmCommand.PrepareLink prepare -> {
                var stored = Objects.requireNonNull(links.get(prepare.link().key()));
                assertThat(stored.link().target()).isEqualTo(prepare.link().target());
                assertThat(configs.keySet())
                        .containsAll(prepare.next().sourceConfig())
                        .containsAll(prepare.next().targetConfig());
                links.put(
                        prepare.link().key(), new StoredLink(prepare.link(), Optional.of(prepare.next()), ++revision));
            }
            case WadmCommand.MoveLink move -> {
                var stored = Objects.requireNonNull(links.get(move.link().key()));
                if (stored.revision() != move.revision()) {
                    return; // refused: somebody else has changed it
                }
                assertThat(stored.next()).as("only a prepared link moves").contains(move.link());
                storeLink(move.link());
            }
            case WadmCommand.DeleteLink delete -> links.remove(delete.link());
        }
    }

    /** Reconciles and applies until nothing is left to do; the last plan. */
    Plan converge(Collection<Deployment> desired, Collection<Ownership> known) {
        var rounds = new ArrayList<List<WadmCommand>>();
        for (int round = 0; round < ROUNDS_MAX; round++) {
            var plan = Reconciler.reconcile(state(), desired, known, Map.of());
            if (plan.commands().isEmpty()) {
                return plan;
            }
            rounds.add(plan.commands());
            apply(plan.commands());
        }
        throw new AssertionError("still commands after " + ROUNDS_MAX + " rounds: " + rounds);
    }

    Plan converge(Deployment deployment) {
        return converge(List.of(deployment), List.of(deployment.ownership()));
    }

    private static ActorDescription actor(String id, String image, int count, Map<String, String> annotations) {
        return new ActorDescription(
                id, image, null, annotations, 0, count, Map.of(), annotations.get("trellis.dev/digest"), null, null);
    }
}

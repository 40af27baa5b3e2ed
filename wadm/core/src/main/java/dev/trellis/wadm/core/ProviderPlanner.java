package dev.trellis.wadm.core;

import dev.trellis.lattice.model.HostId;
import dev.trellis.wadm.core.Pass.Phase;
import dev.trellis.wadm.core.Pass.Reasons;
import dev.trellis.wadm.core.Pass.RunningProvider;
import dev.trellis.wadm.manifest.CapabilityComponent;
import dev.trellis.wadm.manifest.DaemonScaler;
import dev.trellis.wadm.manifest.ManifestScaler;
import dev.trellis.wadm.manifest.Spread;
import dev.trellis.wadm.manifest.SpreadScaler;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Keeps providers running on as many hosts as wanted, at most once on each. */
final class ProviderPlanner {
    private static final String KIND = "ProviderSpreadScaler";

    private final Pass pass;

    ProviderPlanner(Pass pass) {
        this.pass = pass;
    }

    /** One spread, how many hosts it wants and which it may use. */
    private record Demand(Spread spread, int hosts, List<ObservedHost> eligible) {}

    ScalerStatus plan(Deployment deployment, CapabilityComponent provider) {
        String id = Pass.scalerId(
                KIND,
                deployment.application(),
                provider.name(),
                provider.id().value(),
                provider.image().value(),
                String.join(",", Pass.configKeys(provider)));
        var reasons = new Reasons();
        plan(deployment, provider, id, reasons);
        if (reasons.type() == StatusType.DEPLOYED) {
            pass.ready(provider.id());
        }
        return new ScalerStatus(id, provider.name(), KIND, provider.image().value(), reasons.type(), reasons.message());
    }

    private void plan(Deployment deployment, CapabilityComponent provider, String id, Reasons reasons) {
        if (pass.heldBack(provider, reasons)) {
            return;
        }

        var running = new TreeMap<HostId, RunningProvider>();
        pass.providers(provider.id().value())
                .forEach(instance -> running.put(instance.host().id(), instance));
        var annotations = pass.annotations(deployment, provider, id);
        var used = new HashSet<HostId>();
        int wanted = 0;
        int healthy = 0;
        var behind = new ArrayList<String>();
        for (Demand demand : demands(deployment, provider, running)) {
            var chosen = choose(demand, provider, running, used);
            used.addAll(chosen.stream().map(ObservedHost::id).toList());
            wanted += demand.hosts();
            if (chosen.isEmpty()) {
                reasons.add(StatusType.FAILED, pass.noHostFor(demand.spread()));
            } else if (chosen.size() < demand.hosts()) {
                reasons.add(
                        StatusType.FAILED,
                        "%d hosts are wanted for spread %s but only %d can be used: a provider runs at most once on each"
                                .formatted(demand.hosts(), demand.spread().name(), chosen.size()));
            }
            for (ObservedHost host : chosen) {
                var wantedAnnotations = new TreeMap<>(annotations);
                wantedAnnotations.put(Annotations.SPREAD_NAME, demand.spread().name());
                RunningProvider instance = running.get(host.id());
                var key = new CommandKey.Provider(provider.id(), host.id());
                if (instance == null || !current(deployment, provider, wantedAnnotations, instance)) {
                    pass.emit(
                            Phase.PROVIDER,
                            new WadmCommand.StartProvider(
                                    deployment.application(),
                                    host.id(),
                                    provider.id(),
                                    provider.image(),
                                    Pass.configKeys(provider),
                                    wantedAnnotations,
                                    deployment.drain()));
                } else {
                    if (instance.provider().healthy()) {
                        healthy++;
                        String resolved = instance.provider().resolved();
                        if (resolved != null
                                && !resolved.equals(provider.image().value())) {
                            reasons.add(StatusType.DEPLOYED, "runs " + resolved);
                        }
                    } else {
                        reasons.add(
                                StatusType.UNHEALTHY,
                                "the provider on host " + host.name() + " fails its health check");
                    }
                    continue;
                }
                pass.failure(key)
                        .ifPresentOrElse(
                                failed -> reasons.add(StatusType.FAILED, "host " + host.name() + ": " + failed),
                                () -> behind.add(host.name()));
            }
        }
        if (!behind.isEmpty()) {
            reasons.add(
                    StatusType.RECONCILING,
                    "%d of %d providers run; waiting for host %s".formatted(healthy, wanted, Pass.join(behind)));
        }
        boolean replaced = healthy >= Math.max(1, wanted)
                && used.stream().allMatch(host -> pass.tookItsLinks(Objects.requireNonNull(running.get(host))));
        for (RunningProvider instance : running.values()) {
            if (!used.contains(instance.host().id())
                    && Annotations.belongsTo(
                            deployment.application(), instance.provider().annotations())) {
                if (!instance.host().keepsWork() && !replaced) {
                    reasons.add(
                            StatusType.RECONCILING,
                            "the provider is to leave host " + instance.host().name()
                                    + " once another one serves all its links");
                    continue;
                }
                var serves = pass.heldBy(provider.id().value());
                if (serves.isEmpty()) {
                    pass.emit(
                            Phase.REMOVE_PROVIDER,
                            new WadmCommand.StopProvider(
                                    deployment.application(), instance.host().id(), provider.id(), deployment.drain()));
                }
                reasons.add(
                        StatusType.RECONCILING,
                        "the provider is to leave host " + instance.host().name()
                                + (serves.isEmpty()
                                        ? ""
                                        : "; it serves link "
                                                + serves.iterator().next() + " until that has moved"));
            }
        }
    }

    /** The spreads that want hosts, the least free to choose first, lest another takes the only host it may use. */
    private List<Demand> demands(
            Deployment deployment, CapabilityComponent provider, Map<HostId, RunningProvider> running) {
        ManifestScaler scaler = provider.scalers().getFirst();
        var demands = new ArrayList<Demand>();
        var counts = Shares.bySpread(scaler);
        counts.forEach((spread, count) -> {
            if (count == 0) {
                return;
            }
            var eligible = pass.eligible(spread.requirements(), host -> running.containsKey(host.id())).stream()
                    .filter(host -> !blocked(deployment, provider, running.get(host.id())))
                    .toList();
            int hosts =
                    switch (scaler) {
                        case SpreadScaler _ -> count;
                        case DaemonScaler _ -> Math.max(1, eligible.size());
                    };
            demands.add(new Demand(spread, hosts, eligible));
        });
        demands.sort(Comparator.comparingInt(demand -> demand.eligible().size()));
        return demands;
    }

    /** Whether a host runs a provider of this id that is neither ours nor what we want. */
    private static boolean blocked(
            Deployment deployment, CapabilityComponent provider, @Nullable RunningProvider instance) {
        return instance != null
                && !Annotations.belongsTo(
                        deployment.application(), instance.provider().annotations())
                && !instance.provider().imageRef().equals(provider.image().value());
    }

    /** The hosts for a spread: those that run it for this spread, those that run it, then where it has not failed. */
    private List<ObservedHost> choose(
            Demand demand, CapabilityComponent provider, Map<HostId, RunningProvider> running, Set<HostId> used) {
        return demand.eligible().stream()
                .filter(host -> !used.contains(host.id()))
                .sorted(Comparator.<ObservedHost>comparingInt(host -> {
                            RunningProvider instance = running.get(host.id());
                            if (instance == null) {
                                return 2;
                            }
                            String spread = instance.provider().annotations().get(Annotations.SPREAD_NAME);
                            return demand.spread().name().equals(spread) ? 0 : 1;
                        })
                        .thenComparingInt(host -> pass.failure(new CommandKey.Provider(provider.id(), host.id()))
                                .map(Activity.Failed::attempts)
                                .orElse(0))
                        .thenComparing(ObservedHost::id))
                .limit(demand.hosts())
                .toList();
    }

    private static boolean current(
            Deployment deployment,
            CapabilityComponent provider,
            Map<String, String> annotations,
            RunningProvider instance) {
        var observed = instance.provider();
        if (!observed.imageRef().equals(provider.image().value())) {
            return false;
        }
        // Somebody else's provider of this id and image is as good, and not ours to restart.
        return !Annotations.belongsTo(deployment.application(), observed.annotations())
                || Annotations.agree(annotations, observed.annotations());
    }
}

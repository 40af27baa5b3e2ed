package dev.trellis.wadm.core;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.wadm.core.Pass.Phase;
import dev.trellis.wadm.core.Pass.RunningActor;
import dev.trellis.wadm.core.Pass.RunningProvider;
import dev.trellis.wadm.manifest.ActorComponent;
import dev.trellis.wadm.manifest.CapabilityComponent;
import dev.trellis.wadm.manifest.ManifestComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Compares what is desired with what is observed. A pure function: the same input gives the same plan, and once all
 * that a plan asks for is observed the next plan asks for nothing.
 *
 * <p>One plan need not be the last: a link waits until its configs are observed; one that is to have another target
 * is prepared, then moved when the target has acknowledged it, and what it pointed to is stopped after that; instances leave a host after those that replace them run. Each plan holds all that can
 * be done now.
 */
public final class Reconciler {
    private Reconciler() {}

    /**
     * The commands that move {@code state} towards {@code desired}, and how far each application is.
     *
     * @param desired applications that are to run, at most one deployment of each
     * @param known every application that the controller has ever heard of and not forgotten, with what it may have
     *     in the stores; what runs for others is left alone
     * @param activities what became of earlier commands; only used for the reasons in statuses and to prefer hosts
     *     where a provider has not failed
     */
    public static Plan reconcile(
            LatticeState state,
            Collection<Deployment> desired,
            Collection<Ownership> known,
            Map<CommandKey, Activity> activities) {
        var pass = new Pass(state, activities);
        var store = new StorePlanner(pass);
        var actors = new ActorPlanner(pass);
        var providers = new ProviderPlanner(pass);
        desired.forEach(pass::holdWhatServes);
        var owned = new HashMap<String, Ownership>();
        known.forEach(ownership -> owned.merge(ownership.application(), ownership, Ownership::with));
        desired.forEach(
                deployment -> owned.putIfAbsent(deployment.application(), Ownership.none(deployment.application())));
        var deployments = desired.stream()
                .sorted(Comparator.comparing(Deployment::application))
                .toList();

        var statuses = new TreeMap<String, ApplicationStatus>();
        var ownerships = new HashMap<String, Ownership>();
        var wanted = new HashMap<EntityId, String>();
        for (Deployment deployment : deployments) {
            String application = deployment.application();
            var scalers = new ArrayList<ScalerStatus>(store.planConfigs(deployment));
            for (ManifestComponent component : deployment.manifest().components()) {
                String owner = wanted.putIfAbsent(component.id(), application);
                if (owner != null) {
                    scalers.add(taken(deployment, component, owner));
                    continue;
                }
                scalers.add(
                        switch (component) {
                            case ActorComponent actor -> actors.plan(deployment, actor);
                            case CapabilityComponent capability -> providers.plan(deployment, capability);
                        });
            }
            scalers.addAll(store.planLinks(deployment, owned.getOrDefault(application, Ownership.none(application))));
            statuses.put(application, status(deployment, scalers));
        }

        var leftovers = new TreeMap<String, Integer>();
        var drains = new HashMap<String, Duration>();
        deployments.forEach(deployment -> drains.put(deployment.application(), deployment.drain()));
        var orphans = removeStopped(pass, owned.keySet(), wanted, drains, leftovers);
        for (Deployment deployment : deployments) {
            var ownership = deployment.ownership();
            var rest = owned.getOrDefault(deployment.application(), Ownership.none(deployment.application()));
            ownerships.put(deployment.application(), ownership.with(store.removeUnwanted(rest, ownership)));
        }
        for (Ownership ownership : owned.values()) {
            String application = ownership.application();
            if (!ownerships.containsKey(application)) {
                var rest = store.removeUnwanted(ownership, Ownership.none(application));
                ownerships.put(application, rest);
                statuses.put(application, undeployed(rest, leftovers.getOrDefault(application, 0)));
            }
        }
        return new Plan(pass.commands(), statuses, ownerships, orphans);
    }

    /** Stops what runs for applications or components that are no longer desired; tells what it does not know. */
    private static List<String> removeStopped(
            Pass pass,
            Set<String> known,
            Map<EntityId, String> wanted,
            Map<String, Duration> drains,
            Map<String, Integer> leftovers) {
        var orphans = new TreeSet<String>();
        var wantedIds = new HashSet<String>();
        wanted.forEach((id, application) -> wantedIds.add(application + "/" + id));
        for (List<RunningActor> instances : pass.allActors()) {
            for (RunningActor instance : instances) {
                var annotations = instance.actor().annotations();
                if (!Annotations.managed(annotations)) {
                    continue;
                }
                String application = annotations.getOrDefault(Annotations.APPLICATION, "");
                if (wantedIds.contains(application + "/" + instance.actor().id())) {
                    continue;
                }
                if (!known.contains(application)) {
                    orphans.add(orphan("actor " + instance.actor().id(), instance.host(), application));
                    continue;
                }
                leftovers.merge(application, 1, Integer::sum);
                if (pass.heldBy(instance.actor().id()).isEmpty()) {
                    pass.emit(Phase.REMOVE_ACTOR, stop(application, instance));
                }
            }
        }
        for (List<RunningProvider> instances : pass.allProviders()) {
            for (RunningProvider instance : instances) {
                var annotations = instance.provider().annotations();
                if (!Annotations.managed(annotations)) {
                    continue;
                }
                String application = annotations.getOrDefault(Annotations.APPLICATION, "");
                if (wantedIds.contains(application + "/" + instance.provider().id())) {
                    continue;
                }
                if (!known.contains(application)) {
                    orphans.add(orphan("provider " + instance.provider().id(), instance.host(), application));
                    continue;
                }
                leftovers.merge(application, 1, Integer::sum);
                if (pass.heldBy(instance.provider().id()).isEmpty()) {
                    pass.emit(
                            Phase.REMOVE_PROVIDER,
                            new WadmCommand.StopProvider(
                                    application,
                                    instance.host().id(),
                                    new EntityId(instance.provider().id()),
                                    drains.getOrDefault(application, Duration.ZERO)));
                }
            }
        }
        return List.copyOf(orphans);
    }

    static WadmCommand.ScaleActor stop(String application, RunningActor instance) {
        return new WadmCommand.ScaleActor(
                application,
                instance.host().id(),
                new EntityId(instance.actor().id()),
                new ImageRef(instance.actor().imageRef()),
                0,
                List.of(),
                instance.actor().annotations());
    }

    private static String orphan(String what, ObservedHost host, String application) {
        return "%s on host %s belongs to application %s, which this controller does not know; it is left alone"
                .formatted(what, host.name(), application);
    }

    private static ScalerStatus taken(Deployment deployment, ManifestComponent component, String owner) {
        return new ScalerStatus(
                Pass.scalerId("Conflict", deployment.application(), component.name()),
                component.name(),
                switch (component) {
                    case ActorComponent _ -> "SpreadScaler";
                    case CapabilityComponent _ -> "ProviderSpreadScaler";
                },
                component.image().value(),
                StatusType.FAILED,
                "id %s is taken by application %s; give one of them another id".formatted(component.id(), owner));
    }

    private static ApplicationStatus status(Deployment deployment, List<ScalerStatus> scalers) {
        var type = StatusType.aggregate(scalers.stream().map(ScalerStatus::type).toList());
        String message = scalers.stream()
                .filter(scaler -> scaler.type() != StatusType.DEPLOYED)
                .sorted(Comparator.comparing(ScalerStatus::type))
                .map(scaler -> scaler.component() + ": " + scaler.message())
                .findFirst()
                .orElse("");
        return new ApplicationStatus(deployment.application(), deployment.version(), type, message, scalers);
    }

    private static ApplicationStatus undeployed(Ownership rest, int running) {
        String message = running == 0 && rest.empty()
                ? ""
                : "removing what is left: %d running, %d links, %d configs"
                        .formatted(running, rest.links().size(), rest.configs().size());
        return new ApplicationStatus(rest.application(), "", StatusType.UNDEPLOYED, message, List.of());
    }
}

package dev.trellis.wadm.core;

import dev.trellis.lattice.model.HostId;
import dev.trellis.wadm.core.Pass.Phase;
import dev.trellis.wadm.core.Pass.Reasons;
import dev.trellis.wadm.core.Pass.RunningActor;
import dev.trellis.wadm.manifest.ActorComponent;
import dev.trellis.wadm.manifest.DaemonScaler;
import dev.trellis.wadm.manifest.ManifestScaler;
import dev.trellis.wadm.manifest.Spread;
import dev.trellis.wadm.manifest.SpreadScaler;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Keeps the instances of actors at their numbers, evenly spread over the hosts they may use. */
final class ActorPlanner {
    private static final String KIND = "SpreadScaler";

    private final Pass pass;

    ActorPlanner(Pass pass) {
        this.pass = pass;
    }

    ScalerStatus plan(Deployment deployment, ActorComponent actor) {
        String id = Pass.scalerId(
                KIND,
                deployment.application(),
                actor.name(),
                actor.id().value(),
                actor.image().value(),
                String.join(",", Pass.configKeys(actor)));
        var reasons = new Reasons();
        if (actor.scalers().isEmpty()) {
            reasons.add(StatusType.DEPLOYED, "no spreadscaler trait: nothing is started");
        } else {
            plan(deployment, actor, actor.scalers().getFirst(), id, reasons);
        }
        return new ScalerStatus(id, actor.name(), KIND, actor.image().value(), reasons.type(), reasons.message());
    }

    private void plan(Deployment deployment, ActorComponent actor, ManifestScaler scaler, String id, Reasons reasons) {
        if (pass.heldBack(actor, reasons)) {
            return;
        }

        var own = new TreeMap<HostId, RunningActor>();
        var foreign = new TreeMap<HostId, RunningActor>();
        for (RunningActor running : pass.actors(actor.id().value())) {
            boolean ours = Annotations.belongsTo(
                    deployment.application(), running.actor().annotations());
            (ours ? own : foreign).put(running.host().id(), running);
        }
        var wanted = wanted(scaler, own, foreign, reasons);
        var annotations = pass.annotations(deployment, actor, id);
        deployment.manifest().pin(actor.name()).ifPresent(pin -> annotations.put(Annotations.DIGEST, pin));

        int wantedTotal = 0;
        int runningTotal = 0;
        boolean everywhere = true;
        boolean complete = true;
        var behind = new ArrayList<String>();
        for (var entry : wanted.entrySet()) {
            ObservedHost host = host(entry.getKey());
            int count = entry.getValue().values().stream()
                    .mapToInt(Integer::intValue)
                    .sum();
            var wantedAnnotations = new TreeMap<>(annotations);
            wantedAnnotations.put(
                    Annotations.SPREAD_NAME, String.join(",", entry.getValue().keySet()));
            if (entry.getValue().size() > 1) {
                wantedAnnotations.put(Annotations.SPREAD_COUNTS, Annotations.counts(entry.getValue()));
            }
            RunningActor running = own.get(entry.getKey());
            int serving = running != null && current(running, actor, wantedAnnotations)
                    ? running.actor().maxInstances()
                    : 0;
            wantedTotal += count;
            runningTotal += Math.min(count, serving);
            everywhere &= serving > 0;
            complete &= serving >= count;
            if (serving == count) {
                continue;
            }
            var command = new WadmCommand.ScaleActor(
                    deployment.application(),
                    host.id(),
                    actor.id(),
                    actor.image(),
                    count,
                    Pass.configKeys(actor),
                    wantedAnnotations);
            pass.emit(Phase.ACTOR, command);
            pass.failure(command.key())
                    .ifPresentOrElse(
                            failed -> reasons.add(StatusType.FAILED, "host " + host.name() + ": " + failed),
                            () -> behind.add(host.name()));
        }
        if (!behind.isEmpty()) {
            reasons.add(
                    StatusType.RECONCILING,
                    "%d of %d instances run; waiting for host %s"
                            .formatted(runningTotal, wantedTotal, Pass.join(behind)));
        } else if (runningTotal < wantedTotal) {
            reasons.add(StatusType.RECONCILING, "%d of %d instances run".formatted(runningTotal, wantedTotal));
        }
        var leftovers = own.values().stream()
                .filter(running -> !wanted.containsKey(running.host().id()))
                .toList();
        remove(deployment, actor, leftovers, wanted.isEmpty(), everywhere, complete, reasons);
    }

    /** How many instances each host is to run, by spread. Says in {@code reasons} which spread finds no host. */
    private Map<HostId, Map<String, Integer>> wanted(
            ManifestScaler scaler, Map<HostId, RunningActor> own, Map<HostId, RunningActor> foreign, Reasons reasons) {
        var wanted = new TreeMap<HostId, Map<String, Integer>>();
        var counts = Shares.bySpread(scaler);
        counts.forEach((spread, count) -> {
            if (count == 0) {
                return;
            }
            var eligible = new TreeMap<HostId, Integer>();
            var cordoned = new HashSet<HostId>();
            for (ObservedHost host :
                    pass.eligible(spread.requirements(), host -> share(own.get(host.id()), spread) > 0)) {
                if (foreign.containsKey(host.id())) {
                    continue;
                }
                eligible.put(host.id(), share(own.get(host.id()), spread));
                if (!host.takesWork()) {
                    cordoned.add(host.id());
                }
            }
            if (eligible.isEmpty()) {
                reasons.add(
                        StatusType.FAILED,
                        foreign.isEmpty()
                                ? pass.noHostFor(spread)
                                : "every host for spread " + spread.name()
                                        + " already runs an actor of this id that somebody else started: "
                                        + Pass.join(foreign.values().stream()
                                                .map(running -> running.host().name())
                                                .toList()));
                return;
            }
            var shares =
                    switch (scaler) {
                        case SpreadScaler _ -> Shares.byHost(count, eligible, cordoned);
                        case DaemonScaler _ -> {
                            var every = new TreeMap<HostId, Integer>();
                            eligible.forEach((host, running) ->
                                    every.put(host, cordoned.contains(host) ? Math.min(count, running) : count));
                            yield every;
                        }
                    };
            int placed = shares.values().stream().mapToInt(Integer::intValue).sum();
            if (placed < count) {
                reasons.add(
                        StatusType.FAILED,
                        "%d of %d instances for spread %s have no host: those that may run them are cordoned"
                                .formatted(count - placed, count, spread.name()));
            }
            shares.forEach((host, share) ->
                    wanted.computeIfAbsent(host, _ -> new TreeMap<>()).merge(spread.name(), share, Integer::sum));
        });
        return wanted;
    }

    /** How many instances run for a spread. */
    private static int share(@Nullable RunningActor running, Spread spread) {
        return running == null
                ? 0
                : Annotations.share(
                                running.actor().annotations(), running.actor().maxInstances())
                        .getOrDefault(spread.name(), 0);
    }

    /**
     * Instances on hosts that are not wanted any more go once the wanted hosts serve, so that calls find a target; on
     * hosts that are to be emptied once all that replace them run.
     */
    private void remove(
            Deployment deployment,
            ActorComponent actor,
            List<RunningActor> leftovers,
            boolean nowhere,
            boolean everywhere,
            boolean complete,
            Reasons reasons) {
        boolean homeless = nowhere && !reasons.none();
        for (RunningActor leftover : leftovers) {
            ObservedHost host = leftover.host();
            if (homeless && !host.keepsWork()) {
                continue; // it finishes what it has; there is no better place
            }
            if (host.keepsWork() ? everywhere : complete) {
                var command = Reconciler.stop(deployment.application(), leftover);
                pass.emit(Phase.REMOVE_ACTOR, command);
                pass.failure(command.key())
                        .ifPresent(failed -> reasons.add(StatusType.FAILED, "host " + host.name() + ": " + failed));
            }
            reasons.add(
                    StatusType.RECONCILING,
                    leftover.actor().maxInstances() + " instances of " + actor.id() + " are to leave host "
                            + host.name());
        }
    }

    private static boolean current(RunningActor running, ActorComponent actor, Map<String, String> annotations) {
        var observed = running.actor();
        String pin = annotations.get(Annotations.DIGEST);
        boolean sameBytes = pin == null || observed.digest() == null || pin.equals(observed.digest());
        return sameBytes
                && observed.imageRef().equals(actor.image().value())
                && Annotations.agree(annotations, observed.annotations());
    }

    private ObservedHost host(HostId id) {
        ObservedHost host = pass.state.hosts().get(id);
        if (host == null) {
            throw new IllegalStateException("host " + id + " was chosen but is not in the lattice's state");
        }
        return host;
    }
}

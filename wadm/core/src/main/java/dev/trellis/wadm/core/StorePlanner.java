package dev.trellis.wadm.core;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderLinkStatus;
import dev.trellis.wadm.core.LatticeState.StoredLink;
import dev.trellis.wadm.core.Pass.Phase;
import dev.trellis.wadm.core.Pass.Reasons;
import dev.trellis.wadm.core.Pass.RunningProvider;
import dev.trellis.wadm.manifest.ActorComponent;
import dev.trellis.wadm.manifest.CapabilityComponent;
import dev.trellis.wadm.manifest.ConfigEntry;
import dev.trellis.wadm.manifest.ManifestComponent;
import dev.trellis.wadm.manifest.ManifestLink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Keeps links and configs in the lattice's stores as manifests want them. */
final class StorePlanner {
    private static final String CONFIG_KIND = "ConfigScaler";
    private static final String LINK_KIND = "LinkScaler";

    private final Pass pass;
    private final Map<LinkKey, Claim> links = new HashMap<>();
    private final Map<String, Claim> configs = new HashMap<>();

    /** Who wants something of that name, and what; the first one gets it. */
    private record Claim(String application, Object wanted) {}

    StorePlanner(Pass pass) {
        this.pass = pass;
    }

    /** One scaler for each config that the application names. */
    List<ScalerStatus> planConfigs(Deployment deployment) {
        var byKey = new LinkedHashMap<String, ScalerStatus>();
        for (ManifestComponent component : deployment.manifest().components()) {
            var entries = Stream.concat(
                            component.config().stream(),
                            component.links().stream().flatMap(Deployment::configs))
                    .toList();
            for (ConfigEntry config : entries) {
                byKey.computeIfAbsent(config.key(), _ -> plan(deployment, component, config));
            }
        }
        return List.copyOf(byKey.values());
    }

    private ScalerStatus plan(Deployment deployment, ManifestComponent component, ConfigEntry config) {
        var reasons = new Reasons();
        config.values().ifPresentOrElse(values -> put(deployment, config.key(), values, reasons), () -> {
            if (!pass.state.configs().containsKey(config.key())) {
                reasons.add(
                        StatusType.FAILED,
                        "config %s is not in the lattice, and the manifest gives no values; put it, or add properties"
                                .formatted(config.key()));
            }
        });
        return new ScalerStatus(
                Pass.scalerId(CONFIG_KIND, deployment.application(), config.key()),
                component.name(),
                CONFIG_KIND,
                config.key(),
                reasons.type(),
                reasons.message());
    }

    private void put(Deployment deployment, String name, Map<String, String> values, Reasons reasons) {
        Claim claim = configs.computeIfAbsent(name, _ -> new Claim(deployment.application(), values));
        if (!claim.application().equals(deployment.application())) {
            reasons.add(StatusType.FAILED, "application " + claim.application() + " has a config of the same name");
            return;
        }
        var stored = pass.state.configs().get(name);
        if (stored != null && stored.values().equals(values)) {
            return;
        }
        if (pass.state.hosts().isEmpty()) {
            reasons.add(StatusType.WAITING, "no host in the lattice");
            return;
        }
        var command = new WadmCommand.PutConfig(deployment.application(), name, values);
        pass.emit(Phase.CONFIG, command);
        waitFor(command.key(), stored == null ? "to be stored" : "to be replaced", reasons);
    }

    /** One scaler for each link. {@code owned} is what the application may have stored before. */
    List<ScalerStatus> planLinks(Deployment deployment, Ownership owned) {
        var statuses = new ArrayList<ScalerStatus>();
        for (ManifestLink link : deployment.manifest().links()) {
            var reasons = new Reasons();
            plan(deployment, link, owned, reasons);
            statuses.add(new ScalerStatus(
                    Pass.scalerId(
                            LINK_KIND,
                            deployment.application(),
                            link.toLink().key().toString(),
                            link.targetId().value()),
                    link.source(),
                    LINK_KIND,
                    "%s -(%s)-> %s".formatted(link.source(), link.contract(), link.target()),
                    reasons.type(),
                    reasons.message()));
        }
        return statuses;
    }

    private void plan(Deployment deployment, ManifestLink manifestLink, Ownership owned, Reasons reasons) {
        Link link = manifestLink.toLink();
        if (!manifestLink.sourceSecrets().isEmpty()
                || !manifestLink.targetSecrets().isEmpty()) {
            reasons.add(StatusType.FAILED, "secrets of links are not supported yet; use a config");
            return;
        }
        Claim claim = links.computeIfAbsent(link.key(), _ -> new Claim(deployment.application(), link));
        if (!claim.wanted().equals(link)) {
            reasons.add(
                    StatusType.FAILED,
                    "application %s has a link %s to something else; give one of them another name"
                            .formatted(claim.application(), link.key()));
            return;
        }
        var missing = pass.missing(Deployment.configs(manifestLink).toList());
        if (!missing.isEmpty()) {
            reasons.add(StatusType.WAITING, "waiting for config " + Pass.join(missing));
            return;
        }
        var stored = pass.state.links().get(link.key());
        if (stored != null && stored.link().equals(link) && stored.next().isEmpty()) {
            acknowledged(deployment, link, stored.revision(), reasons);
            return;
        }
        if (pass.state.hosts().isEmpty()) {
            reasons.add(StatusType.WAITING, "no host in the lattice");
            return;
        }
        if (stored == null || stored.link().target().equals(link.target())) {
            var command = new WadmCommand.PutLink(deployment.application(), link);
            pass.emit(Phase.LINK, command);
            waitFor(command.key(), stored == null ? "to be stored" : "to be replaced", reasons);
            return;
        }
        String from = link.key() + " points to " + stored.link().target();
        if (!owned.links().contains(link.key())) {
            reasons.add(
                    StatusType.FAILED,
                    "link %s, put by somebody else; delete it or name this one differently".formatted(from));
        } else if (!usable(deployment, link.target())) {
            reasons.add(StatusType.WAITING, "link %s until %s runs as it should".formatted(from, link.target()));
        } else {
            move(deployment, stored, link, reasons);
        }
    }

    private boolean usable(Deployment deployment, EntityId target) {
        return isProvider(deployment, target)
                ? pass.isReady(target) && !pass.providers(target.value()).isEmpty()
                : !pass.actors(target.value()).isEmpty();
    }

    /**
     * Moves a link to a target that runs, without a moment at which calls have nowhere to go: it is offered to the new
     * target while they go to the old one, and the record changes once, when every instance has acknowledged it.
     */
    private void move(Deployment deployment, StoredLink stored, Link link, Reasons reasons) {
        var prepared = stored.next().equals(Optional.of(link));
        if (prepared) {
            var before = new Reasons();
            acknowledged(link, List.of(link.target()), deployment, stored.revision(), before);
            if (!before.none()) {
                before.all((type, message) -> reasons.add(
                        type,
                        message
                                + "; %s serves meanwhile"
                                        .formatted(stored.link().target())));
                return;
            }
        }
        if (prepared && !readyToMove(deployment, link)) {
            reasons.add(StatusType.RECONCILING, "it waits for the other links that move to " + link.target());
            return;
        }
        WadmCommand command = prepared
                ? new WadmCommand.MoveLink(deployment.application(), link, stored.revision())
                : new WadmCommand.PrepareLink(deployment.application(), stored.link(), link);
        pass.emit(Phase.LINK, command);
        waitFor(
                command.key(),
                "to %s from %s to %s"
                        .formatted(
                                prepared ? "move" : "be prepared to move",
                                stored.link().target(),
                                link.target()),
                reasons);
    }

    /** Whether every link of the application that is to move to {@code link}'s target may, so that all do at once. */
    private boolean readyToMove(Deployment deployment, Link link) {
        for (ManifestLink other : deployment.manifest().links()) {
            Link wanted = other.toLink();
            var stored = pass.state.links().get(wanted.key());
            if (wanted.target().equals(link.target())
                    && stored != null
                    && !stored.link().target().equals(wanted.target())) {
                var reasons = new Reasons();
                acknowledged(wanted, List.of(wanted.target()), deployment, stored.revision(), reasons);
                if (!stored.next().equals(Optional.of(wanted)) || !reasons.none()) {
                    return false;
                }
            }
        }
        return true;
    }

    /** A stored link counts once every provider at either end has taken it at this revision. */
    private void acknowledged(Deployment deployment, Link link, long revision, Reasons reasons) {
        acknowledged(link, List.of(link.source(), link.target()), deployment, revision, reasons);
    }

    private void acknowledged(Link link, List<EntityId> ends, Deployment deployment, long revision, Reasons reasons) {
        for (EntityId end : ends) {
            var instances = pass.providers(end.value());
            if (instances.isEmpty() && isProvider(deployment, end)) {
                reasons.add(StatusType.WAITING, "provider " + end + " does not run yet");
            }
            for (RunningProvider instance : instances) {
                String where = "provider " + end + " on host " + instance.host().name();
                var answer = answer(instance, link);
                if (answer.isEmpty() || answer.get().pending()) {
                    reasons.add(StatusType.RECONCILING, where + " has not acknowledged the link yet");
                } else if (!answer.get().acknowledged()) {
                    reasons.add(
                            StatusType.FAILED,
                            where + " refused the link: " + answer.get().message());
                } else if (answer.get().generation() < revision) {
                    reasons.add(
                            StatusType.RECONCILING,
                            where
                                    + " has an older version of the link (%d, newest is %d)"
                                            .formatted(answer.get().generation(), revision));
                }
            }
        }
    }

    private static Optional<ProviderLinkStatus> answer(RunningProvider instance, Link link) {
        return instance.provider().links().stream()
                .filter(status -> status.sourceId().equals(link.source().value())
                        && status.target().equals(link.target().value())
                        && status.name().equals(link.name().value())
                        && status.contract().equals(link.contract().value()))
                .findFirst();
    }

    private static boolean isProvider(Deployment deployment, EntityId id) {
        return deployment.manifest().components().stream().anyMatch(component -> switch (component) {
            case CapabilityComponent capability -> capability.id().equals(id);
            case ActorComponent _ -> false;
        });
    }

    /** Removes what {@code owned} names and {@code desired} does not; returns what is still there. */
    Ownership removeUnwanted(Ownership owned, Ownership desired) {
        var linksLeft = new HashSet<LinkKey>();
        for (LinkKey link : owned.links()) {
            if (pass.state.links().containsKey(link)
                    && !links.containsKey(link)
                    && !desired.links().contains(link)) {
                linksLeft.add(link);
                pass.emit(Phase.REMOVE_LINK, new WadmCommand.DeleteLink(owned.application(), link));
            }
        }
        var configsLeft = new HashSet<String>();
        for (String config : owned.configs()) {
            if (pass.state.configs().containsKey(config)
                    && !configs.containsKey(config)
                    && !desired.configs().contains(config)) {
                configsLeft.add(config);
                if (!linked(config) && !started(config)) {
                    pass.emit(Phase.REMOVE_CONFIG, new WadmCommand.DeleteConfig(owned.application(), config));
                }
            }
        }
        return new Ownership(owned.application(), linksLeft, configsLeft);
    }

    /** Whether a stored link still uses the config; it stays until the link is gone. */
    private boolean linked(String config) {
        return pass.state.links().values().stream()
                .flatMap(stored -> Stream.concat(Stream.of(stored.link()), stored.next().stream()))
                .anyMatch(link -> link.sourceConfig().contains(config)
                        || link.targetConfig().contains(config));
    }

    /** Whether a provider runs that was started with the config, and serves on until its links have moved. */
    private boolean started(String config) {
        return pass.allProviders().stream()
                .flatMap(List::stream)
                .filter(instance -> !pass.heldBy(instance.provider().id()).isEmpty())
                .anyMatch(instance ->
                        Annotations.configs(instance.provider().annotations()).contains(config));
    }

    private void waitFor(CommandKey key, String what, Reasons reasons) {
        pass.failure(key)
                .ifPresentOrElse(
                        failed -> reasons.add(StatusType.FAILED, failed.toString()),
                        () -> reasons.add(StatusType.RECONCILING, "waiting for " + key + " " + what));
    }
}

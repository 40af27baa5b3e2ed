package dev.trellis.wadm.core;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderLinkStatus;
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
        if (stored != null && stored.link().equals(link)) {
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
        } else if (isProvider(deployment, link.target())
                && pass.providers(link.target().value()).isEmpty()) {
            reasons.add(StatusType.WAITING, "link %s until provider %s runs".formatted(from, link.target()));
        } else {
            // A link is never moved in place: hosts refuse one key with another target.
            var command = new WadmCommand.DeleteLink(deployment.application(), link.key());
            pass.emit(Phase.LINK, command);
            waitFor(command.key(), "to be deleted, since " + from, reasons);
        }
    }

    /** A stored link counts once every provider at either end has taken it at this revision. */
    private void acknowledged(Deployment deployment, Link link, long revision, Reasons reasons) {
        for (EntityId end : List.of(link.source(), link.target())) {
            var instances = pass.providers(end.value());
            if (instances.isEmpty() && isProvider(deployment, end)) {
                reasons.add(StatusType.WAITING, "provider " + end + " does not run yet");
            }
            for (RunningProvider instance : instances) {
                String where = "provider " + end + " on host " + instance.host().name();
                var answer = answer(instance, link);
                if (answer.isEmpty()) {
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
                if (!linked(config)) {
                    pass.emit(Phase.REMOVE_CONFIG, new WadmCommand.DeleteConfig(owned.application(), config));
                }
            }
        }
        return new Ownership(owned.application(), linksLeft, configsLeft);
    }

    /** Whether a stored link still uses the config; it stays until the link is gone. */
    private boolean linked(String config) {
        return pass.state.links().values().stream()
                .anyMatch(stored -> stored.link().sourceConfig().contains(config)
                        || stored.link().targetConfig().contains(config));
    }

    private void waitFor(CommandKey key, String what, Reasons reasons) {
        pass.failure(key)
                .ifPresentOrElse(
                        failed -> reasons.add(StatusType.FAILED, failed.toString()),
                        () -> reasons.add(StatusType.RECONCILING, "waiting for " + key + " " + what));
    }
}

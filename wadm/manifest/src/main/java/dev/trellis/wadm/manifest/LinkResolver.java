package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.wadm.manifest.ComponentDraft.ComponentType;
import dev.trellis.wadm.manifest.ComponentDraft.ConfigDraft;
import dev.trellis.wadm.manifest.ComponentDraft.InterfaceLinkDraft;
import dev.trellis.wadm.manifest.ComponentDraft.LinkDraft;
import dev.trellis.wadm.manifest.ComponentDraft.LinkdefDraft;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Finds both ends and the contract of every link, and checks links and configs against each other. */
final class LinkResolver {
    /** Contract of a {@code linkdef} between two actors. */
    private static final ContractId ACTOR_CONTRACT = new ContractId("trellis:actor");

    private final Problems problems;
    private final String application;
    private final List<ComponentDraft> drafts;
    private final Set<String> refusedNames;
    private final Map<String, ComponentDraft> byName = new LinkedHashMap<>();
    private final Map<LinkKey, ManifestLink> links = new HashMap<>();
    private final Map<String, Position> configKeys = new HashMap<>();

    LinkResolver(Problems problems, String application, List<ComponentDraft> drafts, Set<String> refusedNames) {
        this.refusedNames = refusedNames;
        this.problems = problems;
        this.application = application;
        this.drafts = drafts;
        drafts.forEach(draft -> byName.putIfAbsent(draft.name(), draft));
    }

    /** The components with their links; those that are not valid are left out, with a problem added. */
    List<ManifestComponent> resolve() {
        var components = new ArrayList<ManifestComponent>();
        for (ComponentDraft draft : drafts) {
            draft.config().forEach(entry -> checkKey(entry, draft.path()));
            var resolved = new ArrayList<ManifestLink>();
            draft.links().forEach(link -> resolve(draft, link).ifPresent(resolved::add));
            component(draft, resolved).ifPresent(components::add);
        }
        return components;
    }

    private static Optional<ManifestComponent> component(ComponentDraft draft, List<ManifestLink> links) {
        if (draft.type().isEmpty() || draft.image().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                switch (draft.type().get()) {
                    case ACTOR ->
                        new ActorComponent(
                                draft.name(),
                                draft.id(),
                                draft.explicitId(),
                                draft.image().get(),
                                draft.imagePosition(),
                                draft.config(),
                                draft.secrets(),
                                draft.scalers(),
                                links,
                                draft.position());
                    case CAPABILITY ->
                        new CapabilityComponent(
                                draft.name(),
                                draft.id(),
                                draft.explicitId(),
                                draft.image().get(),
                                draft.imagePosition(),
                                draft.contract(),
                                draft.linkName(),
                                draft.config(),
                                draft.secrets(),
                                draft.scalers(),
                                links,
                                draft.position());
                });
    }

    private Optional<ManifestLink> resolve(ComponentDraft source, LinkDraft link) {
        Path path = link.path().key("target");
        ComponentDraft target = byName.get(link.target());
        if (target == null && refusedNames.contains(link.target())) {
            return Optional.empty();
        }
        if (target == null) {
            problems.unknown(
                    link.targetPosition(),
                    path,
                    "no component is named " + Problems.quote(link.target()),
                    link.target(),
                    byName.keySet().stream()
                            .filter(name -> !name.equals(source.name()))
                            .toList());
            return Optional.empty();
        }
        if (target.name().equals(source.name())) {
            problems.error(
                    link.targetPosition(),
                    path,
                    "component " + Problems.quote(source.name()) + " links to itself",
                    "another component");
            return Optional.empty();
        }
        if (source.type().equals(Optional.of(ComponentType.CAPABILITY))
                && target.type().equals(Optional.of(ComponentType.CAPABILITY))) {
            problems.error(
                    link.targetPosition(),
                    path,
                    "a link between two capabilities, " + Problems.quote(source.name()) + " and "
                            + Problems.quote(target.name()),
                    "an actor at one end of the link");
            return Optional.empty();
        }
        LinkName name = link.name().or(target::linkName).orElse(LinkName.DEFAULT);
        Optional<ManifestLink> resolved =
                switch (link) {
                    case LinkdefDraft linkdef -> resolve(source, target, name, linkdef);
                    case InterfaceLinkDraft typed -> Optional.of(resolve(source, target, name, typed));
                };
        if (resolved.isPresent() && checkUnique(resolved.get(), link.path())) {
            resolved.get().sourceConfig().forEach(entry -> checkKey(entry, link.path()));
            resolved.get().targetConfig().forEach(entry -> checkKey(entry, link.path()));
        }
        return resolved;
    }

    private Optional<ManifestLink> resolve(
            ComponentDraft source, ComponentDraft target, LinkName name, LinkdefDraft linkdef) {
        Optional<ContractId> contract = linkdef.contract().or(() -> contract(source, target));
        if (contract.isEmpty()) {
            if (source.type().isPresent()
                    && target.type().isPresent()
                    && source.image().isPresent()
                    && target.image().isPresent()) {
                ComponentDraft capability = target.type().get() == ComponentType.CAPABILITY ? target : source;
                problems.error(
                        linkdef.targetPosition(),
                        linkdef.path(),
                        "Trellis does not know which contract " + Problems.quote(capability.name()) + " ("
                                + Problems.shorten(capability.image().get().value()) + ") serves",
                        "'contract' in the properties of that capability or of this linkdef, such as"
                                + " 'contract: wasmcloud:keyvalue'");
            }
            return Optional.empty();
        }
        boolean toCapability = target.type().equals(Optional.of(ComponentType.CAPABILITY))
                || source.type().equals(Optional.of(ComponentType.ACTOR));
        List<ConfigEntry> values = linkdef.values().stream()
                .map(draft -> entry(draft, source, target, name, toCapability ? "target" : "source"))
                .toList();
        return Optional.of(new ManifestLink(
                source.name(),
                source.id(),
                target.name(),
                target.id(),
                name,
                contract.get(),
                List.of(),
                toCapability ? List.of() : values,
                toCapability ? values : List.of(),
                List.of(),
                List.of(),
                linkdef.targetPosition()));
    }

    /** What the ends say themselves, then what their images are known to serve. */
    private static Optional<ContractId> contract(ComponentDraft source, ComponentDraft target) {
        if (source.type().equals(Optional.of(ComponentType.ACTOR))
                && target.type().equals(Optional.of(ComponentType.ACTOR))) {
            return Optional.of(ACTOR_CONTRACT);
        }
        return Stream.of(target, source)
                .flatMap(draft -> draft.contract().stream())
                .findFirst()
                .or(() -> Stream.of(target, source)
                        .filter(draft -> draft.type().equals(Optional.of(ComponentType.CAPABILITY)))
                        .flatMap(draft -> draft.image().stream())
                        .flatMap(image -> ProviderKind.resolve(image).stream())
                        .map(ProviderKind::contract)
                        .findFirst());
    }

    private ManifestLink resolve(ComponentDraft source, ComponentDraft target, LinkName name, InterfaceLinkDraft link) {
        return new ManifestLink(
                source.name(),
                source.id(),
                target.name(),
                target.id(),
                name,
                link.contract(),
                link.interfaces(),
                link.sourceEnd().config().stream()
                        .map(draft -> entry(draft, source, target, name, "source"))
                        .toList(),
                link.targetEnd().config().stream()
                        .map(draft -> entry(draft, source, target, name, "target"))
                        .toList(),
                link.sourceEnd().secrets(),
                link.targetEnd().secrets(),
                link.targetPosition());
    }

    private ConfigEntry entry(
            ConfigDraft draft, ComponentDraft source, ComponentDraft target, LinkName name, String side) {
        String key = Slug.of(application) + "-" + Slug.of(source.name()) + "-" + Slug.of(target.name()) + "-"
                + Slug.of(name.value()) + "-" + side;
        return draft.name()
                .map(given -> new ConfigEntry(
                        given,
                        draft.values().isEmpty() ? given : key + "-" + Slug.of(given),
                        draft.values(),
                        draft.position()))
                .orElseGet(() -> new ConfigEntry(ConfigEntry.UNNAMED, key, draft.values(), draft.position()));
    }

    /** No two configs of an application may share a key: one would overwrite the other. */
    private void checkKey(ConfigEntry entry, Path path) {
        if (!entry.managed()) {
            return;
        }
        Position before = configKeys.putIfAbsent(entry.key(), entry.position());
        if (before != null) {
            problems.error(
                    entry.position(),
                    path,
                    "config " + Problems.quote(entry.name()) + " would overwrite the one at " + before
                            + ": both are kept as '" + entry.key() + "'",
                    "another name for one of the configs, links or components");
        }
    }

    /** Whether no other link has the same key; else adds a problem. */
    private boolean checkUnique(ManifestLink link, Path path) {
        ManifestLink before = links.putIfAbsent(link.toLink().key(), link);
        if (before == null) {
            return true;
        }
        String where = " from " + Problems.quote(link.source()) + " by contract '" + link.contract()
                + "' under the name '" + link.name() + "'; the first is at " + before.position();
        if (before.target().equals(link.target())) {
            problems.error(link.position(), path, "a second link" + where, "one link, or a 'name' of its own for each");
        } else {
            problems.error(
                    link.position(),
                    path,
                    "a second link" + where + " and has another target, " + Problems.quote(before.target()),
                    "a 'name' of its own for each of the two links");
        }
        return false;
    }
}

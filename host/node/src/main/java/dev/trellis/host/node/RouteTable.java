package dev.trellis.host.node;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where calls go: an immutable snapshot that call threads read and the control plane replaces.
 *
 * @param links by key with the canonical contract
 * @param linksBySource the same links, by source
 * @param local what runs on this host
 * @param remote what runs on other hosts that are alive, best first
 * @param aliases call aliases and public keys of actors, from their claims
 */
record RouteTable(
        Map<LinkKey, Link> links,
        Map<EntityId, List<Link>> linksBySource,
        Map<EntityId, LocalTarget> local,
        Map<EntityId, List<RemoteTarget>> remote,
        Map<String, EntityId> aliases) {
    static final RouteTable EMPTY = new RouteTable(Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

    RouteTable {
        links = Map.copyOf(links);
        linksBySource = Map.copyOf(linksBySource);
        local = Map.copyOf(local);
        remote = Map.copyOf(remote);
        aliases = Map.copyOf(aliases);
    }

    @Nullable
    LocalTarget localTarget(EntityId id) {
        return local.get(id);
    }

    List<RemoteTarget> remoteTargets(EntityId id) {
        return remote.getOrDefault(id, List.of());
    }

    Optional<Link> link(LinkKey routeKey) {
        return Optional.ofNullable(links.get(routeKey));
    }

    /**
     * The actor that {@code source} means by {@code name}: the target of one of its links, called by its id, its
     * component name in the same application, its call alias or its public key.
     */
    Optional<Link> linkToActor(EntityId source, String name) {
        EntityId aliased = aliases.get(name);
        String suffix = "-" + name.replaceAll("[^A-Za-z0-9]", "_");
        return linksBySource.getOrDefault(source, List.of()).stream()
                .filter(link -> link.target().value().equals(name)
                        || link.target().equals(aliased)
                        || link.target().value().endsWith(suffix))
                .findFirst();
    }

    /** Whether a link joins the two, in either direction: providers call the actors that are linked to them. */
    boolean joined(EntityId source, EntityId target) {
        return linksBySource.getOrDefault(source, List.of()).stream()
                        .anyMatch(link -> link.target().equals(target))
                || linksBySource.getOrDefault(target, List.of()).stream()
                        .anyMatch(link -> link.target().equals(source));
    }
}

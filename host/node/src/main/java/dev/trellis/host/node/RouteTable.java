package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.LinkName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where calls go: an immutable snapshot that call threads read and the control plane replaces.
 *
 * @param links by key with the canonical contract
 * @param actorLinks those that an actor may call another actor over, by source, in the order of their records
 * @param joined who may call whom by which contract: both directions of every link
 * @param local what runs on this host
 * @param remote what runs on other hosts that are alive, best first
 * @param aliases call aliases and public keys of actors, from their claims
 */
record RouteTable(
        Map<LinkKey, Link> links,
        Map<EntityId, List<Link>> actorLinks,
        Set<Joint> joined,
        Map<EntityId, LocalTarget> local,
        Map<EntityId, List<RemoteTarget>> remote,
        Map<String, EntityId> aliases) {
    static final RouteTable EMPTY = new RouteTable(Map.of(), Map.of(), Set.of(), Map.of(), Map.of(), Map.of());

    /** Permission of {@code source} to call {@code target} by {@code contract}, in its canonical name. */
    record Joint(EntityId source, EntityId target, ContractId contract) {}

    RouteTable {
        links = Map.copyOf(links);
        actorLinks = Map.copyOf(actorLinks);
        joined = Set.copyOf(joined);
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
     * The link by which {@code source} calls an interface of a contract that is the actors' own: the one under {@code name}
     * if it is not for other interfaces only, else the first that names the interface.
     */
    Optional<Link> linkOfInterface(EntityId source, ContractId contract, LinkName name, String interfaceName) {
        List<Link> candidates = actorLinks.getOrDefault(source, List.of()).stream()
                .filter(link -> link.contract().equals(contract))
                .toList();
        return candidates.stream()
                .filter(link -> link.name().equals(name))
                .filter(link -> link.interfaces().isEmpty() || link.interfaces().contains(interfaceName))
                .findFirst()
                .or(() -> candidates.stream()
                        .filter(link -> link.interfaces().contains(interfaceName))
                        .findFirst());
    }

    /** {@code invocation} with the target that its link has now; as it is if there is no such link any more. */
    Invocation redirected(Invocation invocation) {
        Link link = links.get(new LinkKey(invocation.source(), invocation.contract(), invocation.linkName()));
        return link == null || link.target().equals(invocation.target()) ? invocation : invocation.to(link.target());
    }

    /**
     * The actor that {@code source} means by {@code name}: the target of one of its links to actors, called by its id,
     * its call alias or its public key, or, if none is called exactly so, by its component name in the same
     * application.
     */
    Optional<Link> linkToActor(EntityId source, String name) {
        List<Link> candidates = actorLinks.getOrDefault(source, List.of());
        EntityId aliased = aliases.get(name);
        for (Link link : candidates) {
            if (link.target().value().equals(name) || link.target().equals(aliased)) {
                return Optional.of(link);
            }
        }
        String suffix = "-" + name.replaceAll("[^A-Za-z0-9]", "_");
        return candidates.stream()
                .filter(link -> link.target().value().endsWith(suffix))
                .findFirst();
    }

    /** Whether a link of that contract joins the two, in either direction: providers call the actors linked to them. */
    boolean joined(EntityId source, EntityId target, ContractId contract) {
        return joined.contains(new Joint(source, target, contract));
    }
}

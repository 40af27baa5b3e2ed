package dev.trellis.lattice.model;

import java.util.List;

/**
 * Permission for {@code source} to call {@code target} by {@code contract}, under a {@code name} that keeps two such
 * links apart. The configs are names in the lattice's config store.
 *
 * @param interfaces interfaces of the contract that the link is limited to; empty means all
 */
public record Link(
        EntityId source,
        EntityId target,
        LinkName name,
        ContractId contract,
        List<String> interfaces,
        List<String> sourceConfig,
        List<String> targetConfig) {
    public Link {
        interfaces = List.copyOf(interfaces);
        sourceConfig = List.copyOf(sourceConfig);
        targetConfig = List.copyOf(targetConfig);
    }

    /** What identifies this link: a second one with an equal key replaces it or is refused, never stands beside it. */
    public LinkKey key() {
        return new LinkKey(source, contract, name);
    }
}

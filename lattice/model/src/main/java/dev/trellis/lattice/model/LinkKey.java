package dev.trellis.lattice.model;

/** What identifies a link: an actor or provider has at most one link of a contract under one name. */
public record LinkKey(EntityId source, ContractId contract, LinkName name) {
    @Override
    public String toString() {
        return source + " -> " + contract + " (" + name + ")";
    }
}

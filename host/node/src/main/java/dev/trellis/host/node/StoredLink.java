package dev.trellis.host.node;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import java.util.Optional;

/**
 * A link as the lattice holds it.
 *
 * @param next the same link to the target that it is to have next; that target is offered it, calls do not go there
 * @param revision revision of its record, by which others know which version a provider has acknowledged
 */
record StoredLink(Link link, Optional<Link> next, long revision) {
    StoredLink(Link link, long revision) {
        this(link, Optional.empty(), revision);
    }

    /** The link as {@code id} is an end of it, now or next; empty if it is none. */
    Optional<Link> of(EntityId id) {
        return link.source().equals(id) || link.target().equals(id)
                ? Optional.of(link)
                : next.filter(prepared -> prepared.target().equals(id));
    }
}

package dev.trellis.host.node;

import dev.trellis.lattice.model.Link;

/**
 * A link as the lattice holds it.
 *
 * @param revision revision of its record, by which others know which version a provider has acknowledged
 */
record StoredLink(Link link, long revision) {}

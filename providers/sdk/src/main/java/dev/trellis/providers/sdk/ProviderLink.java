package dev.trellis.providers.sdk;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;

/**
 * A link as its provider sees it.
 *
 * @param provider which end of the link the provider is
 * @param config the link's config for this end, resolved
 * @param generation grows with every change of the link or its configs, as long as the provider runs
 */
public record ProviderLink(Link link, EntityId provider, Settings config, long generation) {
    /** The other end: the actor that calls the provider, or that it calls. */
    public EntityId actor() {
        return link.source().equals(provider) ? link.target() : link.source();
    }
}

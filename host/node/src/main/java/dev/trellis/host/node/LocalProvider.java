package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.ProviderLink;
import java.util.Map;
import java.util.Optional;

/**
 * A provider on this host with the links that it has acknowledged. A call over any other link does not run here; the
 * same provider on another host may have acknowledged it.
 *
 * @param links by key with the canonical contract
 */
record LocalProvider(EntityId id, CapabilityProvider provider, Map<LinkKey, ProviderLink> links)
        implements LocalTarget {
    LocalProvider {
        links = Map.copyOf(links);
    }

    @Override
    public Optional<Payload> invokeNow(Invocation invocation, CallSpan span) throws InterruptedException {
        return Optional.of(invoke(invocation, span));
    }

    @Override
    public Payload invoke(Invocation invocation, CallSpan span) throws InterruptedException {
        ProviderLink link = links.get(new LinkKey(invocation.source(), invocation.contract(), invocation.linkName()));
        if (link == null) {
            throw new InvocationException(new InvocationFailure.NoTarget(
                    id.value(),
                    "has not acknowledged the link '%s' for %s of %s on this host; its inventory says why"
                            .formatted(invocation.linkName(), invocation.contract(), invocation.source())));
        }
        return provider.invoke(link, invocation);
    }

    /** The key by which {@link #links} holds {@code link}. */
    static LinkKey routeKey(LinkKey link) {
        return new LinkKey(link.source(), Contracts.canonical(link.contract()), link.name());
    }
}

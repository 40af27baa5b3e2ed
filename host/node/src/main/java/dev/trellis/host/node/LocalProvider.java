package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.providers.sdk.CapabilityProvider;
import java.util.Map;
import java.util.Optional;

/**
 * A provider on this host with the links that it has acknowledged. A call over any other link does not run here, nor
 * one over a link that it has given up since; the same provider on another host may have acknowledged it.
 *
 * @param links by key with the canonical contract
 */
record LocalProvider(EntityId id, CapabilityProvider provider, Map<LinkKey, ServedLink> links) implements LocalTarget {
    LocalProvider {
        links = Map.copyOf(links);
    }

    @Override
    public Optional<Payload> invokeNow(Invocation invocation, CallSpan span) throws InterruptedException {
        return Optional.of(invoke(invocation, span));
    }

    @Override
    public Payload invoke(Invocation invocation, CallSpan span) throws InterruptedException {
        ServedLink served = links.get(new LinkKey(invocation.source(), invocation.contract(), invocation.linkName()));
        if (served == null) {
            throw notHere(
                    invocation, "has not acknowledged the link '%s' for %s of %s on this host; its inventory says why");
        }
        int entry = served.gate().enter();
        if (entry == CallGate.CLOSED) {
            throw notHere(invocation, "has given up the link '%s' for %s of %s on this host");
        }
        try {
            return provider.invoke(served.link(), invocation);
        } finally {
            served.gate().leave(entry);
        }
    }

    private InvocationException notHere(Invocation invocation, String why) {
        return new InvocationException(new InvocationFailure.NoTarget(
                id.value(), why.formatted(invocation.linkName(), invocation.contract(), invocation.source())));
    }

    /** The key by which {@link #links} holds {@code link}. */
    static LinkKey routeKey(Link link) {
        return new LinkKey(link.source(), Contracts.canonical(link), link.name());
    }
}

package dev.trellis.providers.sdk;

import dev.trellis.lattice.model.ProviderKind;

/** Starts providers of one kind. Found by {@link java.util.ServiceLoader}; stateless. */
public interface ProviderFactory {
    /** The kind it starts. */
    ProviderKind kind();

    /**
     * Starts a provider. It may wait for links before it uses any outside resource, but config that can never work is
     * refused now. Must return within 20 s: then the calling thread is interrupted, the start counts as failed, and a
     * provider that comes of it later is closed.
     *
     * @throws ProviderStartException if it cannot start: what was expected, and what to do; nothing is left behind
     */
    CapabilityProvider start(ProviderContext context) throws ProviderStartException, InterruptedException;

    /**
     * Starts a provider that is to replace {@code running}, which has the same identity and serves meanwhile; it may be
     * of another kind. The new one is given all links. Then either {@link CapabilityProvider#takeOver} is called and
     * {@code running} is closed later, or the new one is closed and {@code running} goes on as if nothing had been.
     * A provider that holds what only one can have, such as a port, leaves it with {@code running} until it takes over.
     *
     * @throws ProviderStartException as {@link #start}
     */
    default CapabilityProvider startBeside(ProviderContext context, CapabilityProvider running)
            throws ProviderStartException, InterruptedException {
        return start(context);
    }
}

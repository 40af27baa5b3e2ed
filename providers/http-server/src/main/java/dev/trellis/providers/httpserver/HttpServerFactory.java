package dev.trellis.providers.httpserver;

import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderStartException;

/** Starts HTTP server providers. */
public final class HttpServerFactory implements ProviderFactory {
    /** Made by {@link java.util.ServiceLoader}. */
    public HttpServerFactory() {}

    @Override
    public ProviderKind kind() {
        return ProviderKind.HTTP_SERVER;
    }

    /**
     * Starts a provider. If its config names an address it listens there from now on and answers 503 until an actor is
     * linked; otherwise it listens once a link comes.
     *
     * @throws ProviderStartException if a setting is wrong, or the address cannot be listened on
     */
    @Override
    public CapabilityProvider start(ProviderContext context) throws ProviderStartException, InterruptedException {
        return HttpServerProvider.start(context, Timeouts.DEFAULTS);
    }

    /** The new one takes over the listeners whose addresses it keeps, with their connections: no request is lost. */
    @Override
    public CapabilityProvider startBeside(ProviderContext context, CapabilityProvider running)
            throws ProviderStartException, InterruptedException {
        return running instanceof HttpServerProvider before
                ? HttpServerProvider.startBeside(context, before)
                : start(context);
    }
}

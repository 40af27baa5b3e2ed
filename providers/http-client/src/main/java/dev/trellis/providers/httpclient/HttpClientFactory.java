package dev.trellis.providers.httpclient;

import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderStartException;
import java.net.InetAddress;
import java.util.List;

/** Starts HTTP client providers. */
public final class HttpClientFactory implements ProviderFactory {
    /** Made by {@link java.util.ServiceLoader}. */
    public HttpClientFactory() {}

    @Override
    public ProviderKind kind() {
        return ProviderKind.HTTP_CLIENT;
    }

    /**
     * Starts a provider. It opens no connection before an actor asks for one.
     *
     * @throws ProviderStartException if a setting is wrong
     */
    @Override
    public CapabilityProvider start(ProviderContext context) throws ProviderStartException {
        return HttpClientProvider.start(context, host -> List.of(InetAddress.getAllByName(host)));
    }
}

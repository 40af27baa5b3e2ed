package dev.trellis.providers.keyvalueredis;

import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderStartException;

/** Starts key-value providers that keep their data in Redis. */
public final class RedisKeyValueFactory implements ProviderFactory {
    /** For {@link java.util.ServiceLoader}. */
    public RedisKeyValueFactory() {}

    @Override
    public ProviderKind kind() {
        return ProviderKind.KEYVALUE_REDIS;
    }

    @Override
    public CapabilityProvider start(ProviderContext context) throws ProviderStartException {
        try {
            return new RedisKeyValueProvider(
                    context.id(), RedisSettings.address(context.config()), context.telemetry());
        } catch (IllegalArgumentException e) {
            throw new ProviderStartException("config of provider " + context.id() + ": " + e.getMessage(), e);
        }
    }
}

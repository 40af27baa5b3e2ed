package dev.trellis.providers.keyvaluenats;

import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderStartException;
import java.time.Clock;

/** Starts key-value providers that keep their data in the lattice. */
public final class NatsKeyValueFactory implements ProviderFactory {
    /** For {@link java.util.ServiceLoader}. */
    public NatsKeyValueFactory() {}

    @Override
    public ProviderKind kind() {
        return ProviderKind.KEYVALUE_NATS;
    }

    @Override
    public CapabilityProvider start(ProviderContext context) throws ProviderStartException {
        BucketName bucket;
        try {
            bucket = BucketName.of(context.config()).orElse(BucketName.ofLattice(context.lattice()));
        } catch (IllegalArgumentException e) {
            throw new ProviderStartException("config of provider " + context.id() + ": " + e.getMessage(), e);
        }
        var provider = new NatsKeyValueProvider(
                context.id(), bucket, context.transport(), Clock.systemUTC(), context.telemetry());
        provider.startSweeping();
        return provider;
    }
}

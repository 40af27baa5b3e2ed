package dev.trellis.providers.sqlpostgres;

import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.jdbc.SqlProvider;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderStartException;

/** Starts SQL providers that keep their data in PostgreSQL. */
public final class PostgresFactory implements ProviderFactory {
    /** For {@link java.util.ServiceLoader}. */
    public PostgresFactory() {}

    @Override
    public ProviderKind kind() {
        return ProviderKind.SQL_POSTGRES;
    }

    @Override
    public CapabilityProvider start(ProviderContext context) throws ProviderStartException {
        try {
            var defaults = PostgresSettings.read(context.config(), PostgresSettings.NONE);
            return new SqlProvider<>(context.id(), new PostgresStores(defaults), context.telemetry());
        } catch (IllegalArgumentException e) {
            throw new ProviderStartException("config of provider " + context.id() + ": " + e.getMessage(), e);
        }
    }
}

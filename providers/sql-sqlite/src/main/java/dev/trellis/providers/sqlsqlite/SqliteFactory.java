package dev.trellis.providers.sqlsqlite;

import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.jdbc.SqlProvider;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderStartException;

/** Starts SQL providers that keep their databases in files of the host. */
public final class SqliteFactory implements ProviderFactory {
    /** For {@link java.util.ServiceLoader}. */
    public SqliteFactory() {}

    @Override
    public ProviderKind kind() {
        return ProviderKind.SQL_SQLITE;
    }

    @Override
    public CapabilityProvider start(ProviderContext context) throws ProviderStartException {
        try {
            var defaults = SqliteSettings.read(context.config(), SqliteSettings.defaults(context.folder()));
            return new SqlProvider<>(context.id(), new SqliteStores(defaults), context.telemetry());
        } catch (IllegalArgumentException e) {
            throw new ProviderStartException("config of provider " + context.id() + ": " + e.getMessage(), e);
        }
    }
}

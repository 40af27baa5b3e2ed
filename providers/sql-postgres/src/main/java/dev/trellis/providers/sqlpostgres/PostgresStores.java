package dev.trellis.providers.sqlpostgres;

import dev.trellis.providers.jdbc.SqlDialect;
import dev.trellis.providers.jdbc.SqlStore;
import dev.trellis.providers.jdbc.SqlStores;
import dev.trellis.providers.sdk.Settings;

/** Opens pools for the databases that links name. */
record PostgresStores(PostgresSettings defaults) implements SqlStores<PostgresSettings> {
    @Override
    public SqlDialect dialect() {
        return SqlDialect.POSTGRES;
    }

    @Override
    public PostgresSettings key(Settings link) {
        PostgresSettings settings = PostgresSettings.read(link, defaults);
        if (settings.address().isEmpty()) {
            throw new IllegalArgumentException("uri is missing; " + PostgresAddress.EXPECTED);
        }
        return settings;
    }

    @Override
    public SqlStore open(PostgresSettings key) {
        return PostgresDatabase.open(key.address().orElseThrow(), key.pool());
    }
}

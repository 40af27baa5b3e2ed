package dev.trellis.providers.sqlsqlite;

import dev.trellis.providers.jdbc.SqlDialect;
import dev.trellis.providers.jdbc.SqlStore;
import dev.trellis.providers.jdbc.SqlStores;
import dev.trellis.providers.sdk.Settings;

/** Opens the files that links name. */
record SqliteStores(SqliteSettings defaults) implements SqlStores<SqliteSettings> {
    @Override
    public SqlDialect dialect() {
        return SqlDialect.SQLITE;
    }

    @Override
    public SqliteSettings key(Settings link) {
        return SqliteSettings.read(link, defaults);
    }

    @Override
    public SqlStore open(SqliteSettings key) {
        return SqliteDatabase.open(key);
    }
}

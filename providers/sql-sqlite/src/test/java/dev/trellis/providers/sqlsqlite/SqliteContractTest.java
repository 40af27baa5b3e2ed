package dev.trellis.providers.sqlsqlite;

import dev.trellis.providers.jdbc.SqlProvider;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.SqlCalls;
import dev.trellis.providers.sdk.SqlContractTest;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class SqliteContractTest extends SqlContractTest {
    private static final ProviderLink LINK = SqlCalls.link("default", Map.of());

    @TempDir
    static Path folder;

    private static SqlProvider<SqliteSettings> provider;

    @BeforeAll
    static void start() throws Exception {
        provider = new SqlProvider<>(SqlCalls.PROVIDER, new SqliteStores(SqliteSettings.defaults(folder)));
        provider.linkPut(LINK);
    }

    @AfterAll
    static void close() {
        provider.close();
    }

    @Override
    protected SqlCalls calls() {
        return new SqlCalls(provider, LINK);
    }

    @Override
    protected String endless() {
        return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    }

    @Override
    protected String exactDecimal() {
        return "DECIMAL TEXT";
    }

    @Override
    protected String exactJson() {
        return "JSON TEXT";
    }

    @Override
    protected String binary() {
        return "BLOB";
    }

    @Override
    protected String float64() {
        return "DOUBLE PRECISION";
    }

    @Override
    protected boolean storesNaN() {
        return false;
    }
}

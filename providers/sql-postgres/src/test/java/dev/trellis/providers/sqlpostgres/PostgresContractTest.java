package dev.trellis.providers.sqlpostgres;

import static dev.trellis.providers.sdk.SqlCalls.int32;
import static dev.trellis.providers.sdk.SqlCalls.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.providers.jdbc.SqlProvider;
import dev.trellis.providers.sdk.PostgresServer;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.SqlCalls;
import dev.trellis.providers.sdk.SqlContractTest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresContractTest extends SqlContractTest {
    private static PostgresServer server;
    private static SqlProvider<PostgresSettings> provider;
    private static ProviderLink link;

    @BeforeAll
    static void start() throws Exception {
        server = PostgresServer.start();
        provider = new SqlProvider<>(SqlCalls.PROVIDER, new PostgresStores(PostgresSettings.NONE));
        link = SqlCalls.link("default", Map.of("uri", server.uri()));
        provider.linkPut(link);
    }

    @AfterAll
    static void close() {
        provider.close();
        server.close();
    }

    @Override
    protected SqlCalls calls() {
        return new SqlCalls(provider, link);
    }

    @Override
    protected String endless() {
        return "SELECT pg_sleep(600)";
    }

    @Override
    protected String exactDecimal() {
        return "NUMERIC";
    }

    @Override
    protected String exactJson() {
        return "JSON";
    }

    @Override
    protected String binary() {
        return "BYTEA";
    }

    @Override
    protected String float64() {
        return "DOUBLE PRECISION";
    }

    @Override
    protected boolean storesNaN() {
        return true;
    }

    @Test
    void operator_questionMark_isPostgres() throws Exception {
        assertThat(calls().value("SELECT '{\"a\": 1}'::jsonb ? $1", text("a")).getBool())
                .isTrue();
        assertThat(calls().value("SELECT '{\"a\": 1}'::jsonb ?| ARRAY['b', 'a']")
                        .getBool())
                .isTrue();
        assertThat(calls().value("SELECT '{\"a\": 1}'::jsonb @> $1", text("{\"a\": 1}"))
                        .getBool())
                .isTrue();
    }

    @Test
    void text_inDollarQuotesAndEscapes_holdsNoPlaceholder() throws Exception {
        assertThat(calls().value("SELECT $q$ $1 '; $$ ? $q$ || CAST($1 AS TEXT)", text("x")))
                .isEqualTo(text(" $1 '; $$ ? x"));
        assertThat(calls().value("SELECT E'a\\'$1' || CAST($1 AS TEXT) /* /* $2 */ ? */", text("x")))
                .isEqualTo(text("a'$1x"));
    }

    @Test
    void values_otherTypes_areText() throws Exception {
        assertThat(calls().value("SELECT ARRAY[1, 2]")).isEqualTo(text("{1,2}"));
        assertThat(calls().value("SELECT '10.0.0.1'::inet")).isEqualTo(text("10.0.0.1"));
        assertThat(calls().value("SELECT B'101'::bit(3)")).isEqualTo(text("101"));
        assertThat(calls().value("SELECT 4294967295::oid").getInt64()).isEqualTo(4_294_967_295L);
        assertThat(calls().value("SELECT 'NaN'::numeric").getDecimal()).isEqualTo("NaN");
    }

    @Test
    void values_serialColumn_hasItsOwnType() throws Exception {
        String table = table("serial");
        calls().execute("CREATE TABLE " + table + " (id BIGSERIAL PRIMARY KEY)");

        assertThat(calls().query("SELECT id FROM " + table).getColumns(0).getDatabaseType())
                .isEqualTo("int8");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT set_config('default_transaction_read_only', 'off', false)",
                "SELECT set_config('search_path', 'nowhere', false)",
                "SELECT pg_advisory_lock(42)"
            })
    void session_whatACallDoesToIt_isGoneForTheNext(String sql) throws Exception {
        String path = calls().value("SHOW search_path").getText();
        calls().query(sql);

        for (int i = 0; i < 10; i++) {
            assertThat(calls().value("SHOW search_path").getText()).isEqualTo(path);
        }
        // The server ends the session, and with it its locks, a moment after the connection is closed.
        String locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        long giveUpAt = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (!calls().numbers(locks).equals(List.of(0L))) {
            assertThat(System.nanoTime()).as("advisory locks are kept").isLessThan(giveUpAt);
        }
        assertThat(calls().queryError("WITH x AS (INSERT INTO nowhere.t VALUES (1)) SELECT 1")
                        .getSqlstate())
                .isIn("25006", "42P01");
    }

    @Test
    void query_functionThatWrites_isRefused() throws Exception {
        String table = table("log");
        calls().execute("CREATE TABLE " + table + " (v INTEGER)");
        calls().execute("CREATE FUNCTION f" + table + "() RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "
                + table + " VALUES (1); RETURN 1; END $$");
        for (int i = 0; i < 5; i++) {
            assertThat(calls().queryError("SELECT f" + table + "()").getSqlstate())
                    .isEqualTo("25006");
            assertThat(calls().queryError("SELECT set_config('transaction_read_only', 'off', true), f" + table + "()")
                            .getSqlstate())
                    .isNotEmpty();
        }

        assertThat(calls().numbers("SELECT count(*) FROM " + table)).containsExactly(0L);
        SqlValue one = calls().execute("SELECT f" + table + "()").getRows(0).getValues(0);
        assertThat(one).isEqualTo(int32(1));
    }
}

package dev.trellis.providers.sqlsqlite;

import static dev.trellis.providers.sdk.SqlCalls.int32;
import static dev.trellis.providers.sdk.SqlCalls.statement;
import static dev.trellis.providers.sdk.SqlCalls.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure.Overloaded;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.providers.jdbc.SqlProvider;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.SqlCalls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqliteDatabaseTest {
    @TempDir
    Path folder;

    private SqlProvider<SqliteSettings> provider;

    @BeforeEach
    void start() {
        provider =
                new SqlProvider<>(SqlCalls.PROVIDER, new SqliteStores(SqliteSettings.defaults(folder.resolve("data"))));
    }

    @AfterEach
    void close() {
        provider.close();
    }

    private SqlCalls link(String name, Map<String, String> config) throws Exception {
        ProviderLink link = SqlCalls.link(name, config);
        provider.linkPut(link);
        return new SqlCalls(provider, link);
    }

    private SqlCalls calls() throws Exception {
        return link("default", Map.of());
    }

    @Test
    void writer_isDurable() throws Exception {
        try (var connection = SqliteConnection.writer(SqliteSettings.defaults(folder))) {
            assertThat(connection.single("PRAGMA journal_mode")).isEqualTo("wal");
            assertThat(connection.single("PRAGMA synchronous")).isEqualTo("2"); // FULL
            assertThat(connection.single("PRAGMA foreign_keys")).isEqualTo("1");
            assertThat(connection.single("PRAGMA trusted_schema")).isEqualTo("0");
        }
    }

    @Test
    void data_afterTheProviderEnded_isStillThere() throws Exception {
        calls().execute("CREATE TABLE t (v TEXT)");
        calls().execute("INSERT INTO t VALUES ($1)", text("kept"));
        provider.close();
        assertThat(folder.resolve("data/main.db")).exists();
        assertThat(folder.resolve("data/main.db-wal")).doesNotExist();

        start();

        assertThat(calls().value("SELECT v FROM t")).isEqualTo(text("kept"));
    }

    @Test
    void links_withTheSameDatabase_shareIt() throws Exception {
        SqlCalls first = link("first", Map.of("database", "orders"));
        SqlCalls second = link("second", Map.of("path", "orders.db"));
        SqlCalls other = link("third", Map.of("database", "other"));

        first.execute("CREATE TABLE t (v TEXT)");

        assertThat(second.query("SELECT v FROM t").getRowsCount()).isZero();
        assertThat(other.queryError("SELECT v FROM t").getSqlstate()).isEqualTo("42P01");
        provider.linkDelete(first.link().link().key());
        assertThat(second.query("SELECT v FROM t").getRowsCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../escape.db",
                "a/../../escape.db",
                "/etc/passwd",
                "notes.txt",
                "x.db/y",
                ".db",
                "file:x.db",
                ":memory:",
                "/nowhere/at/all/x.db",
                "a?mode=memory.db",
                "x\u0000.db"
            })
    void link_badPath_isRefused(String path) throws Exception {
        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> link("default", Map.of("path", path)))
                .withMessageContaining("path");
    }

    @Test
    void link_unknownSetting_isRefused() {
        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> link("default", Map.of("datbase", "x")))
                .withMessageContaining("datbase");
        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> link("default", Map.of("database", "../x")))
                .withMessageContaining("must match");
        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> link("default", Map.of("database", "x", "path", "x.db")))
                .withMessageContaining("both set");
        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> link("default", Map.of("size_max_mb", "0")))
                .withMessageContaining("size_max_mb");
    }

    @Test
    void link_fileThatIsNoDatabase_isRefused() throws Exception {
        Path file = folder.resolve("letters.db");
        Files.writeString(file, "Dear Sir or Madam, ".repeat(100));

        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> link("default", Map.of("path", file.toString())))
                .withMessageContaining("cannot be used as a database");
        assertThat(file).content().startsWith("Dear Sir");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ATTACH DATABASE '/tmp/other.db' AS other",
                "DETACH DATABASE main",
                "PRAGMA journal_mode = DELETE",
                "VACUUM",
                "VACUUM INTO '/tmp/copy.db'",
                "CREATE TEMP TABLE t (a)",
                "create temporary view v as select 1"
            })
    void execute_whatLeavesTheFile_isRefused(String sql) throws Exception {
        assertThat(calls().executeError(sql).getSqlstate()).isEqualTo("0A000");
    }

    @Test
    void execute_loadExtension_isRefused() throws Exception {
        assertThat(calls().queryError("SELECT load_extension('x')").getSqlstate())
                .isIn("42501", "42883");
    }

    @Test
    void execute_trigger_isOneStatement() throws Exception {
        calls().execute("CREATE TABLE t (v INTEGER)");
        calls().execute("CREATE TABLE log (v INTEGER)");
        calls().execute(
                        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (CASE WHEN new.v > 1 THEN 1 ELSE"
                                + " 0 END); INSERT INTO log VALUES (7); END;");

        calls().execute("INSERT INTO t VALUES (2)");

        assertThat(calls().numbers("SELECT v FROM log")).containsExactly(1L, 7L);
        assertThat(calls().executeError("CREATE TRIGGER tr2 AFTER INSERT ON t BEGIN DELETE FROM log; END; DROP TABLE t")
                        .getSqlstate())
                .isEqualTo("42601");
    }

    @Test
    void execute_beyondTheSize_isDiskFull() throws Exception {
        SqlCalls small = link("default", Map.of("size_max_mb", "1"));
        small.execute("CREATE TABLE t (v BLOB)");

        assertThat(small.executeError("INSERT INTO t VALUES (zeroblob(2000000))")
                        .getSqlstate())
                .isEqualTo("53100");
        assertThat(small.execute("INSERT INTO t VALUES (1)").getRowsAffected()).isEqualTo(1);
    }

    @Test
    void execute_fileHeldByAnotherProcess_isOverloaded() throws Exception {
        calls().execute("CREATE TABLE t (v INTEGER)");
        try (var other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/main.db"));
                var statement = other.createStatement()) {
            var _ = statement.execute("BEGIN IMMEDIATE");

            assertThatExceptionOfType(InvocationException.class)
                    .isThrownBy(() -> calls().execute("INSERT INTO t VALUES (1)"))
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(Overloaded.class));

            var _ = statement.execute("ROLLBACK");
        }
        assertThat(calls().execute("INSERT INTO t VALUES (1)").getRowsAffected())
                .isEqualTo(1);
    }

    @Test
    void query_schemaChangedByAnotherProcess_isSeen() throws Exception {
        calls().execute("CREATE TABLE t (a INTEGER)");
        calls().execute("INSERT INTO t VALUES (1)");
        assertThat(calls().query("SELECT * FROM t").getColumnsCount()).isEqualTo(1);

        try (var other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/main.db"));
                var statement = other.createStatement()) {
            var _ = statement.execute("ALTER TABLE t ADD COLUMN b INTEGER");
        }

        var result = calls().query("SELECT * FROM t");
        assertThat(result.getColumnsCount()).isEqualTo(2);
        assertThat(result.getRows(0).getValuesCount()).isEqualTo(2);
    }

    @Test
    void writer_heldByAnotherCall_isOverloadedAtTheDeadline() throws Exception {
        calls().execute("CREATE TABLE t (v INTEGER)");
        String endless =
                "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0";
        var busy = Thread.ofVirtual().start(() -> {
            try {
                calls().within(Duration.ofSeconds(2)).execute(endless);
            } catch (Exception expected) {
                // its deadline ends it
            }
        });
        boolean refused = false;
        while (!refused && busy.isAlive()) {
            try {
                calls().within(Duration.ofMillis(50)).execute("INSERT INTO t VALUES (1)");
            } catch (InvocationException e) {
                refused = e.failure() instanceof Overloaded;
            }
        }
        busy.join();

        assertThat(refused).isTrue();
        assertThat(calls().execute("DELETE FROM t WHERE v = $1", int32(-1)).getRowsAffected())
                .isZero();
    }

    @Test
    void columns_valuesThatDoNotFitTheirDeclaration_comeAsStored() throws Exception {
        calls().execute("CREATE TABLE t (b BOOLEAN, s SMALLINT, d DATE, n DECIMAL, ts TIMESTAMP)");
        calls().execute("INSERT INTO t VALUES (2, 70000, 'soon', 1.50, '2026-11-20 13:14:15')");

        var row = calls().query("SELECT * FROM t").getRows(0);

        assertThat(row)
                .isEqualTo(SqlCalls.row(
                        SqlCalls.int64(2),
                        SqlCalls.int64(70_000),
                        text("soon"),
                        SqlValue.newBuilder().setDecimal("1.5").build(),
                        SqlValue.newBuilder()
                                .setTimestamp("2026-11-20T13:14:15")
                                .build()));
    }

    @Test
    void constraint_checkedAtCommit_isAnError() throws Exception {
        calls().execute("CREATE TABLE p (id INTEGER PRIMARY KEY)");
        calls().execute("CREATE TABLE c (p INTEGER REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)");

        var error = calls().executeError(statement("INSERT INTO c VALUES (1)"), statement("INSERT INTO c VALUES (2)"));

        assertThat(error.getSqlstate()).isEqualTo("23503");
        assertThat(calls().numbers("SELECT count(*) FROM c")).containsExactly(0L);
    }
}

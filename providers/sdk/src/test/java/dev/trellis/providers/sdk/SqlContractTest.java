package dev.trellis.providers.sdk;

import static dev.trellis.providers.sdk.SqlCalls.bytes;
import static dev.trellis.providers.sdk.SqlCalls.int32;
import static dev.trellis.providers.sdk.SqlCalls.int64;
import static dev.trellis.providers.sdk.SqlCalls.none;
import static dev.trellis.providers.sdk.SqlCalls.number;
import static dev.trellis.providers.sdk.SqlCalls.request;
import static dev.trellis.providers.sdk.SqlCalls.row;
import static dev.trellis.providers.sdk.SqlCalls.statement;
import static dev.trellis.providers.sdk.SqlCalls.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded;
import dev.trellis.lattice.contracts.InvocationFailure.Malformed;
import dev.trellis.lattice.contracts.InvocationFailure.UnknownOperation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.sql.SqlError;
import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.contracts.sql.SqlRequest.Isolation;
import dev.trellis.lattice.contracts.sql.SqlValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * What every provider of the SQL contract must do, in SQL that PostgreSQL and SQLite have in common. A subclass says which
 * provider; each test uses tables of its own, so that the database may be shared.
 */
public abstract class SqlContractTest {
    /** Virtual threads that call at once in the tests of concurrency. */
    protected static final int CALLERS = 32;

    private static final long SEED = 20_261_120;
    private static final Duration GRACE = Duration.ofMillis(250);

    private final String suffix = UUID.randomUUID().toString().replace("-", "");

    /** Calls of the provider under test, over a link that it has acknowledged. */
    protected abstract SqlCalls calls();

    /** A statement that would run for minutes. */
    protected abstract String endless();

    /** The type of a column that keeps decimals exactly. */
    protected abstract String exactDecimal();

    /** The type of a column that keeps the text of JSON exactly. */
    protected abstract String exactJson();

    /** The type of bytes. */
    protected abstract String binary();

    /** The type of floating-point numbers of 64 bits. */
    protected abstract String float64();

    /** Whether floating-point columns can hold NaN. */
    protected abstract boolean storesNaN();

    /** A table name that no other test uses. */
    protected final String table(String name) {
        return name + "_" + suffix;
    }

    private String accounts(long... balances) throws InterruptedException {
        String table = table("accounts");
        calls().execute("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, balance BIGINT NOT NULL)");
        for (int i = 0; i < balances.length; i++) {
            calls().execute("INSERT INTO " + table + " VALUES ($1, $2)", int32(i + 1), int64(balances[i]));
        }
        return table;
    }

    // Statements and results

    @Test
    void query_literal_returnsOneRow() throws Exception {
        var result = calls().query("SELECT 1 AS one, 'x' AS letter");

        assertThat(result.getColumnsList())
                .extracting(column -> column.getName())
                .containsExactly("one", "letter");
        assertThat(number(result.getRows(0).getValues(0))).isEqualTo(1);
        assertThat(result.getRows(0).getValues(1).getText()).isEqualTo("x");
        assertThat(result.getRowsAffected()).isZero();
    }

    @Test
    void execute_changes_countsRows() throws Exception {
        String table = accounts(10, 20, 30);

        assertThat(calls().execute("UPDATE " + table + " SET balance = balance + 1 WHERE balance > $1", int32(10))
                        .getRowsAffected())
                .isEqualTo(2);
        assertThat(calls().execute("DELETE FROM " + table + " WHERE id = 99").getRowsAffected())
                .isZero();
        assertThat(calls().execute("DROP TABLE " + table).getRowsAffected()).isZero();
    }

    @Test
    void execute_returning_returnsTheRows() throws Exception {
        String table = accounts();

        var result = calls().execute("INSERT INTO " + table + " VALUES (7, $1) RETURNING id, balance", int64(70));

        assertThat(number(result.getRows(0).getValues(0))).isEqualTo(7);
        assertThat(number(result.getRows(0).getValues(1))).isEqualTo(70);
        assertThat(calls().numbers("SELECT id FROM " + table)).containsExactly(7L);
    }

    @Test
    void query_noRows_stillTellsColumns() throws Exception {
        String table = accounts();

        var result = calls().query("SELECT id, balance FROM " + table);

        assertThat(result.getRowsCount()).isZero();
        assertThat(result.getColumnsCount()).isEqualTo(2);
    }

    @Test
    void query_afterTheTableChanged_seesItAsItIs() throws Exception {
        String table = accounts(1);
        String sql = "SELECT * FROM " + table;
        for (int i = 0; i < 10; i++) { // often enough for drivers to keep the statement prepared
            assertThat(calls().query(sql).getColumnsCount()).isEqualTo(2);
        }

        calls().execute("ALTER TABLE " + table + " ADD COLUMN note TEXT");

        var result = calls().query(sql);
        assertThat(result.getColumnsCount()).isEqualTo(3);
        assertThat(result.getRows(0).getValuesCount()).isEqualTo(3);
    }

    // Placeholders

    @Test
    void placeholder_usedTwice_isTheSameParameter() throws Exception {
        var row = calls().query("SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)", text("a"), text("b"))
                .getRows(0);

        assertThat(row).isEqualTo(row(text("b"), text("a"), text("b")));
    }

    @Test
    void placeholder_insideQuotesAndComments_isText() throws Exception {
        assertThat(calls().value("SELECT '$1 ? it''s $2' /* $3 ' */ -- $4 '\n")).isEqualTo(text("$1 ? it's $2"));
        assertThat(calls().query("SELECT CAST($1 AS TEXT) AS \"$2\"", text("v"))
                        .getColumns(0)
                        .getName())
                .isEqualTo("$2");
    }

    @Test
    void placeholder_questionMarks_countByPosition() throws Exception {
        assertThat(calls().query("SELECT CAST(? AS TEXT), '?', CAST(? AS TEXT)", text("a"), text("b"))
                        .getRows(0))
                .isEqualTo(row(text("a"), text("?"), text("b")));
    }

    @Test
    void placeholder_otherCountThanParameters_isRefused() throws Exception {
        assertThat(calls().queryError("SELECT CAST($1 AS TEXT)").getSqlstate()).isEqualTo("07001");
        assertThat(calls().queryError("SELECT CAST($1 AS TEXT)", text("a"), text("b"))
                        .getSqlstate())
                .isEqualTo("07001");
        assertThat(calls().queryError("SELECT 1", text("a")).getSqlstate()).isEqualTo("07001");
        assertThat(calls().queryError("SELECT $0").getSqlstate()).isEqualTo("07001");
        assertThat(calls().queryError("SELECT $99999999999").getSqlstate()).isEqualTo("07001");
    }

    @Test
    void parameters_hostileText_staysText() throws Exception {
        String table = table("notes");
        calls().execute("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, note TEXT)");
        String[] pieces = {
            "'",
            "''",
            "\"",
            "`",
            "\\",
            "\\'",
            ";",
            "--",
            "/*",
            "*/",
            "$1",
            "$$",
            "$tag$",
            "?",
            "??",
            ":x",
            "@x",
            "[",
            "]",
            "DROP TABLE " + table,
            " OR 1=1 ",
            "\n",
            "\r\n",
            "\t",
            "\u0001",
            "\u007f",
            "\u0080",
            "\u2028",
            "\ufeff",
            "\ufffd",
            "\uffff",
            "\ud83d\ude00",
            "\u00e9",
            "e\u0301",
            "\u202e",
            "%",
            "_",
            "{0}",
            "E'",
            "x'41'",
            "NULL",
            "\\x00"
        };
        var random = new Random(SEED);
        for (int i = 0; i < 300; i++) {
            var hostile = new StringBuilder();
            for (int n = 1 + random.nextInt(8); n > 0; n--) {
                hostile.append(pieces[random.nextInt(pieces.length)]);
            }
            SqlValue value = text(hostile.toString());
            calls().execute("INSERT INTO " + table + " (id, note) VALUES ($1, $2)", int32(i), value);
            assertThat(calls().query("SELECT note FROM " + table + " WHERE note = $1 AND id = $2", value, int32(i))
                            .getRowsList())
                    .as("seed %s, round %s", SEED, i)
                    .containsExactly(row(value));
        }

        assertThat(calls().numbers("SELECT count(*) FROM " + table)).containsExactly(300L);
    }

    @Test
    void parameters_textThatIsNoText_isRefused() throws Exception {
        for (String bad : List.of("a\u0000b", "\u0000", "\ud83d", "\ude00 ", "x\ud83dy", "\ude00\ud83d")) {
            SqlError error = calls().queryError("SELECT CAST($1 AS TEXT)", text(bad));
            assertThat(error.getSqlstate()).isEqualTo("22021");
            assertThat(error.getMessage()).contains("parameter $1");
        }
    }

    @Test
    void statement_hostileText_isRefusedOrHarmless() throws Exception {
        String table = accounts(1);
        String[] pieces = {
            "SELECT ",
            "1",
            "'",
            "\"",
            "$1",
            "$$",
            "$a$",
            "?",
            ";",
            "--",
            "/*",
            "*/",
            "\n",
            "(",
            ")",
            "[",
            "]",
            "`",
            "E'",
            "\\",
            ",",
            "\u00e9",
            "\ud83d",
            "\u0000",
            "DROP TABLE " + table,
            "COMMIT",
            "::text",
            " AS ",
            "x'",
            "end",
            "case "
        };
        var random = new Random(SEED);
        for (int i = 0; i < 400; i++) {
            var sql = new StringBuilder(random.nextBoolean() ? "SELECT " : "");
            for (int n = 1 + random.nextInt(10); n > 0; n--) {
                sql.append(pieces[random.nextInt(pieces.length)]);
            }
            SqlValue[] parameters = random.nextBoolean() ? new SqlValue[] {text("p")} : new SqlValue[0];
            var reply = calls().call("Query", request(statement(sql.toString(), parameters)));
            if (reply.hasError()) {
                assertThat(reply.getError().getSqlstate()).as(sql.toString()).hasSize(5);
            }
        }

        assertThat(calls().numbers("SELECT id FROM " + table)).containsExactly(1L);
    }

    // Errors

    @Test
    void error_syntax_tellsSqlState() throws Exception {
        assertThat(calls().queryError("SELECT FROM WHERE").getSqlstate()).isEqualTo("42601");
        assertThat(calls().executeError("INSRT INTO x").getSqlstate()).isEqualTo("42601");
        assertThat(calls().queryError("").getSqlstate()).isEqualTo("42601");
        assertThat(calls().queryError(" -- nothing\n ;").getSqlstate()).isEqualTo("42601");
        assertThat(calls().queryError("SELECT 'open").getSqlstate()).isEqualTo("42601");
        assertThat(calls().queryError("SELECT 1 /* open").getSqlstate()).isEqualTo("42601");
    }

    @Test
    void error_unknownNames_tellSqlState() throws Exception {
        String table = accounts();

        assertThat(calls().queryError("SELECT 1 FROM " + table("nowhere")).getSqlstate())
                .isEqualTo("42P01");
        assertThat(calls().queryError("SELECT absent FROM " + table).getSqlstate())
                .isEqualTo("42703");
        assertThat(calls().queryError("SELECT no_such_function(1)").getSqlstate())
                .isEqualTo("42883");
        assertThat(calls().executeError("CREATE TABLE " + table + " (id INTEGER)")
                        .getSqlstate())
                .isEqualTo("42P07");
    }

    @Test
    void error_constraints_tellSqlState() throws Exception {
        String parent = table("parent");
        String child = table("child");
        calls().execute("CREATE TABLE " + parent + " (id INTEGER PRIMARY KEY)");
        calls().execute("CREATE TABLE " + child + " (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES "
                + parent + "(id), amount INTEGER CHECK (amount > 0))");
        calls().execute("INSERT INTO " + parent + " VALUES (1)");

        assertThat(calls().executeError("INSERT INTO " + parent + " VALUES (1)").getSqlstate())
                .isEqualTo("23505");
        assertThat(calls().executeError("INSERT INTO " + child + " VALUES (1, NULL, 1)")
                        .getSqlstate())
                .isEqualTo("23502");
        assertThat(calls().executeError("INSERT INTO " + child + " VALUES (1, 2, 1)")
                        .getSqlstate())
                .isEqualTo("23503");
        assertThat(calls().executeError("INSERT INTO " + child + " VALUES (1, 1, 0)")
                        .getSqlstate())
                .isEqualTo("23514");
        assertThat(calls().executeError("INSERT INTO " + child + " VALUES (1, 1, 0)")
                        .getMessage())
                .isNotBlank();
    }

    @Test
    void statement_severalInOneText_isRefused() throws Exception {
        String table = accounts(1);

        SqlError error = calls().executeError("UPDATE " + table + " SET balance = 2; DROP TABLE " + table);

        assertThat(error.getSqlstate()).isEqualTo("42601");
        assertThat(error.getMessage()).contains("more than one statement");
        assertThat(calls().numbers("SELECT balance FROM " + table)).containsExactly(1L);
        assertThat(calls().numbers("SELECT 1; -- one statement is enough")).containsExactly(1L);
    }

    @Test
    void call_unknownOperation_fails() {
        assertFails(UnknownOperation.class, () -> calls().call("Drop", request(statement("SELECT 1"))));
    }

    @Test
    void call_otherMessage_isMalformed() {
        assertFails(Malformed.class, () -> calls().call("Query", new Payload.Typed(Key.getDefaultInstance())));
        assertFails(Malformed.class, () -> calls().call(
                        "Query", new Payload.Opaque(ByteString.copyFrom(new byte[] {(byte) 0xff}))));
    }

    @Test
    void call_opaqueRequest_isRead() throws Exception {
        var reply = calls().call(
                        "Query",
                        new Payload.Opaque(request(statement("SELECT 1")).toByteString()));

        assertThat(SqlCalls.results(reply)).hasSize(1);
    }

    @Test
    void call_otherDatabase_isRefused() throws Exception {
        var other = request(statement("SELECT 1")).toBuilder()
                .setDatabase("another")
                .build();

        assertThat(SqlCalls.error(calls().call("Query", other)).getSqlstate()).isEqualTo("3D000");
    }

    // Transactions

    @Test
    void execute_severalStatements_allCount() throws Exception {
        String table = accounts(100, 0);

        var results = calls().execute(
                        statement("UPDATE " + table + " SET balance = balance - $1 WHERE id = 1", int32(30)),
                        statement("UPDATE " + table + " SET balance = balance + $1 WHERE id = 2", int32(30)),
                        statement("SELECT sum(balance) FROM " + table));

        assertThat(results).hasSize(3);
        assertThat(results.get(1).getRowsAffected()).isEqualTo(1);
        assertThat(calls().numbers("SELECT balance FROM " + table + " ORDER BY id"))
                .containsExactly(70L, 30L);
    }

    @Test
    void execute_oneStatementWrong_noneCounts() throws Exception {
        String table = accounts(100, 0);

        SqlError error = calls().executeError(
                        statement("UPDATE " + table + " SET balance = 0 WHERE id = 1"),
                        statement("INSERT INTO " + table + " VALUES (2, 1)"),
                        statement("UPDATE " + table + " SET balance = 5"));

        assertThat(error.getSqlstate()).isEqualTo("23505");
        assertThat(error.getStatement()).isEqualTo(1);
        assertThat(calls().numbers("SELECT balance FROM " + table + " ORDER BY id"))
                .containsExactly(100L, 0L);
    }

    @Test
    void execute_laterTextWrong_nothingIsBegun() throws Exception {
        String table = accounts(100);

        SqlError error =
                calls().executeError(statement("UPDATE " + table + " SET balance = 0"), statement("SELECT $1"));

        assertThat(error.getSqlstate()).isEqualTo("07001");
        assertThat(error.getStatement()).isEqualTo(1);
        assertThat(calls().numbers("SELECT balance FROM " + table)).containsExactly(100L);
    }

    @Test
    void execute_transactionControl_isRefused() throws Exception {
        for (String sql :
                List.of("BEGIN", "COMMIT", "ROLLBACK", "/* a */ SAVEPOINT s", "END", "(COMMIT)", "begin immediate")) {
            assertThat(calls().executeError(sql).getSqlstate()).as(sql).isEqualTo("2D000");
        }
    }

    @Test
    void execute_everyIsolation_works() throws Exception {
        String table = accounts(1);
        for (Isolation isolation : Isolation.values()) {
            if (isolation != Isolation.UNRECOGNIZED) {
                var reply = calls().call(
                                "Execute",
                                request(statement("UPDATE " + table + " SET balance = balance + 1")).toBuilder()
                                        .setIsolation(isolation)
                                        .build());
                assertThat(SqlCalls.results(reply).getFirst().getRowsAffected()).isEqualTo(1);
            }
        }

        assertThat(calls().numbers("SELECT balance FROM " + table)).containsExactly(5L);
    }

    @Test
    void query_write_isRefused() throws Exception {
        String table = accounts(1);

        for (String sql : List.of(
                "INSERT INTO " + table + " VALUES (2, 2)",
                "UPDATE " + table + " SET balance = 9",
                "DROP TABLE " + table,
                "CREATE TABLE " + table("other") + " (id INTEGER)")) {
            assertThat(calls().queryError(sql).getSqlstate()).as(sql).isEqualTo("25006");
        }

        assertThat(calls().numbers("SELECT balance FROM " + table)).containsExactly(1L);
    }

    @Test
    void query_severalStatements_seeOneState() throws Exception {
        String table = accounts(1, 2);

        var reply = calls().call(
                        "Query",
                        request(
                                statement("SELECT count(*) FROM " + table),
                                statement("SELECT balance FROM " + table + " WHERE id = $1", int32(2))));

        assertThat(number(SqlCalls.results(reply).get(0).getRows(0).getValues(0)))
                .isEqualTo(2);
        assertThat(number(SqlCalls.results(reply).get(1).getRows(0).getValues(0)))
                .isEqualTo(2);
    }

    @Test
    void execute_manyAtOnce_loseNoUpdate() throws Exception {
        String table = accounts(0);
        atOnce(CALLERS, () -> calls().execute("UPDATE " + table + " SET balance = balance + 1 WHERE id = 1"));

        assertThat(calls().numbers("SELECT balance FROM " + table)).containsExactly((long) CALLERS);
    }

    @Test
    void query_manyAtOnceBesideWrites_seeWholeTransactions() throws Exception {
        String table = accounts(500, 500);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> writer = executor.submit(() -> {
                for (int i = 0; i < 30; i++) {
                    calls().execute(
                                    statement("UPDATE " + table + " SET balance = balance - 1 WHERE id = 1"),
                                    statement("UPDATE " + table + " SET balance = balance + 1 WHERE id = 2"));
                }
                return null;
            });
            do {
                assertThat(calls().numbers("SELECT CAST(sum(balance) AS BIGINT) FROM " + table))
                        .containsExactly(1000L);
            } while (!writer.isDone());
            writer.get();
        }
    }

    // Time

    @Test
    void query_endless_endsAtTheDeadline() throws Exception {
        long start = System.nanoTime();

        assertFails(DeadlineExceeded.class, () -> calls().within(Duration.ofMillis(300))
                .query(endless()));

        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isLessThan(Duration.ofMillis(300).plus(GRACE));
        assertThat(calls().numbers("SELECT 1")).containsExactly(1L);
    }

    @Test
    void query_endlessWithATimeout_isCanceled() throws Exception {
        var request =
                request(statement(endless())).toBuilder().setTimeoutMillis(200).build();

        assertThat(SqlCalls.error(calls().call("Query", request)).getSqlstate()).isEqualTo("57014");
    }

    @Test
    void execute_endlessInATransaction_rollsBack() throws Exception {
        String table = accounts(1);

        assertFails(DeadlineExceeded.class, () -> calls().within(Duration.ofMillis(300))
                .execute(statement("UPDATE " + table + " SET balance = 2"), statement(endless())));

        assertThat(calls().numbers("SELECT balance FROM " + table)).containsExactly(1L);
        assertThat(calls().execute("UPDATE " + table + " SET balance = 3").getRowsAffected())
                .isEqualTo(1);
    }

    @Test
    void call_deadlinePassed_isNotBegun() throws Exception {
        String table = accounts(1);

        assertFails(DeadlineExceeded.class, () -> calls().within(Duration.ZERO)
                .execute("UPDATE " + table + " SET balance = 2"));

        assertThat(calls().numbers("SELECT balance FROM " + table)).containsExactly(1L);
    }

    // Bounds

    @Test
    void query_moreRowsThanAsked_isRefusedWithAdvice() throws Exception {
        String table = accounts(1, 2, 3);
        var request = request(statement("SELECT * FROM " + table)).toBuilder();

        assertThat(SqlCalls.results(calls().call("Query", request.setRowsMax(3).build()))
                        .getFirst()
                        .getRowsCount())
                .isEqualTo(3);
        SqlError error =
                SqlCalls.error(calls().call("Query", request.setRowsMax(2).build()));
        assertThat(error.getSqlstate()).isEqualTo("54000");
        assertThat(error.getMessage()).contains("LIMIT");
    }

    @Test
    void query_hugeResult_isRefusedWithAdvice() throws Exception {
        String table = table("large");
        calls().execute("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, content " + binary() + ")");
        SqlValue megabyte = bytes(new byte[1 << 20]);
        for (int i = 0; i < 17; i++) {
            calls().execute("INSERT INTO " + table + " VALUES ($1, $2)", int32(i), megabyte);
        }

        SqlError error = calls().queryError("SELECT * FROM " + table);

        assertThat(error.getSqlstate()).isEqualTo("54000");
        assertThat(error.getMessage()).contains("LIMIT");
        assertThat(calls().query("SELECT * FROM " + table + " ORDER BY id LIMIT 3")
                        .getRowsCount())
                .isEqualTo(3);
    }

    @Test
    void query_endlessRows_isRefused() throws Exception {
        SqlError error = calls().queryError(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n");

        assertThat(error.getSqlstate()).isEqualTo("54000");
    }

    @Test
    void executeReturning_moreRowsThanAsked_changesNothing() throws Exception {
        String table = accounts(1, 2, 3);
        var request = request(statement("UPDATE " + table + " SET balance = 0 RETURNING id")).toBuilder()
                .setRowsMax(2)
                .build();

        assertThat(SqlCalls.error(calls().call("Execute", request)).getSqlstate())
                .isEqualTo("54000");
        assertThat(calls().numbers("SELECT balance FROM " + table + " ORDER BY id"))
                .containsExactly(1L, 2L, 3L);
    }

    @Test
    void request_beyondItsBounds_isRefused() throws Exception {
        var many = new ArrayList<dev.trellis.lattice.contracts.sql.SqlStatement>();
        for (int i = 0; i <= 256; i++) {
            many.add(statement("SELECT 1"));
        }

        assertThat(calls().executeError(many.toArray(dev.trellis.lattice.contracts.sql.SqlStatement[]::new))
                        .getSqlstate())
                .isEqualTo("54000");
        assertThat(calls().queryError("SELECT '" + "x".repeat(1 << 20) + "'").getSqlstate())
                .isEqualTo("54000");
        assertThat(SqlCalls.error(calls().call("Query", SqlRequest.getDefaultInstance()))
                        .getSqlstate())
                .isEqualTo("42601");
    }

    // Values

    @Test
    void values_null_comesBack() throws Exception {
        roundTrip("TEXT", none());
        roundTrip("BIGINT", none());
        roundTrip(binary(), none());
        roundTrip("TIMESTAMP", none());
    }

    @Test
    void values_bool_comeBack() throws Exception {
        roundTrip("BOOLEAN", value().setBool(true), value().setBool(false));
    }

    @Test
    void values_integers_comeBack() throws Exception {
        roundTrip(
                "SMALLINT", value().setInt16(Short.MIN_VALUE), value().setInt16(0), value().setInt16(Short.MAX_VALUE));
        roundTrip(
                "INT4", value().setInt32(Integer.MIN_VALUE), value().setInt32(-1), value().setInt32(Integer.MAX_VALUE));
        roundTrip("BIGINT", value().setInt64(Long.MIN_VALUE), value().setInt64(0), value().setInt64(Long.MAX_VALUE));
    }

    @Test
    void values_decimals_comeBackToTheLastDigit() throws Exception {
        roundTrip(
                exactDecimal(),
                value().setDecimal("0"),
                value().setDecimal("1.10"),
                value().setDecimal("-0.000000000000000000000000000001"),
                value().setDecimal("123456789012345678901234567890.123456789012345678901234567890"),
                value().setDecimal("9007199254740993"));
    }

    @Test
    void values_floats_comeBack() throws Exception {
        roundTrip(
                "FLOAT4",
                value().setFloat32(0.1f),
                value().setFloat32(Float.MAX_VALUE),
                value().setFloat32(Float.MIN_VALUE),
                value().setFloat32(Float.NEGATIVE_INFINITY));
        roundTrip(
                float64(),
                value().setFloat64(0.1),
                value().setFloat64(Double.MAX_VALUE),
                value().setFloat64(Double.MIN_VALUE),
                value().setFloat64(Double.POSITIVE_INFINITY),
                value().setFloat64(Math.PI));
    }

    @Test
    void values_notANumber_comesBackOrIsRefused() throws Exception {
        if (storesNaN()) {
            roundTrip(float64(), value().setFloat64(Double.NaN));
            roundTrip("FLOAT4", value().setFloat32(Float.NaN));
        } else {
            assertThat(calls().queryError(
                                    "SELECT $1", value().setFloat64(Double.NaN).build())
                            .getSqlstate())
                    .isEqualTo("22003");
        }
    }

    @Test
    void values_text_comesBack() throws Exception {
        roundTrip("TEXT", text(""), text("grüße \u2603 \ud83d\udc0b"), text(" a\nb\t"), text("x".repeat(100_000)));
    }

    @Test
    void values_bytes_comeBack() throws Exception {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        roundTrip(binary(), bytes(), bytes((byte) 0), bytes(all));
    }

    @Test
    void values_dates_comeBack() throws Exception {
        roundTrip(
                "DATE",
                value().setDate("2026-11-20"),
                value().setDate("0001-01-01"),
                value().setDate("-0043-03-15"),
                value().setDate("+12345-06-07"),
                value().setDate("infinity"),
                value().setDate("-infinity"));
    }

    @Test
    void values_times_comeBack() throws Exception {
        roundTrip(
                "TIME",
                value().setTime("00:00:00"),
                value().setTime("13:14:15.123456"),
                value().setTime("23:59:59.999999"),
                value().setTime("24:00:00"));
    }

    @Test
    void values_timestamps_comeBack() throws Exception {
        roundTrip(
                "TIMESTAMP",
                value().setTimestamp("2026-11-20T13:14:15"),
                value().setTimestamp("2026-03-29T02:30:00.000001"),
                value().setTimestamp("-0043-03-15T12:00:00"),
                value().setTimestamp("+12345-06-07T08:09:10"),
                value().setTimestamp("infinity"),
                value().setTimestamp("-infinity"));
    }

    @Test
    void values_moments_comeBackInUtc() throws Exception {
        roundTrip(
                "TIMESTAMP WITH TIME ZONE",
                value().setTimestampZone("2026-11-20T13:14:15.123456Z"),
                value().setTimestampZone("1883-11-18T12:03:58Z"),
                value().setTimestampZone("-0043-03-15T12:00:00Z"),
                value().setTimestampZone("infinity"));
        String table = table("moments");
        calls().execute("CREATE TABLE " + table + " (at TIMESTAMP WITH TIME ZONE)");
        calls().execute(
                        "INSERT INTO " + table + " VALUES ($1)",
                        value().setTimestampZone("2026-11-20T13:14:15+05:30").build());
        assertThat(calls().value("SELECT at FROM " + table).getTimestampZone()).isEqualTo("2026-11-20T07:44:15Z");
    }

    @Test
    void values_uuids_comeBack() throws Exception {
        roundTrip(
                "UUID",
                value().setUuid("6c1e0a52-9d1c-4b53-9c63-0a1f3f0a7d11"),
                value().setUuid("00000000-0000-0000-0000-000000000000"));
    }

    @Test
    void values_json_comesBack() throws Exception {
        roundTrip(
                exactJson(),
                value().setJson("{\"a\": [1, 2.50, null, \"x'y\"],  \"a\": {}}"),
                value().setJson("\"text\""),
                value().setJson("12345678901234567890.10"));
    }

    @Test
    void values_invalidTexts_areRefused() throws Exception {
        assertInvalid("22P02", value().setDecimal("1,5"));
        assertInvalid("22P02", value().setDecimal(""));
        assertInvalid("22P02", value().setDecimal("1'; DROP TABLE x; --"));
        assertInvalid("22P02", value().setUuid("6c1e0a52"));
        assertInvalid("22007", value().setDate("20.11.2026"));
        assertInvalid("22007", value().setDate("2026-02-30"));
        assertInvalid("22007", value().setDate("now"));
        assertInvalid("22007", value().setTime("25:00:00"));
        assertInvalid("22007", value().setTimestamp("2026-11-20 13:14:15'"));
        assertInvalid("22007", value().setTimestampZone("2026-11-20T13:14:15"));
        assertInvalid("22008", value().setTime("13:14:15.1234567"));
    }

    private void assertInvalid(String sqlState, SqlValue.Builder value) throws InterruptedException {
        SqlError error = calls().executeError("SELECT $1", value.build());
        assertThat(error.getSqlstate()).as("%s", error).isEqualTo(sqlState);
    }

    /** Stores values in a column of {@code type} and reads them, as often as it takes drivers to change their format. */
    private void roundTrip(String type, SqlValue... values) throws InterruptedException {
        String table = table("t" + UUID.randomUUID().toString().substring(0, 8));
        calls().execute("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, v " + type + ")");
        for (int i = 0; i < values.length; i++) {
            calls().execute("INSERT INTO " + table + " (id, v) VALUES ($1, $2)", int32(i), values[i]);
        }
        for (int round = 0; round < 8; round++) {
            for (int i = 0; i < values.length; i++) {
                assertThat(calls().value("SELECT v FROM " + table + " WHERE id = $1", int32(i)))
                        .as("%s, round %s", type, round)
                        .isEqualTo(values[i]);
            }
        }
    }

    private void roundTrip(String type, SqlValue.Builder... values) throws InterruptedException {
        var built = new SqlValue[values.length];
        for (int i = 0; i < values.length; i++) {
            built[i] = values[i].build();
        }
        roundTrip(type, built);
    }

    private static SqlValue.Builder value() {
        return SqlValue.newBuilder();
    }

    /** Runs {@code call} on so many virtual threads at once, and fails as they do. */
    protected static void atOnce(int callers, Callable<?> call) throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<?>>();
            for (int i = 0; i < callers; i++) {
                running.add(executor.submit(call));
            }
            for (Future<?> each : running) {
                each.get();
            }
        }
    }

    /** Checks that a call fails in one way. */
    protected static void assertFails(Class<? extends InvocationFailure> how, ThrowingCallable call) {
        assertThatExceptionOfType(InvocationException.class).isThrownBy(call).satisfies(e -> assertThat(e.failure())
                .isInstanceOf(how));
    }
}

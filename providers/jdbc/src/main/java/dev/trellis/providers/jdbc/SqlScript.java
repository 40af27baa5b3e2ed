package dev.trellis.providers.jdbc;

import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.contracts.sql.SqlRequest.Isolation;
import dev.trellis.lattice.contracts.sql.SqlStatement;
import dev.trellis.lattice.contracts.sql.SqlValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The statements of one call, checked and ready for the driver.
 *
 * @param readOnly whether they must run where nothing can be written
 * @param timeout time for each statement; zero for no limit but the call's
 * @param rowsMax most rows that a statement may return
 */
public record SqlScript(
        List<Step> steps, boolean readOnly, Isolation isolation, Duration timeout, int rowsMax, String database) {
    /** Most statements of one call. */
    public static final int STATEMENTS_MAX = 256;

    /** Most rows of one statement. */
    public static final int ROWS_MAX = 65_536;

    /** What {@code Query} takes; the read-only transaction is what holds, this is for the message. */
    private static final Set<String> READS = Set.of("SELECT", "VALUES", "TABLE", "WITH", "SHOW", "EXPLAIN");

    /** Would end the call's own transaction, or begin another. */
    private static final Set<String> TRANSACTION_CONTROL =
            Set.of("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE");

    /** Only make sense on a connection that lasts longer than a call, or speak a protocol of their own. */
    private static final Set<String> NOT_IN_A_CALL = Set.of(
            "PREPARE",
            "EXECUTE",
            "DEALLOCATE",
            "LISTEN",
            "UNLISTEN",
            "DISCARD",
            "COPY",
            "DECLARE",
            "FETCH",
            "MOVE",
            "CLOSE");

    /** Reach other files, or change how the database is kept. */
    private static final Set<String> NOT_IN_SQLITE = Set.of("ATTACH", "DETACH", "PRAGMA", "VACUUM");

    public SqlScript {
        steps = List.copyOf(steps);
    }

    /** One statement and its parameters. */
    public record Step(SqlText text, List<SqlValue> parameters) {}

    /**
     * Reads a request.
     *
     * @throws SqlErrorException with the first thing that is wrong with it
     */
    public static SqlScript of(SqlDialect dialect, SqlRequest request, boolean readOnly) throws SqlErrorException {
        int count = request.getStatementsCount();
        if (count == 0) {
            throw new SqlErrorException(SqlState.SYNTAX, "the call has no statement, at least one is expected");
        }
        if (count > STATEMENTS_MAX) {
            throw new SqlErrorException(
                    SqlState.LIMIT_EXCEEDED, count + " statements are more than " + STATEMENTS_MAX + " in one call");
        }
        var steps = new ArrayList<Step>(count);
        for (int i = 0; i < count; i++) {
            SqlStatement statement = request.getStatements(i);
            try {
                steps.add(step(dialect, statement, readOnly));
            } catch (SqlErrorException e) {
                throw e.of(i);
            }
        }
        var isolation = request.getIsolation() == Isolation.UNRECOGNIZED
                ? Isolation.SERIALIZABLE // a level that is newer than this provider is at least not weaker
                : request.getIsolation();
        long rowsMax = Integer.toUnsignedLong(request.getRowsMax());
        return new SqlScript(
                steps,
                readOnly,
                isolation,
                Duration.ofMillis(Integer.toUnsignedLong(request.getTimeoutMillis())),
                rowsMax == 0 ? ROWS_MAX : (int) Math.min(rowsMax, ROWS_MAX),
                request.getDatabase());
    }

    private static Step step(SqlDialect dialect, SqlStatement statement, boolean readOnly) throws SqlErrorException {
        var text = SqlText.of(dialect, statement.getSql(), statement.getParametersCount());
        String verb = text.verb();
        if (TRANSACTION_CONTROL.contains(verb)) {
            throw new SqlErrorException(
                    SqlState.TRANSACTION_CONTROL,
                    verb + " is not for statements: each call is a transaction, with all its statements");
        }
        if (NOT_IN_A_CALL.contains(verb)) {
            throw new SqlErrorException(
                    SqlState.NOT_SUPPORTED, verb + " is not supported: nothing of a call's connection outlives it");
        }
        if (dialect == SqlDialect.SQLITE && NOT_IN_SQLITE.contains(verb)) {
            throw new SqlErrorException(
                    SqlState.NOT_SUPPORTED,
                    verb + " is not supported: the database has one file, which the provider looks after; what PRAGMA"
                            + " tells can be read from pragma_table_info('table') and its like");
        }
        if (readOnly && !READS.contains(verb)) {
            throw new SqlErrorException(
                    SqlState.READ_ONLY, verb + " is not for Query, which only reads; call Execute instead");
        }
        if (dialect == SqlDialect.SQLITE
                && verb.equals("CREATE")
                && text.words().size() > 1
                && text.words().get(1).startsWith("TEMP")) {
            throw new SqlErrorException(
                    SqlState.NOT_SUPPORTED, "nothing temporary is supported: it would outlive the call");
        }
        for (int i = 0; i < statement.getParametersCount(); i++) {
            check(i, statement.getParameters(i));
        }
        return new Step(text, statement.getParametersList());
    }

    private static void check(int index, SqlValue value) throws SqlErrorException {
        String text =
                switch (value.getKindCase()) {
                    case TEXT -> value.getText();
                    case JSON -> value.getJson();
                    default -> "";
                };
        if (!text.isEmpty()) {
            SqlValues.checkText("parameter $" + (index + 1), text);
        }
    }
}

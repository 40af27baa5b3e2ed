package dev.trellis.providers.sqlsqlite;

import dev.trellis.lattice.contracts.sql.SqlColumn;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.providers.jdbc.ResultBuilder;
import dev.trellis.providers.jdbc.ResultBuilder.ColumnReader;
import dev.trellis.providers.jdbc.SqlErrorException;
import dev.trellis.providers.jdbc.SqlScript;
import dev.trellis.providers.jdbc.SqlText;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteLimits;
import org.sqlite.core.DB;

/** One connection to the file, with the statements it has compiled. For one thread at a time, but {@link #interrupt()}. */
final class SqliteConnection implements AutoCloseable {
    /** Compiled statements kept; the one not used for longest goes first. */
    static final int STATEMENTS_KEPT = 64;

    /** Longest text whose compiled statement is kept. */
    static final int KEPT_LENGTH_MAX = 16 << 10;

    /** How long SQLite waits for a lock that another process has. It waits in native code, so not for long. */
    static final int BUSY_TIMEOUT_MILLIS = 100;

    /** Largest text, blob or row. */
    static final int VALUE_BYTES_MAX = 16 << 20;

    static final int EXPRESSION_DEPTH_MAX = 200;
    static final int TRIGGER_DEPTH_MAX = 32;
    static final int COMPOUND_SELECT_MAX = 100;

    private static final int PAGE_BYTES = 4096;

    private final SQLiteConnection connection;
    private final DB database;
    private final Map<String, Compiled> compiled = new LinkedHashMap<>(16, 0.75f, true);
    private int schema;

    private record Compiled(PreparedStatement statement, List<SqlColumn> columns, List<ColumnReader> readers) {}

    private SqliteConnection(SQLiteConnection connection) {
        this.connection = connection;
        this.database = connection.getDatabase();
    }

    /** The connection that writes; makes the file if it is not there. */
    static SqliteConnection writer(SqliteSettings settings) throws SQLException {
        var config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setMaxPageCount(
                (int) Math.min(Integer.MAX_VALUE - 2, (long) settings.sizeMaxMb() * (1 << 20) / PAGE_BYTES));
        config.setJournalSizeLimit(64 << 20);
        return open(config, settings);
    }

    /** A connection that cannot write: the operating system's file is open for reading only. */
    static SqliteConnection reader(SqliteSettings settings) throws SQLException {
        var config = new SQLiteConfig();
        config.setReadOnly(true);
        return open(config, settings);
    }

    private static SqliteConnection open(SQLiteConfig config, SqliteSettings settings) throws SQLException {
        config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
        config.enforceForeignKeys(true);
        config.enableLoadExtension(false);
        config.setGetGeneratedKeys(false);
        var connection = (SQLiteConnection) config.createConnection("jdbc:sqlite:" + settings.file());
        try {
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_ATTACHED, 0);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_SQL_LENGTH, 4 * SqlText.LENGTH_MAX); // bytes of UTF-8
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_VARIABLE_NUMBER, SqlText.PARAMETERS_MAX);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_EXPR_DEPTH, EXPRESSION_DEPTH_MAX);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_TRIGGER_DEPTH, TRIGGER_DEPTH_MAX);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_COMPOUND_SELECT, COMPOUND_SELECT_MAX);
            connection.setLimit(SQLiteLimits.SQLITE_LIMIT_WORKER_THREADS, 0);
            var opened = new SqliteConnection(connection);
            opened.command("PRAGMA trusted_schema = OFF");
            return opened;
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** Forgets compiled statements if the schema is no longer number {@code generation}. */
    void expectSchema(int generation) throws SQLException {
        if (schema != generation) {
            schema = generation;
            for (Compiled each : compiled.values()) {
                each.statement.close();
            }
            compiled.clear();
            // SQLite compiles by the schema that it knows, and notices that it is outdated only when it runs something
            var _ = single("SELECT 1 FROM sqlite_schema LIMIT 1");
        }
    }

    /** Another process has changed the schema since the statement was compiled. */
    static final class SchemaChangedException extends Exception {
        private static final long serialVersionUID = 1L;

        SchemaChangedException() {
            super("the schema of the database was changed by another process", null, false, false);
        }
    }

    /** Runs a statement without parameters or results. */
    void command(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            var _ = statement.execute(sql);
        }
    }

    /** What a statement without parameters returns in its first column and row; empty if there is none. */
    String single(String sql) throws SQLException {
        try (var statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? String.valueOf(rows.getObject(1)) : "";
        }
    }

    /** Runs one statement and adds its outcome to {@code results}. */
    void run(SqlScript.Step step, ResultBuilder results)
            throws SQLException, SqlErrorException, SchemaChangedException {
        Compiled target = compiled(step.text());
        PreparedStatement statement = target.statement;
        boolean good = false;
        try {
            List<Integer> order = step.text().order();
            List<SqlValue> parameters = step.parameters();
            for (int i = 0; i < order.size(); i++) {
                SqliteColumns.bind(statement, i + 1, parameters.get(order.get(i)));
            }
            boolean returnsRows = statement.execute();
            if (SqliteColumns.count(statement) != target.columns.size()) {
                throw new SchemaChangedException();
            }
            if (returnsRows) {
                try (ResultSet rows = statement.getResultSet()) {
                    results.addRows(rows, target.columns, target.readers);
                }
            } else {
                results.addCount(ResultBuilder.updateCount(statement));
            }
            statement.clearParameters();
            good = true;
        } finally {
            if (!good || !kept(step.text())) {
                compiled.remove(step.text().jdbc());
                statement.close();
            }
        }
    }

    private static boolean kept(SqlText text) {
        return text.jdbc().length() <= KEPT_LENGTH_MAX;
    }

    private Compiled compiled(SqlText text) throws SQLException {
        Compiled present = compiled.get(text.jdbc());
        if (present != null) {
            return present;
        }
        if (compiled.size() >= STATEMENTS_KEPT) {
            Iterator<Compiled> oldest = compiled.values().iterator();
            oldest.next().statement.close();
            oldest.remove();
        }
        PreparedStatement statement = ((Connection) connection).prepareStatement(text.jdbc());
        try {
            List<SqlColumn> columns = SqliteColumns.columns(statement);
            var made = new Compiled(
                    statement,
                    columns,
                    columns.stream().map(SqliteColumns::reader).toList());
            compiled.put(text.jdbc(), made);
            return made;
        } catch (SQLException | RuntimeException e) {
            statement.close();
            throw e;
        }
    }

    /** Ends the statement that is running, from any thread; nothing if none is. */
    void interrupt() {
        try {
            database.interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("SQLite declares this, and does not throw it", e);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}

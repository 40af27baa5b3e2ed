package dev.trellis.providers.sqlpostgres;

import com.zaxxer.hikari.HikariDataSource;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.sql.SqlColumn;
import dev.trellis.lattice.contracts.sql.SqlRequest.Isolation;
import dev.trellis.lattice.contracts.sql.SqlResults;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.providers.jdbc.ResultBuilder;
import dev.trellis.providers.jdbc.SqlErrorException;
import dev.trellis.providers.jdbc.SqlScript;
import dev.trellis.providers.jdbc.SqlState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * A single statement runs without BEGIN and COMMIT where it can: it is a transaction by itself, and one round trip instead
 * of two. One of Query then runs on a connection whose transactions are read-only by default. The server tells whenever that
 * setting changes, whoever changed it, so it is known without asking (since PostgreSQL 14; before it, with BEGIN).
 */
/** One call on one connection of the pool. */
final class PostgresCall {
    /** Time after a deadline for the server to heed the request to cancel; then the connection is cut. */
    static final Duration CANCEL_MAX = Duration.ofMillis(100);

    /** The server's own limits on statements, should a request to cancel get lost: the next above what the call has. */
    private static final List<Integer> STATEMENT_TIMEOUTS_MILLIS =
            List.of(1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000);

    /** After statements with these a connection may differ from a new one; it serves no other call. */
    private static final Set<String> SESSION_NAMES = Set.of(
            "SET_CONFIG",
            "PG_ADVISORY_LOCK",
            "PG_ADVISORY_LOCK_SHARED",
            "PG_TRY_ADVISORY_LOCK",
            "PG_TRY_ADVISORY_LOCK_SHARED",
            "TEMP",
            "TEMPORARY",
            "PG_TEMP",
            "SETSEED");

    private static final Set<String> SESSION_VERBS = Set.of("SET", "RESET", "LOAD", "DO", "CALL");

    /** May run without BEGIN: they return no rows, which could turn out to be too many after they are committed. */
    private static final Set<String> PLAIN_WRITES = Set.of("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE");

    private static final String READ_ONLY_SETTING = "default_transaction_read_only";
    private static final Logger LOG = LoggerFactory.getLogger(PostgresCall.class);
    private static final ScheduledThreadPoolExecutor WATCH = watches();

    private final String subject;
    private final PostgresAddress address;
    private final HikariDataSource pool;
    private final Connection connection;
    private final SqlScript script;
    private final Deadline deadline;
    private final Map<PGConnection, Integer> statementTimeouts;
    private final Runnable silent;
    private final AtomicBoolean interrupted = new AtomicBoolean();
    private boolean spoilt; // the connection must not serve another call
    private boolean begun;
    private boolean committing;
    private boolean asked; // a statement of the call has been sent

    /** {@code silent} is told when the server has not heeded a request to cancel. */
    PostgresCall(
            String subject,
            PostgresAddress address,
            HikariDataSource pool,
            Connection connection,
            SqlScript script,
            Deadline deadline,
            Map<PGConnection, Integer> statementTimeouts,
            Runnable silent) {
        this.subject = subject;
        this.address = address;
        this.pool = pool;
        this.connection = connection;
        this.script = script;
        this.deadline = deadline;
        this.statementTimeouts = statementTimeouts;
        this.silent = silent;
    }

    private static ScheduledThreadPoolExecutor watches() {
        var watch = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("postgres-deadlines").factory());
        watch.setRemoveOnCancelPolicy(true);
        return watch;
    }

    SqlResults run() throws SqlErrorException {
        int at = 0;
        // over all of it: the driver waits for the server in places of its own too, for the names of types for example
        Future<?> watch = watch(deadline.remaining());
        try {
            var results = new ResultBuilder(script.rowsMax());
            if (!prepare()) {
                begun = true;
                connection.setAutoCommit(false);
                command("SET TRANSACTION" + isolation() + (script.readOnly() ? " READ ONLY" : " READ WRITE"));
            }
            for (; at < script.steps().size(); at++) {
                run(script.steps().get(at), results);
            }
            at--;
            if (begun) {
                committing = true;
                connection.commit();
                committing = false;
            }
            return results.build();
        } catch (SqlErrorException e) {
            rollback();
            throw e.of(at);
        } catch (SQLException e) {
            SqlErrorException error = failed(e, at);
            rollback();
            throw error;
        } finally {
            watch.cancel(false);
        }
    }

    /** Settings of the session; {@code true} if the call needs no BEGIN. */
    private boolean prepare() throws SQLException {
        PGConnection server = connection.unwrap(PGConnection.class);
        boolean alone = script.steps().size() == 1
                && script.isolation() == Isolation.ISOLATION_DEFAULT
                && (script.readOnly() || plainWrite(script.steps().getFirst()));
        String readOnly = server.getParameterStatus(READ_ONLY_SETTING);
        var commands = new StringBuilder();
        if (alone && readOnly == null) {
            alone = !script.readOnly();
        } else if (alone && readOnly != null && readOnly.equals("on") != script.readOnly()) {
            commands.append("SET " + READ_ONLY_SETTING + " = ").append(script.readOnly() ? "on;" : "off;");
        }
        int timeout = statementTimeout();
        Integer present = statementTimeouts.get(server);
        if (present == null || present != timeout) {
            commands.append("SET statement_timeout = ").append(timeout);
            statementTimeouts.put(server, timeout);
        }
        if (!commands.isEmpty()) {
            command(commands.toString());
        }
        return alone;
    }

    private static boolean plainWrite(SqlScript.Step step) {
        return PLAIN_WRITES.contains(step.text().verb()) && !step.text().names().contains("RETURNING");
    }

    private int statementTimeout() {
        long millis = deadline.remaining().toMillis();
        for (int step : STATEMENT_TIMEOUTS_MILLIS) {
            if (millis <= step) {
                return step;
            }
        }
        return STATEMENT_TIMEOUTS_MILLIS.getLast();
    }

    private String isolation() {
        return switch (script.isolation()) {
            case ISOLATION_DEFAULT -> "";
            case READ_COMMITTED -> " ISOLATION LEVEL READ COMMITTED";
            case REPEATABLE_READ -> " ISOLATION LEVEL REPEATABLE READ";
            case SERIALIZABLE, UNRECOGNIZED -> " ISOLATION LEVEL SERIALIZABLE";
        };
    }

    private void command(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            var _ = statement.execute(sql);
        }
    }

    private void run(SqlScript.Step step, ResultBuilder results) throws SQLException, SqlErrorException {
        if (SESSION_VERBS.contains(step.text().verb())
                || !Collections.disjoint(step.text().names(), SESSION_NAMES)) {
            spoilt = true;
        }
        try (PreparedStatement statement =
                connection.prepareStatement(step.text().jdbc())) {
            List<Integer> order = step.text().order();
            List<SqlValue> parameters = step.parameters();
            for (int i = 0; i < order.size(); i++) {
                PostgresValues.bind(statement, i + 1, parameters.get(order.get(i)));
            }
            statement.setMaxRows(script.rowsMax() + 1);
            asked = true;
            if (execute(statement)) {
                try (ResultSet rows = statement.getResultSet()) {
                    List<SqlColumn> columns = PostgresValues.columns(rows.getMetaData());
                    results.addRows(
                            rows,
                            columns,
                            columns.stream().map(PostgresValues::reader).toList());
                }
            } else {
                results.addCount(ResultBuilder.updateCount(statement));
            }
        }
    }

    private boolean execute(PreparedStatement statement) throws SQLException {
        if (script.timeout().isZero()) {
            return statement.execute();
        }
        Future<?> watch = watch(script.timeout());
        try {
            return statement.execute();
        } finally {
            watch.cancel(false);
        }
    }

    /** Asks the server to cancel when time is up, and cuts the connection if it does not. */
    private Future<?> watch(Duration time) {
        Runnable next = () -> {
            boolean first = interrupted.compareAndSet(false, true);
            var _ = Thread.startVirtualThread(first ? this::cancel : this::cut);
        };
        return WATCH.scheduleWithFixedDelay(
                next, Math.max(0, time.toNanos()), CANCEL_MAX.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Not by the statement, which would make the thread that runs it wait for the answer to this. */
    private void cancel() {
        try {
            connection.unwrap(PGConnection.class).cancelQuery();
        } catch (SQLException e) {
            LOG.debug("A request to cancel did not reach {}; the connection is cut", address, e);
        }
    }

    /** Ends it, for a caller who is gone. */
    void abandon() {
        interrupted.set(true);
        var _ = Thread.startVirtualThread(() -> {
            cancel();
            abort();
        });
    }

    private void cut() {
        silent.run();
        abort();
    }

    private void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            LOG.debug("A connection to {} was closed already", address, e);
        }
    }

    /** The error that the caller is told, or the failure of the call. */
    private SqlErrorException failed(SQLException e, int statement) {
        String state = e.getSQLState() == null ? SqlState.GENERAL : e.getSQLState();
        String message = PostgresDatabase.message(e);
        boolean uncertain = asked && !script.readOnly() && (!begun || committing);
        if (interrupted.get() || state.equals(SqlState.CANCELED)) {
            spoilt = true;
            if (script.timeout().isZero() || deadline.passed()) {
                throw new InvocationException(
                        new InvocationFailure.DeadlineExceeded(
                                subject,
                                address + " did not finish statement " + statement + " by the call's deadline"
                                        + (uncertain ? "; it may have run" : "; nothing was written")),
                        e);
            }
            return new SqlErrorException(
                    SqlState.CANCELED,
                    "the statement took longer than its " + script.timeout().toMillis() + " ms",
                    statement,
                    e);
        }
        if (state.startsWith("08") && message.contains("maxResultBuffer")) {
            spoilt = true;
            return ResultBuilder.tooLarge().of(statement);
        }
        if (state.startsWith("08") || state.startsWith("57P")) {
            spoilt = true;
            softEvict();
            String lost = "the connection to " + address + " was lost (" + message + ")";
            throw new InvocationException(
                    uncertain
                            ? new InvocationFailure.ConnectionLost(subject, lost + "; the statement may have run")
                            : new InvocationFailure.Unavailable(subject, lost),
                    e);
        }
        return new SqlErrorException(state, message, statement, e);
    }

    /** Other connections are most likely broken too: those that are idle are closed. */
    private void softEvict() {
        var bean = pool.getHikariPoolMXBean();
        if (bean != null && !pool.isClosed()) {
            bean.softEvictConnections();
        }
    }

    private void rollback() {
        if (!begun || interrupted.get()) {
            return;
        }
        try {
            connection.rollback();
        } catch (SQLException e) {
            spoilt = true;
            LOG.debug("A transaction at {} could not be rolled back; its connection is closed", address, e);
        }
    }

    /** Gives the connection back, or has the pool close it, at once and by itself: then it must not be given back too. */
    void end() {
        if (spoilt || interrupted.get()) {
            pool.evictConnection(connection);
            return;
        }
        try {
            if (begun) {
                connection.setAutoCommit(true);
            }
            connection.close();
        } catch (SQLException e) {
            LOG.debug("A connection to {} could not be given back; it is closed", address, e);
            pool.evictConnection(connection);
        }
    }
}

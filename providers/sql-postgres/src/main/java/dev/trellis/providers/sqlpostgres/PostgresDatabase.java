package dev.trellis.providers.sqlpostgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.sql.SqlResults;
import dev.trellis.providers.jdbc.ResultBuilder;
import dev.trellis.providers.jdbc.SqlErrorException;
import dev.trellis.providers.jdbc.SqlScript;
import dev.trellis.providers.jdbc.SqlStore;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.util.PSQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The pool is there, or the database is away. Away: calls fail at once, and a keeper tries to connect every RETRY_DELAY; the
 * pool itself would wait longer and longer between its attempts, up to 5 s. Once the keeper is through, there is a new pool.
 * A permit for each connection is taken before the pool is asked, so that calls wait in order and by their own deadline.
 *
 * The pool and the driver have their own idea of how long a silent server may take. So each call is worked on by a virtual
 * thread of its own, which keeps the permit until it is done; the caller leaves when its time is up. A server that did not
 * answer in time is suspected: it is asked once, by a new connection, and is away if that fails.
 */
/** A pool of connections to one PostgreSQL database. */
final class PostgresDatabase implements SqlStore {
    /** Time between two attempts to reach a database that is away. */
    static final Duration RETRY_DELAY = Duration.ofMillis(200);

    /** Time for one attempt to connect. */
    static final Duration CONNECT_MAX = Duration.ofSeconds(5);

    /** Time after a deadline for what runs to be ended; then the call ends without it. */
    static final Duration END_MAX = PostgresCall.CANCEL_MAX.plusMillis(60);

    /** How long the pool waits for a connection before the call looks at its deadline again; the least that it can. */
    static final Duration POOL_WAIT = Duration.ofMillis(250);

    /** Calls that run or wait; one more is {@code Overloaded}. */
    static final int CALLS_MAX = 1024;

    /** Depth to which the cause of a failed attempt is followed. */
    private static final int CAUSES_MAX = 16;

    private static final Logger LOG = LoggerFactory.getLogger(PostgresDatabase.class);

    private final PostgresAddress address;
    private final PoolLimits limits;
    private final Semaphore connections;
    private final Semaphore calls = new Semaphore(CALLS_MAX);
    private final Map<PGConnection, Integer> statementTimeouts = Collections.synchronizedMap(new WeakHashMap<>());
    private final AtomicBoolean away = new AtomicBoolean();
    private final AtomicBoolean suspected = new AtomicBoolean();
    private final CountDownLatch ending = new CountDownLatch(1);

    private volatile @Nullable HikariDataSource pool;
    private volatile @Nullable String problem;

    private PostgresDatabase(PostgresAddress address, PoolLimits limits) {
        this.address = address;
        this.limits = limits;
        this.connections = new Semaphore(limits.connectionsMax(), true);
    }

    /**
     * A database that may be away for now.
     *
     * @throws IllegalArgumentException if the driver refuses the settings
     */
    static PostgresDatabase open(PostgresAddress address, PoolLimits limits) {
        var database = new PostgresDatabase(address, limits);
        database.pool = database.newPool();
        return database;
    }

    private PGSimpleDataSource driver() throws SQLException {
        var driver = new Driver();
        driver.setServerNames(new String[] {address.host()});
        driver.setPortNumbers(new int[] {address.port()});
        driver.setDatabaseName(address.database());
        driver.setUser(address.user());
        driver.setPassword(address.password());
        driver.setSslMode(address.sslMode());
        driver.setApplicationName("trellis");
        driver.setTcpKeepAlive(true);
        driver.setConnectTimeout((int) CONNECT_MAX.toSeconds());
        driver.setCancelSignalTimeout(1);
        driver.setProperty(PGProperty.STRING_TYPE, "unspecified");
        driver.setProperty(PGProperty.MAX_RESULT_BUFFER, Long.toString(2 * ResultBuilder.BYTES_MAX));
        driver.setProperty(PGProperty.LOG_SERVER_ERROR_DETAIL, "false");
        return driver;
    }

    /** Its time to log in is {@link #CONNECT_MAX}; the pool would derive a shorter one from its own time to wait. */
    private static final class Driver extends PGSimpleDataSource {
        private static final long serialVersionUID = 1L;

        @Override
        public void setLoginTimeout(int seconds) {
            super.setLoginTimeout((int) CONNECT_MAX.toSeconds());
        }
    }

    private HikariDataSource newPool() {
        var config = new HikariConfig();
        try {
            config.setDataSource(driver());
        } catch (SQLException e) {
            throw new IllegalArgumentException("uri is refused by the driver: " + message(e), e);
        }
        config.setPoolName(address.toString());
        config.setMaximumPoolSize(limits.connectionsMax());
        config.setMinimumIdle(limits.idleMin());
        config.setMaxLifetime(limits.lifetime().toMillis());
        config.setIdleTimeout(
                limits.idleMin() == limits.connectionsMax() ? 0 : limits.idle().toMillis());
        config.setConnectionTimeout(POOL_WAIT.toMillis());
        config.setValidationTimeout(POOL_WAIT.toMillis());
        config.setInitializationFailTimeout(-1); // connects in the background: the database may be away
        return new HikariDataSource(config);
    }

    @Override
    public String name() {
        return address.database();
    }

    PostgresAddress address() {
        return address;
    }

    @Override
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    @Override
    public SqlResults run(String subject, SqlScript script, Deadline deadline)
            throws SqlErrorException, InterruptedException {
        if (away.get()) {
            throw unavailable(subject, problemText());
        }
        if (!calls.tryAcquire()) {
            throw overloaded(subject, "has " + CALLS_MAX + " calls that run or wait");
        }
        try {
            long wait = Math.min(limits.waitMax().toNanos(), deadline.remainingNanos());
            if (!connections.tryAcquire(Math.max(0, wait), TimeUnit.NANOSECONDS)) {
                throw overloaded(
                        subject, "had none of its " + limits.connectionsMax() + " connections free (max_connections)");
            }
            var errand = new Errand(subject, script, deadline);
            var _ = Thread.ofVirtual().name("postgres-call").start(errand.work);
            return errand.await();
        } finally {
            calls.release();
        }
    }

    /** A call at work, with a permit for a connection, and its caller who waits. */
    private final class Errand {
        private final String subject;
        private final SqlScript script;
        private final Deadline deadline;
        private final FutureTask<SqlResults> work = new FutureTask<>(this::work);
        private volatile @Nullable PostgresCall call;
        private volatile boolean left;

        Errand(String subject, SqlScript script, Deadline deadline) {
            this.subject = subject;
            this.script = script;
            this.deadline = deadline;
        }

        private SqlResults work() throws SqlErrorException {
            try {
                HikariDataSource source = pool;
                if (source == null) {
                    throw unavailable(subject, problemText());
                }
                Runnable silent = () -> suspect(source);
                var running = new PostgresCall(
                        subject, address, source, connect(source), script, deadline, statementTimeouts, silent);
                call = running;
                try {
                    if (left || deadline.passed()) { // looked at after call is set: the caller may have left without it
                        throw unconnected();
                    }
                    return running.run();
                } finally {
                    running.end();
                }
            } finally {
                connections.release();
            }
        }

        private Connection connect(HikariDataSource source) {
            while (true) {
                try {
                    return source.getConnection();
                } catch (SQLException e) {
                    boolean slow = e instanceof SQLTransientConnectionException
                            && (e.getCause() == null || hasRoot(e, SocketTimeoutException.class));
                    if (!slow || source.isClosed()) {
                        lost(source, e.getCause() instanceof SQLException cause ? message(cause) : message(e));
                        throw unavailable(subject, problemText());
                    }
                    if (left || deadline.passed()) {
                        suspect(source);
                        throw unconnected();
                    }
                }
            }
        }

        private InvocationException unconnected() {
            return unavailable(subject, address + " was not connected by the call's deadline");
        }

        /** The outcome, at the latest {@link #END_MAX} after the deadline. */
        SqlResults await() throws SqlErrorException, InterruptedException {
            try {
                return outcome();
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case SqlErrorException error -> throw error;
                    case InvocationException failure -> throw failure;
                    case null, default -> throw new IllegalStateException("a call of " + address + " broke off", e);
                }
            } catch (TimeoutException e) {
                throw new InvocationException(
                        new InvocationFailure.DeadlineExceeded(
                                subject,
                                address + " did not answer by the call's deadline"
                                        + (script.readOnly() ? "" : "; the statements may have run")),
                        e);
            } catch (InterruptedException e) {
                left = true;
                PostgresCall running = call;
                if (running != null) {
                    running.abandon();
                }
                throw e;
            }
        }

        private SqlResults outcome() throws ExecutionException, TimeoutException, InterruptedException {
            try {
                return work.get(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (call == null) {
                    throw unconnected();
                }
                return work.get(END_MAX.toNanos(), TimeUnit.NANOSECONDS);
            }
        }
    }

    private static boolean hasRoot(Throwable failure, Class<? extends Throwable> type) {
        Throwable root = failure;
        for (int depth = 0; depth < CAUSES_MAX && root.getCause() != null; depth++) {
            root = root.getCause();
        }
        return type.isInstance(root);
    }

    private String problemText() {
        String text = problem;
        return text == null ? address + " is not connected" : text;
    }

    private InvocationException overloaded(String subject, String message) {
        return new InvocationException(new InvocationFailure.Overloaded(subject, address + " " + message));
    }

    private static InvocationException unavailable(String subject, String message) {
        return new InvocationException(new InvocationFailure.Unavailable(subject, message));
    }

    private String unreachable(String reason) {
        return address + " cannot be reached (" + reason + "); trying again every " + RETRY_DELAY.toMillis() + " ms";
    }

    /** The database cannot be reached: calls fail at once until the keeper has reached it again. */
    private void lost(HikariDataSource source, String reason) {
        if (!source.equals(pool) || !away.compareAndSet(false, true)) {
            return;
        }
        problem = unreachable(reason);
        pool = null;
        LOG.warn("Lost PostgreSQL at {}: {}. Calls fail until it is back", address, reason);
        var _ = Thread.ofVirtual().name("postgres-keeper " + address).start(() -> reach(source));
    }

    /** The database did not answer in time: asks it by a connection of its own, once at a time. */
    private void suspect(HikariDataSource source) {
        if (!source.equals(pool) || !suspected.compareAndSet(false, true)) {
            return;
        }
        var _ = Thread.ofVirtual().name("postgres-suspect " + address).start(() -> {
            try {
                String failure = probe();
                if (!failure.isEmpty()) {
                    lost(source, failure);
                }
            } finally {
                suspected.set(false);
            }
        });
    }

    private void reach(HikariDataSource old) {
        var _ = Thread.ofVirtual().start(old::close); // it waits for what still runs
        try {
            while (!ending.await(RETRY_DELAY.toNanos(), TimeUnit.NANOSECONDS)) {
                String failure = probe();
                if (failure.isEmpty()) {
                    back();
                    return;
                }
                problem = unreachable(failure);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Why it cannot be reached; empty if it can. */
    private String probe() {
        try (Connection probe = driver().getConnection()) {
            return probe.isValid((int) CONNECT_MAX.toSeconds()) ? "" : "it does not answer";
        } catch (SQLException e) {
            return message(e);
        }
    }

    private synchronized void back() {
        if (ending.getCount() > 0) {
            pool = newPool();
            problem = null;
            away.set(false);
            LOG.info("Back again: PostgreSQL at {}", address);
        }
    }

    @Override
    public synchronized void close() {
        ending.countDown();
        HikariDataSource open = pool;
        if (open != null) {
            open.close();
        }
    }

    /** What PostgreSQL or the driver says. */
    static String message(SQLException e) {
        if (e instanceof PSQLException failed) {
            var server = failed.getServerErrorMessage();
            if (server != null) {
                String text = InvocationFailure.limited(server.getMessage());
                return server.getDetail() == null ? text : text + " (" + server.getDetail() + ")";
            }
        }
        return InvocationFailure.limited(e.getMessage());
    }
}

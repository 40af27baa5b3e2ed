package dev.trellis.providers.sqlsqlite;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.sql.SqlResults;
import dev.trellis.providers.jdbc.ResultBuilder;
import dev.trellis.providers.jdbc.SqlErrorException;
import dev.trellis.providers.jdbc.SqlScript;
import dev.trellis.providers.jdbc.SqlState;
import dev.trellis.providers.jdbc.SqlStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * SQLite runs on the caller's virtual thread, in native code, which holds the thread's carrier: handing each statement to a
 * thread of its own would cost more than most statements do. So few run at once: one writer, READERS readers, and of all
 * databases of this process together NATIVE_MAX. Further calls wait without a carrier, by their deadline.
 */
/**
 * One file. What has been answered is on the disk: each commit is synced. One call writes at a time, and readers see the
 * state of the last commit before they began.
 */
final class SqliteDatabase implements SqlStore {
    /** Connections that read. */
    static final int READERS = 4;

    /** Calls that run or wait; one more is {@code Overloaded}. */
    static final int CALLS_MAX = 1024;

    /** Statements of all databases that run at once: at most half the carriers, so that other actors always have some. */
    static final int NATIVE_MAX = Math.clamp(
            Integer.getInteger(
                            "jdk.virtualThreadScheduler.parallelism",
                            Runtime.getRuntime().availableProcessors())
                    / 2,
            1,
            8);

    /** Time until a statement that has not heeded an interrupt gets the next one. */
    static final Duration INTERRUPT_AGAIN = Duration.ofMillis(5);

    private static final Logger LOG = LoggerFactory.getLogger(SqliteDatabase.class);
    private static final Semaphore NATIVE = new Semaphore(NATIVE_MAX, true);
    private static final Set<String> SCHEMA_VERBS = Set.of("CREATE", "ALTER", "DROP", "REINDEX", "ANALYZE");
    private static final ScheduledThreadPoolExecutor WATCH = watch();

    private final SqliteSettings settings;
    private final AtomicInteger schema = new AtomicInteger();
    private final Lane writers;
    private final Lane readers;
    private final Semaphore calls = new Semaphore(CALLS_MAX);
    private volatile @Nullable String problem;

    private SqliteDatabase(SqliteSettings settings, SqliteConnection writer) {
        this.settings = settings;
        this.writers = new Lane(1, () -> SqliteConnection.writer(settings));
        this.readers = new Lane(READERS, () -> SqliteConnection.reader(settings));
        this.writers.idle.push(writer);
    }

    private static ScheduledThreadPoolExecutor watch() {
        var watch = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("sqlite-deadlines").factory());
        watch.setRemoveOnCancelPolicy(true);
        return watch;
    }

    /**
     * Opens the file, or makes it.
     *
     * @throws IllegalArgumentException if it is no database, or cannot be made
     */
    static SqliteDatabase open(SqliteSettings settings) {
        Path file = settings.file();
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (file.startsWith(settings.folder()) && parent != null) {
                Files.createDirectories(parent);
            } else if (parent == null || !Files.isDirectory(parent)) {
                throw new IllegalArgumentException(
                        "path " + file + " is in a folder that does not exist; make it first, on this host");
            }
            if (Files.isDirectory(file)) {
                throw new IllegalArgumentException("path " + file + " is a folder, expected a file");
            }
            var writer = SqliteConnection.writer(settings);
            String mode = writer.single("PRAGMA journal_mode");
            if (!mode.toLowerCase(Locale.ROOT).equals("wal")) {
                writer.close();
                throw new IllegalArgumentException("path " + file + " is where SQLite cannot keep a write-ahead log (it"
                        + " has '" + mode + "'); choose a local disk");
            }
            LOG.info("Opened the SQLite database {}", file);
            return new SqliteDatabase(settings, writer);
        } catch (IOException e) {
            throw new IllegalArgumentException("folder of " + file + " cannot be made: " + e, e);
        } catch (SQLException e) {
            throw new IllegalArgumentException(
                    "file " + file + " cannot be used as a database: " + SqliteErrors.message(e), e);
        }
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    /** Connections of one kind, made when first wanted. */
    private static final class Lane {
        private final Semaphore permits;
        private final Opener opener;
        private final ArrayDeque<SqliteConnection> idle = new ArrayDeque<>(); // guarded by itself

        Lane(int size, Opener opener) {
            this.permits = new Semaphore(size, true);
            this.opener = opener;
        }

        SqliteConnection take() throws SQLException {
            synchronized (idle) {
                if (!idle.isEmpty()) {
                    return idle.pop();
                }
            }
            return opener.open();
        }

        void give(SqliteConnection connection) {
            synchronized (idle) {
                idle.push(connection);
            }
        }
    }

    private interface Opener {
        SqliteConnection open() throws SQLException;
    }

    @Override
    public SqlResults run(String subject, SqlScript script, Deadline deadline)
            throws SqlErrorException, InterruptedException {
        if (!calls.tryAcquire()) {
            throw overloaded(subject, "has " + CALLS_MAX + " calls that run or wait");
        }
        try {
            Lane lane = script.readOnly() ? readers : writers;
            acquire(subject, lane.permits, deadline, script.readOnly() ? "a reader" : "the writer");
            try {
                acquire(subject, NATIVE, deadline, "a place among the " + NATIVE_MAX + " that may run at once");
                try {
                    return run(subject, lane, script, deadline);
                } finally {
                    NATIVE.release();
                }
            } finally {
                lane.permits.release();
            }
        } finally {
            calls.release();
        }
    }

    private void acquire(String subject, Semaphore permits, Deadline deadline, String what)
            throws InterruptedException {
        if (!permits.tryAcquire(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS)) {
            throw overloaded(subject, "waited for " + what + " until the call's deadline");
        }
    }

    private InvocationException overloaded(String subject, String message) {
        return new InvocationException(
                new InvocationFailure.Overloaded(subject, "SQLite database " + settings.name() + " " + message));
    }

    private SqlResults run(String subject, Lane lane, SqlScript script, Deadline deadline) throws SqlErrorException {
        SqliteConnection connection;
        try {
            connection = lane.take();
        } catch (SQLException e) {
            problem = settings.file() + " cannot be opened: " + SqliteErrors.message(e);
            throw new InvocationException(new InvocationFailure.Unavailable(subject, problem), e);
        }
        boolean usable = false;
        try {
            SqlResults results;
            try {
                results = transaction(subject, connection, script, deadline);
            } catch (SqliteConnection.SchemaChangedException e) {
                schema.incrementAndGet();
                results = transaction(subject, connection, script, deadline); // the first one was rolled back
            }
            usable = true;
            problem = null;
            return results;
        } catch (SqlErrorException e) {
            usable = true;
            throw e;
        } catch (Ended e) {
            usable = true;
            throw e.failure;
        } catch (SqliteConnection.SchemaChangedException e) {
            usable = true;
            throw new InvocationException(new InvocationFailure.Overloaded(
                    subject, settings.file() + ": its schema is changed by another process again and again"));
        } finally {
            if (usable) {
                lane.give(connection);
            } else {
                discard(connection);
            }
        }
    }

    /** A call failed, and the connection is as good as before. */
    private static final class Ended extends Exception {
        private static final long serialVersionUID = 1L;

        private final InvocationException failure;

        Ended(InvocationException failure) {
            super(failure.getMessage(), failure, false, false);
            this.failure = failure;
        }
    }

    private SqlResults transaction(String subject, SqliteConnection connection, SqlScript script, Deadline deadline)
            throws SqlErrorException, Ended, SqliteConnection.SchemaChangedException {
        var results = new ResultBuilder(script.rowsMax());
        List<SqlScript.Step> steps = script.steps();
        boolean begun = false;
        boolean committed = false;
        int at = 0;
        try {
            connection.expectSchema(schema.get());
            if (!script.readOnly() || steps.size() > 1) {
                connection.command(script.readOnly() ? "BEGIN" : "BEGIN IMMEDIATE");
                begun = true;
            }
            boolean schemaChanged = false;
            for (; at < steps.size(); at++) {
                SqlScript.Step step = steps.get(at);
                Future<?> interrupt = watch(connection, script.timeout(), deadline);
                try {
                    connection.run(step, results);
                } finally {
                    interrupt.cancel(false);
                }
                if (SCHEMA_VERBS.contains(step.text().verb())) {
                    schemaChanged = true;
                    connection.expectSchema(-1);
                }
            }
            at = steps.size() - 1;
            if (begun) {
                connection.command("COMMIT");
                committed = true;
            }
            if (schemaChanged) {
                schema.incrementAndGet();
            }
            return results.build();
        } catch (SqlErrorException e) {
            throw e.of(at);
        } catch (SQLException e) {
            throw failed(subject, script, deadline, e, at);
        } finally {
            if (begun && !committed) {
                rollback(connection);
            }
        }
    }

    private static Future<?> watch(SqliteConnection connection, Duration timeout, Deadline deadline) {
        long nanos = Math.max(0, deadline.remainingNanos());
        if (!timeout.isZero()) {
            nanos = Math.min(nanos, timeout.toNanos());
        }
        // again and again: an interrupt that comes just before the statement begins has no effect
        return WATCH.scheduleWithFixedDelay(
                connection::interrupt, nanos, INTERRUPT_AGAIN.toNanos(), TimeUnit.NANOSECONDS);
    }

    private SqlErrorException failed(String subject, SqlScript script, Deadline deadline, SQLException e, int statement)
            throws Ended {
        return switch (SqliteErrors.of(e)) {
            case SqliteErrors.Outcome.Wrong(var error) -> error.of(statement);
            case SqliteErrors.Outcome.Interrupted _ -> {
                if (deadline.passed()) {
                    throw new Ended(new InvocationException(new InvocationFailure.DeadlineExceeded(
                            subject,
                            "statement " + statement + " was interrupted at the call's deadline; nothing of it"
                                    + " was written")));
                }
                yield new SqlErrorException(
                        SqlState.CANCELED,
                        "the statement took longer than its " + script.timeout().toMillis() + " ms",
                        statement,
                        null);
            }
            case SqliteErrors.Outcome.Busy(var message) ->
                throw new Ended(new InvocationException(
                        new InvocationFailure.Overloaded(
                                subject, settings.file() + " is held by another process: " + message),
                        e));
            case SqliteErrors.Outcome.Broken(var message) -> {
                problem = settings.file() + " cannot be read or written: " + message;
                LOG.warn("SQLite database {} cannot be read or written: {}", settings.file(), message);
                throw new InvocationException(new InvocationFailure.ProviderFailed(subject, problem), e);
            }
        };
    }

    private static void rollback(SqliteConnection connection) {
        try {
            connection.command("ROLLBACK");
        } catch (SQLException e) {
            LOG.debug("Nothing to roll back: SQLite has ended the transaction by itself", e);
        }
    }

    private static void discard(SqliteConnection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.debug("A connection that failed could not be closed", e);
        }
    }

    @Override
    public void close() {
        var all = new ArrayList<SqliteConnection>();
        for (Lane lane : List.of(readers, writers)) { // the writer last: it checkpoints
            synchronized (lane.idle) {
                all.addAll(lane.idle);
                lane.idle.clear();
            }
        }
        all.forEach(SqliteDatabase::discard);
        LOG.info("Closed the SQLite database {}", settings.file());
    }
}

package dev.trellis.providers.sqlpostgres;

import static dev.trellis.providers.sdk.SqlCalls.int32;
import static dev.trellis.providers.sdk.SqlCalls.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.InvocationFailure.ConnectionLost;
import dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded;
import dev.trellis.lattice.contracts.InvocationFailure.Overloaded;
import dev.trellis.lattice.contracts.InvocationFailure.Unavailable;
import dev.trellis.providers.jdbc.SqlProvider;
import dev.trellis.providers.sdk.PostgresServer;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.SqlCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostgresFailureTest {
    private static final Duration DEADLINE = Duration.ofSeconds(1);
    private static final Duration CALL = Duration.ofMillis(800);
    private static final Duration GRACE = Duration.ofMillis(250);

    /** From the server's return to the first call that works. */
    private static final Duration RECOVERY_MAX = Duration.ofSeconds(2);

    private static PostgresServer server;

    private SqlProvider<PostgresSettings> provider;

    @BeforeAll
    static void startServer() throws Exception {
        server = PostgresServer.start();
    }

    @AfterAll
    static void closeServer() {
        server.close();
    }

    @BeforeEach
    void start() {
        provider = new SqlProvider<>(SqlCalls.PROVIDER, new PostgresStores(PostgresSettings.NONE));
    }

    @AfterEach
    void close() {
        provider.close();
    }

    private SqlCalls calls(Map<String, String> more) throws Exception {
        var config = new java.util.HashMap<>(more);
        config.put("uri", server.uri());
        ProviderLink link = SqlCalls.link("default", config);
        provider.linkPut(link);
        return new SqlCalls(provider, link);
    }

    @Test
    void server_killedDuringCalls_failsTypedAndComesBack() throws Exception {
        SqlCalls calls = calls(Map.of());
        calls.execute("CREATE TABLE IF NOT EXISTS killed (id BIGINT PRIMARY KEY)");
        calls.execute("DELETE FROM killed");
        var answered = new java.util.concurrent.ConcurrentLinkedQueue<Integer>();
        var failures = new java.util.concurrent.ConcurrentLinkedQueue<InvocationFailure>();
        var slowest = new java.util.concurrent.atomic.AtomicLong();
        var stop = new AtomicBoolean();
        var next = new java.util.concurrent.atomic.AtomicInteger();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var callers = new ArrayList<Future<?>>();
            for (int caller = 0; caller < 8; caller++) {
                callers.add(executor.submit(() -> {
                    while (!stop.get()) {
                        int id = next.incrementAndGet();
                        long begin = System.nanoTime();
                        try {
                            calls.within(DEADLINE).execute("INSERT INTO killed VALUES ($1)", int32(id));
                            answered.add(id);
                        } catch (InvocationException e) {
                            failures.add(e.failure());
                            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
                        }
                        slowest.accumulateAndGet(System.nanoTime() - begin, Math::max);
                    }
                    return null;
                }));
            }
            await(() -> answered.size() > 50);
            server.kill();
            await(() -> failures.size() > 50);
            server.restart();
            long returned = System.nanoTime();
            int before = answered.size();
            await(() -> answered.size() > before);
            assertThat(Duration.ofNanos(System.nanoTime() - returned)).isLessThan(RECOVERY_MAX);
            stop.set(true);
            for (Future<?> caller : callers) {
                caller.get();
            }
        }

        assertThat(failures)
                .allMatch(failure -> failure instanceof Unavailable
                        || failure instanceof ConnectionLost
                        || failure instanceof DeadlineExceeded);
        assertThat(failures).allSatisfy(failure -> assertThat(failure.describe())
                .doesNotContain(PostgresServer.PASSWORD)
                .doesNotContain("p%40ss"));
        assertThat(Duration.ofNanos(slowest.get())).isLessThan(DEADLINE.plus(GRACE));
        assertThat(calls.numbers("SELECT id FROM killed"))
                .containsAll(answered.stream().map(Integer::longValue).toList());
    }

    @Test
    void server_awayAtTheLink_isUnavailableAtOnceAndHealthSays() throws Exception {
        server.kill();
        try {
            SqlCalls calls = calls(Map.of());
            await(() -> fails(calls, Unavailable.class));
            assertThat(fails(calls, Unavailable.class)).isTrue();
            await(() -> !provider.health().healthy());
            assertThat(provider.health().message())
                    .contains("127.0.0.1:" + server.port())
                    .doesNotContain(PostgresServer.PASSWORD);
        } finally {
            server.restart();
        }
        SqlCalls calls = calls(Map.of());
        long returned = System.nanoTime();
        await(() -> !fails(calls, Unavailable.class));
        assertThat(Duration.ofNanos(System.nanoTime() - returned)).isLessThan(RECOVERY_MAX);
        assertThat(provider.health().healthy()).isTrue();
    }

    @Test
    void pool_exhausted_isOverloadedAtTheDeadline() throws Exception {
        SqlCalls calls = calls(Map.of("max_connections", "2"));
        calls.query("SELECT 1");
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var holders = new ArrayList<Future<?>>();
            for (int i = 0; i < 2; i++) {
                holders.add(executor.submit(
                        () -> calls.within(Duration.ofSeconds(4)).query("SELECT pg_sleep(3)")));
            }
            await(() -> fails(calls, Overloaded.class));
            for (Future<?> holder : holders) {
                holder.get();
            }
        }
        assertThat(calls.numbers("SELECT 1")).containsExactly(1L);
    }

    @Test
    void calls_many_leaveNoConnectionBehind() throws Exception {
        SqlCalls calls = calls(Map.of("max_connections", "3"));
        for (int i = 0; i < 40; i++) {
            assertThat(calls.queryError("SELECT 1 / 0").getSqlstate()).isEqualTo("22012");
            assertThat(calls.executeError("SELECT 1 / $1", int32(0)).getSqlstate())
                    .isEqualTo("22012");
            assertThat(calls.value("SELECT CAST($1 AS TEXT)", text("x"))).isEqualTo(text("x"));
        }
        assertThat(calls.numbers("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trellis'")
                        .getFirst())
                .isLessThanOrEqualTo(3);
    }

    @Test
    void toString_ofAllThatHoldsThePassword_hidesIt() {
        var settings = PostgresSettings.read(
                dev.trellis.providers.sdk.Settings.of(Map.of("uri", server.uri())), PostgresSettings.NONE);

        assertThat(settings.toString()).doesNotContain(PostgresServer.PASSWORD).doesNotContain("p%40ss");
    }

    private static boolean fails(SqlCalls calls, Class<? extends InvocationFailure> how) {
        try {
            calls.within(CALL).query("SELECT 1");
            return false;
        } catch (InvocationException e) {
            return how.isInstance(e.failure());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("30 s passed").isLessThan(end);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}

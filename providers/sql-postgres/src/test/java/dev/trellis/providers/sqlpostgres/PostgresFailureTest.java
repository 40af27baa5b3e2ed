package dev.trellis.providers.sqlpostgres;

import static dev.trellis.providers.sdk.SqlCalls.int32;
import static dev.trellis.providers.sdk.SqlCalls.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.List;
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

    /** As long as a connection that was used lately is lent without a check: 500 ms. */
    private static final Duration POOL_TRUST = Duration.ofMillis(550);

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
    void server_silent_callsEndInTimeAndItComesBack() throws Exception {
        SqlCalls calls = calls(Map.of());
        calls.execute("CREATE TABLE IF NOT EXISTS silent (id BIGINT PRIMARY KEY)");
        calls.execute("DELETE FROM silent");
        server.pause();
        try {
            for (Duration deadline : List.of(DEADLINE, Duration.ofMillis(100), CALL)) {
                long begin = System.nanoTime();
                assertThatThrownBy(() -> calls.within(deadline).execute("INSERT INTO silent VALUES ($1)", int32(1)))
                        .isInstanceOfSatisfying(InvocationException.class, e -> assertThat(e.failure())
                                .isInstanceOfAny(DeadlineExceeded.class, Unavailable.class));
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(deadline.plus(GRACE));
            }
            await(() -> !provider.health().healthy()); // found by those calls alone
            assertThat(fails(calls.within(CALL), Unavailable.class)).isTrue();
        } finally {
            server.resume();
        }
        long resumed = System.nanoTime();
        await(() -> works(calls));
        assertThat(Duration.ofNanos(System.nanoTime() - resumed)).isLessThan(RECOVERY_MAX);
    }

    @Test
    void server_silentAfterARest_callEndsInTime() throws Exception {
        SqlCalls calls = calls(Map.of());
        calls.query("SELECT 1");
        long rested = System.nanoTime() + POOL_TRUST.toNanos();
        await(() -> System.nanoTime() > rested); // from then on, the pool asks an idle connection before it lends it
        server.pause();
        long begin = System.nanoTime();
        try {
            assertThat(fails(calls.within(CALL), Unavailable.class)).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(CALL.plus(GRACE));
        } finally {
            server.resume();
        }
        await(() -> works(calls));
    }

    @Test
    void server_goneAndCallsShort_isNoticed() throws Exception {
        SqlCalls calls = calls(Map.of());
        calls.query("SELECT 1");
        server.kill();
        try {
            await(() -> {
                var _ = fails(calls.within(Duration.ofMillis(50)), Unavailable.class);
                return !provider.health().healthy();
            });
        } finally {
            server.restart();
        }
        await(() -> works(calls));
    }

    @Test
    void server_awayAtTheLink_isUnavailableAtOnceAndHealthSays() throws Exception {
        server.kill();
        try {
            SqlCalls calls = calls(Map.of());
            await(() -> fails(calls.within(CALL), Unavailable.class));
            assertThat(fails(calls.within(CALL), Unavailable.class)).isTrue();
            await(() -> !provider.health().healthy());
            assertThat(provider.health().message())
                    .contains("127.0.0.1:" + server.port())
                    .doesNotContain(PostgresServer.PASSWORD);
        } finally {
            server.restart();
        }
        SqlCalls calls = calls(Map.of());
        long returned = System.nanoTime();
        await(() -> !fails(calls.within(CALL), Unavailable.class));
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
            await(() -> fails(calls.within(CALL), Overloaded.class));
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

    private static boolean works(SqlCalls calls) {
        try {
            calls.within(CALL).query("SELECT 1");
            return true;
        } catch (InvocationException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean fails(SqlCalls calls, Class<? extends InvocationFailure> how) {
        try {
            calls.query("SELECT 1");
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

package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HostileGuestTest {
    private static final Duration SLACK = Duration.ofSeconds(2);
    private static WasmEngine engine;
    private static CompiledModule hostile;
    private static CompiledModule state;

    @BeforeAll
    static void load() throws InterruptedException {
        engine = new WasmEngine(EngineConfig.DEFAULTS);
        hostile = engine.load(Guests.wasm("hostile"));
        state = engine.load(Guests.wasm("state"));
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static GuestFailure failureOf(GuestInstance guest, String export, long... args) {
        GuestException e = catchThrowableOfType(GuestException.class, () -> guest.call(export, args));
        assertThat(e).as("call of " + export).isNotNull();
        assertThat(e.getStackTrace()).isEmpty();
        return e.failure();
    }

    @ParameterizedTest
    @ValueSource(strings = {"spin", "spin_if", "fill_forever", "block_forever"})
    void endlessGuest_endsAtItsBudget_andTheNextCallIsFine(String export) throws InterruptedException {
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.HASTY)) {
            long start = System.nanoTime();
            try (GuestInstance guest = pool.borrow()) {
                assertThat(failureOf(guest, export)).isEqualTo(new GuestFailure.TimedOut(Duration.ofMillis(60)));
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(60), SLACK);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.reused()).isFalse();
                assertThat(guest.call("ok")).containsExactly(42);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fill_loop", "copy_loop", "fill_row"})
    void giantBulkOperations_endAtTheBudget(String export) throws InterruptedException {
        try (InstancePool pool = engine.load(Guests.wasm("fill")).pool(HostFunctions.none(), Guests.HASTY);
                GuestInstance guest = pool.borrow()) {
            assertThat(failureOf(guest, export)).isInstanceOf(GuestFailure.TimedOut.class);
        }
    }

    @Test
    void exponentialCalls_withoutLoop_endAtTheBudget() throws InterruptedException {
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.HASTY);
                GuestInstance guest = pool.borrow()) {
            assertThat(failureOf(guest, "fib", 60)).isInstanceOf(GuestFailure.TimedOut.class);
        }
    }

    @Test
    void blockedHostFunction_isInterruptedAtTheBudget() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        HostFunctions functions = Guests.hostile((caller, args) -> {
            never.await();
            return new long[0];
        });
        try (InstancePool pool = hostile.pool(functions, Guests.HASTY);
                GuestInstance guest = pool.borrow()) {
            assertThat(failureOf(guest, "block")).isInstanceOf(GuestFailure.TimedOut.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @Test
    void hostFunction_thatSwallowsTheInterrupt_onlyDelaysTheEnd() throws InterruptedException {
        HostFunctions functions = Guests.hostile((caller, args) -> {
            Thread.interrupted();
            return new long[0];
        });
        try (InstancePool pool = hostile.pool(functions, Guests.HASTY);
                GuestInstance guest = pool.borrow()) {
            assertThat(failureOf(guest, "block_forever")).isInstanceOf(GuestFailure.TimedOut.class);
        }
    }

    @Test
    void endlessStartFunction_failsThePool() throws InterruptedException {
        CompiledModule module = engine.load(Guests.wasm("start_loop"));
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(
                        () -> module.pool(HostFunctions.none(), Guests.LIMITS.withStartBudget(Duration.ofMillis(50))))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.TimedOut.class));
    }

    @Test
    void endlessRecursion_isStackExhausted_onBothKindsOfThread() throws Exception {
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.LIMITS);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try (GuestInstance guest = pool.borrow()) {
                assertThat(failureOf(guest, "rec", 0)).isEqualTo(new GuestFailure.StackExhausted());
            }
            threads.submit(() -> {
                        try (GuestInstance guest = pool.borrow()) {
                            assertThat(failureOf(guest, "rec", 0)).isEqualTo(new GuestFailure.StackExhausted());
                        }
                        return null;
                    })
                    .get();
        }
    }

    @Test
    void memoryGrow_stopsAtTheLimit_andATrapAfterItSaysSo() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS.withMemoryPagesMax(4))) {
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.call("grow", 3)).containsExactly(-1);
                assertThat(guest.call("grow", 2)).containsExactly(2);
                assertThat(guest.call("grow", -1)).containsExactly(-1);
                assertThat(guest.memoryBytes()).isEqualTo(4 * 65_536);
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(failureOf(guest, "grow_then_trap", 3))
                        .isInstanceOfSatisfying(
                                GuestFailure.MemoryLimitReached.class,
                                limit -> assertThat(limit.pagesMax()).isEqualTo(4));
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(failureOf(guest, "trap_after_store")).isInstanceOf(GuestFailure.Trapped.class);
            }
        }
    }

    @Test
    void tableGrow_stopsAtTheLimit() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS.withTableEntriesMax(6))) {
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.call("table_grow", 2)).containsExactly(-1);
                assertThat(guest.call("table_grow", 1)).containsExactly(5);
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(failureOf(guest, "table_grow_then_trap", 2))
                        .isInstanceOf(GuestFailure.TableLimitReached.class);
            }
        }
    }

    @Test
    void storeAcrossTheEnd_changesNothing() throws InterruptedException {
        int end = 2 * 65_536;
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            for (int address : new int[] {end - 3, end - 1, end, Integer.MAX_VALUE, -1, -4}) {
                for (String store : List.of("store", "store64")) {
                    try (GuestInstance guest = pool.borrow()) {
                        assertThat(failureOf(guest, store, address, -1)).isInstanceOf(GuestFailure.Trapped.class);
                        assertThat(guest.read(end - 16, 16)).containsOnly(0);
                    }
                }
            }
            for (int[] range : new int[][] {{end - 4, 1, 5}, {end + 1, 1, 0}, {0, 1, -1}, {-1, 1, 1}, {100, 1, -50}}) {
                try (GuestInstance guest = pool.borrow()) {
                    assertThat(failureOf(guest, "fill", range[0], range[1], range[2]))
                            .isInstanceOf(GuestFailure.Trapped.class);
                    assertThat(guest.read(end - 16, 16)).containsOnly(0);
                }
            }
        }
    }

    @Test
    void trap_namesFunctionAndReason_andNextCallIsFine() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            try (GuestInstance guest = pool.borrow()) {
                assertThat(failureOf(guest, "trap_after_store"))
                        .isInstanceOfSatisfying(GuestFailure.Trapped.class, trapped -> {
                            assertThat(trapped.reason()).contains("unreachable");
                            assertThat(trapped.function()).isPresent();
                        });
                assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> guest.call("pages"));
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.call("load", 0)).containsExactly(0);
            }
        }
    }

    @Test
    void manyTraps_leakNothing() throws InterruptedException {
        int before = engine.watchdog().registered();
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            for (int i = 0; i < 100_000; i++) {
                try (GuestInstance guest = pool.borrow()) {
                    guest.call("table_call", 4);
                } catch (GuestException e) {
                    assertThat(e.failure()).isInstanceOf(GuestFailure.Trapped.class);
                }
            }
            assertThat(engine.watchdog().registered()).isEqualTo(before);
            assertThat(pool.idleInstances()).isZero();
        }
        assertThat(engine.watchdog().registered()).isEqualTo(before);
    }

    @Test
    void spinningGuests_onAllCarriers_doNotStopTheWatchdog() throws Exception {
        int guests = 3 * Math.max(16, Runtime.getRuntime().availableProcessors());
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.HASTY);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<GuestFailure>> running = new ArrayList<>();
            for (int i = 0; i < guests; i++) {
                running.add(threads.submit(() -> {
                    try (GuestInstance guest = pool.borrow()) {
                        return failureOf(guest, "spin");
                    }
                }));
            }
            for (Future<GuestFailure> end : running) {
                assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(GuestFailure.TimedOut.class);
            }
        }
    }

    @Test
    void spinningGuests_onAllCarriers_leaveACarrierForOthers() throws Exception {
        int guests = 8
                + ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class)
                        .getParallelism();
        GuestLimits patient = Guests.HASTY.withTimeBudget(Duration.ofSeconds(30));
        try (InstancePool pool = hostile.pool(Guests.hostile(), patient)) {
            List<Thread> spinning = new ArrayList<>();
            for (int i = 0; i < guests; i++) {
                spinning.add(Thread.startVirtualThread(() -> {
                    try (GuestInstance guest = pool.borrow()) {
                        guest.call("spin");
                    } catch (InterruptedException e) {
                        // asked to end, below
                    }
                }));
            }
            try {
                var other = new CountDownLatch(1);
                Thread.startVirtualThread(other::countDown);
                assertThat(other.await(15, TimeUnit.SECONDS)).isTrue();
                assertThat(spinning).anyMatch(Thread::isAlive);
            } finally {
                spinning.forEach(Thread::interrupt);
            }
            for (Thread guest : spinning) {
                guest.join();
            }
        }
    }

    @Test
    void watchdogParkedForLackOfCalls_wakesForTheNext() throws InterruptedException {
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.HASTY);
                GuestInstance guest = pool.borrow()) {
            while (!engine.watchdog().parked()) {
                Thread.onSpinWait();
            }
            assertThat(guest.call("ok")).containsExactly(42);
        }
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.HASTY)) {
            while (!engine.watchdog().parked()) {
                Thread.onSpinWait();
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(failureOf(guest, "spin")).isInstanceOf(GuestFailure.TimedOut.class);
            }
        }
    }

    /** Without a reserve, the host function would meet the end of the stack in the middle of its work. */
    @Test
    void hostCall_atTheEndOfTheStack_neverStarts() throws InterruptedException {
        int[] started = {0};
        int[] ended = {0};
        HostFunctions functions = Guests.hostile((caller, args) -> {
            started[0]++;
            ended[0] +=
                    (int) "work".chars().sorted().filter(c -> c == 0).boxed().count();
            ended[0]++;
            return new long[0];
        });
        try (InstancePool pool = hostile.pool(functions, Guests.LIMITS)) {
            for (int i = 0; i < 20; i++) {
                try (GuestInstance guest = pool.borrow()) {
                    assertThat(failureOf(guest, "rec_block", i)).isEqualTo(new GuestFailure.StackExhausted());
                }
            }
        }
        assertThat(started[0]).isPositive();
        assertThat(ended[0]).isEqualTo(started[0]);
    }

    /** An interrupt that was there first is not taken away with the watchdog's. */
    @Test
    void externalInterrupt_beforeTheDeadline_survivesIt() throws InterruptedException {
        HostFunctions functions = Guests.hostile((caller, args) -> {
            Thread.currentThread().interrupt();
            while (caller.timeLeft().isPositive() || !caller.guard().timeOver()) {
                Thread.onSpinWait();
            }
            return new long[0];
        });
        try (InstancePool pool = hostile.pool(functions, Guests.HASTY);
                GuestInstance guest = pool.borrow()) {
            assertThat(failureOf(guest, "block_forever")).isInstanceOf(GuestFailure.TimedOut.class);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void externalInterrupt_isAnInterruptedException() throws Exception {
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.LIMITS)) {
            AtomicBoolean interrupted = new AtomicBoolean();
            CountDownLatch inside = new CountDownLatch(1);
            Thread caller = Thread.ofVirtual().start(() -> {
                try (GuestInstance guest = pool.borrow()) {
                    inside.countDown();
                    guest.call("spin");
                } catch (InterruptedException e) {
                    interrupted.set(true);
                }
            });
            inside.await();
            caller.interrupt();
            caller.join();
            assertThat(interrupted).isTrue();
        }
    }

    /** Calls that end just when the watchdog fires must never leave its interrupt behind. */
    @Test
    void watchdogInterrupt_neverOutlivesTheCall() throws InterruptedException {
        int timedOut = 0;
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.LIMITS)) {
            for (int i = 0; i < 300; i++) {
                try (GuestInstance guest = pool.borrow(null, Duration.ofNanos(Watchdog.TICK_NANOS / 100 * (i % 150)))) {
                    guest.call("fib", 26 + i % 5);
                } catch (GuestException e) {
                    timedOut++;
                }
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
            }
        }
        assertThat(timedOut).isPositive();
    }

    @Test
    void hostException_passesThroughUnchanged() throws InterruptedException {
        class OnPurpose extends RuntimeException {
            private static final long serialVersionUID = 1L;
        }
        OnPurpose thrown = new OnPurpose();
        HostFunctions functions = Guests.probe((caller, args) -> {
            throw thrown;
        });
        try (InstancePool pool = state.pool(functions, Guests.LIMITS)) {
            try (GuestInstance guest = pool.borrow()) {
                assertThatExceptionOfType(OnPurpose.class)
                        .isThrownBy(() -> guest.call("probe", 1))
                        .isSameAs(thrown);
            }
            assertThat(pool.idleInstances()).isZero();
        }
    }

    @Test
    void nestedCall_runsInsideTheOuterCall() throws InterruptedException {
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.LIMITS);
                GuestInstance guest = pool.borrow()) {
            assertThat(guest.call("nest", 1)).containsExactly(42);
        }
    }

    @Test
    void expiredBudget_beforeTheCall_timesOut() throws InterruptedException {
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.LIMITS);
                GuestInstance guest = pool.borrow(null, Duration.ZERO)) {
            assertThat(failureOf(guest, "spin")).isInstanceOf(GuestFailure.TimedOut.class);
        }
    }

    @Test
    void sharedPool_instanceBusy_isTypedAfterTheBudget() throws Exception {
        PoolOptions shared = PoolOptions.DEFAULTS.withState(PoolOptions.State.SHARED);
        try (InstancePool pool = hostile.pool(Guests.hostile(), Guests.HASTY, shared);
                GuestInstance held = pool.borrow()) {
            assertThat(held.call("ok")).containsExactly(42);
            assertThatExceptionOfType(GuestException.class)
                    .isThrownBy(pool::borrow)
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.Busy.class));
        }
    }
}

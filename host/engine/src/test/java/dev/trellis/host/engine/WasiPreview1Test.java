package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WasiPreview1Test {
    private static WasmEngine engine;
    private static CompiledModule wasi;
    private final List<String> lines = new ArrayList<>();

    @BeforeAll
    static void load() throws InterruptedException {
        engine = new WasmEngine(EngineConfig.DEFAULTS);
        wasi = engine.load(Guests.wasm("wasi"));
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private InstancePool pool(GuestLimits limits) throws InterruptedException {
        return wasi.pool(
                HostFunctions.none().withWasi((caller, stream, line) -> lines.add(stream + " " + line)),
                limits,
                PoolOptions.DEFAULTS.withInitExports("_start"));
    }

    @Test
    void write_givesLines_theLastOneWhenTheCallEnds() throws InterruptedException {
        try (InstancePool pool = pool(Guests.LIMITS)) {
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.call("write", 1, 11)).containsExactly(0);
                assertThat(guest.call("write", 2, 5)).containsExactly(0);
                assertThat(guest.readInt(8)).isEqualTo(5);
                assertThat(lines).containsExactly("STDOUT hello");
            }
            assertThat(lines).containsExactly("STDOUT hello", "STDOUT world", "STDERR hello");
        }
    }

    @Test
    void write_overTheLimit_isCutAndCounted() throws InterruptedException {
        try (InstancePool pool = pool(Guests.LIMITS.withOutputBytesMax(8))) {
            try (GuestInstance guest = pool.borrow()) {
                guest.call("write", 1, 11);
                guest.call("write", 1, 11);
            }
            assertThat(lines)
                    .containsExactly(
                            "STDOUT hello",
                            "STDOUT wo",
                            "STDERR [14 bytes of output above the limit of 8 were dropped]");
        }
    }

    @Test
    void write_toAnythingElse_isRefused() throws InterruptedException {
        try (InstancePool pool = pool(Guests.LIMITS);
                GuestInstance guest = pool.borrow()) {
            assertThat(guest.call("write", 3, 5)).containsExactly(8);
            assertThat(guest.call("write", 0, 5)).containsExactly(8);
            assertThat(guest.call("prestat")).containsExactly(8);
        }
    }

    @Test
    void write_rangeOutsideMemory_isAFault() throws InterruptedException {
        try (InstancePool pool = pool(Guests.LIMITS);
                GuestInstance guest = pool.borrow()) {
            assertThat(guest.call("write", 1, 65_500)).containsExactly(21);
            assertThat(guest.call("random", 65_530, 7)).containsExactly(21);
            assertThat(guest.call("random", 0, Integer.MAX_VALUE)).containsExactly(21);
        }
    }

    @Test
    void exit_endsTheCallWithItsCode() throws InterruptedException {
        try (InstancePool pool = pool(Guests.LIMITS);
                GuestInstance guest = pool.borrow()) {
            assertThatExceptionOfType(GuestException.class)
                    .isThrownBy(() -> guest.call("exit", 3))
                    .satisfies(e -> assertThat(e.failure()).isEqualTo(new GuestFailure.Exited(3)));
        }
    }

    @Test
    void clocksRandomAndArguments_work() throws InterruptedException {
        try (InstancePool pool = pool(Guests.LIMITS);
                GuestInstance guest = pool.borrow()) {
            long before = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
            assertThat(guest.call("clock", 0)[0]).isGreaterThanOrEqualTo(before);
            assertThat(guest.call("clock", 1)[0]).isLessThanOrEqualTo(System.nanoTime());
            assertThat(guest.call("argc")).containsExactly(1);
            assertThat(guest.call("random", 1_000, 40_000)).containsExactly(0);
            assertThat(guest.read(1_000, 40_000)).contains(1).contains(-1);
        }
    }

    @Test
    void sleep_takesItsTime_butNotMoreThanTheBudget() throws InterruptedException {
        try (InstancePool pool = pool(Guests.HASTY);
                GuestInstance guest = pool.borrow()) {
            assertThat(guest.call("sleep", TimeUnit.MILLISECONDS.toNanos(2))).containsExactly(0);
            assertThat(guest.readInt(500)).isOne();
            assertThatExceptionOfType(GuestException.class)
                    .isThrownBy(() -> guest.call("sleep", Duration.ofDays(1).toNanos()))
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.TimedOut.class));
        }
    }
}

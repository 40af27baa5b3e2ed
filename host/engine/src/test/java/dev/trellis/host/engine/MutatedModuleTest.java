package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * Broken modules are refused, or run within their limits; nothing else happens.
 *
 * <p>{@code ./verify} runs 100,000; {@code -Dtrellis.engine.mutants=100000 -Dtrellis.engine.seed=7} for more and other ones.
 */
class MutatedModuleTest {
    private static final int MUTANTS = Integer.getInteger("trellis.engine.mutants", 2_000);
    private static final long SEED = Long.getLong("trellis.engine.seed", 20_261_120L);
    private static final Duration EACH_MAX = Duration.ofSeconds(10);
    private static final GuestLimits TIGHT =
            new GuestLimits(64, 1_000, Duration.ofMillis(4), Duration.ofMillis(4), 0, 1_024);

    @Test
    void load_everyTruncation_isRefused() throws InterruptedException {
        byte[] wasm = Guests.wasm("state");
        try (WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS)) {
            for (int length = 0; length < wasm.length; length++) {
                // Some prefixes that end between two sections are modules; all others must be refused.
                loadAndRun(engine, Arrays.copyOf(wasm, length), "state cut to " + length);
            }
        }
    }

    @Test
    void load_mutants_areRefusedOrHarmless() throws Exception {
        List<byte[]> originals =
                List.of(Guests.wasm("state"), Guests.wasm("hostile"), Guests.wasm("wasi"), Guests.wasm("actor17"));
        int workers = Runtime.getRuntime().availableProcessors();
        try (WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS);
                var threads = Executors.newFixedThreadPool(workers)) {
            List<Future<Integer>> parts = new ArrayList<>();
            for (int worker = 0; worker < workers; worker++) {
                int first = worker;
                parts.add(threads.submit(() -> {
                    int ran = 0;
                    for (int i = first; i < MUTANTS; i += workers) {
                        byte[] mutant = mutate(originals.get(i % originals.size()), new Random(SEED + i));
                        ran += loadAndRun(engine, mutant, "mutant " + i + " of seed " + SEED) ? 1 : 0;
                    }
                    return ran;
                }));
            }
            int ran = 0;
            for (Future<Integer> part : parts) {
                ran += part.get();
            }
            assertThat(ran).as("mutants that are still modules").isPositive();
            assertThat(engine.watchdog().registered()).isZero();
        }
    }

    private static byte[] mutate(byte[] original, Random random) {
        byte[] mutant = original.clone();
        int changes = 1 + random.nextInt(3);
        for (int c = 0; c < changes; c++) {
            int at = 8 + random.nextInt(mutant.length - 8);
            switch (random.nextInt(4)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant[at] = (byte) random.nextInt(256);
                case 2 -> mutant[at] = (byte) 0xff;
                default -> {
                    int from = 8 + random.nextInt(mutant.length - 8);
                    int length = Math.min(random.nextInt(16), mutant.length - Math.max(at, from));
                    System.arraycopy(mutant, from, mutant, at, length);
                }
            }
        }
        return mutant;
    }

    /** Whether a pool could be made. */
    private static boolean loadAndRun(WasmEngine engine, byte[] wasm, String what) throws InterruptedException {
        long start = System.nanoTime();
        try {
            CompiledModule module = engine.load(wasm);
            try (InstancePool pool = module.pool(functions(), TIGHT)) {
                run(module, pool);
            }
            return true;
        } catch (InvalidModuleException | LinkException | GuestException e) {
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what + " ended in a fault", e);
        } finally {
            assertThat(Duration.ofNanos(System.nanoTime() - start)).as(what).isLessThan(EACH_MAX);
        }
    }

    private static void run(CompiledModule module, InstancePool pool) throws InterruptedException {
        int runs = 0;
        for (ModuleExport export : module.exports()) {
            if (export.signature().isPresent() && runs++ < 4) {
                try (GuestInstance guest = pool.borrow()) {
                    guest.call(
                            export.name(),
                            new long[export.signature().get().params().size()]);
                } catch (GuestException e) {
                    assertThat(e.failure().describe()).isNotBlank();
                }
            }
        }
    }

    private static HostFunctions functions() {
        List<WasmType> i32 = List.of(WasmType.I32);
        return HostFunctions.of(
                        new HostFunction("host", "probe", i32, i32, (caller, args) -> args),
                        new HostFunction("host", "block", List.of(), List.of(), (caller, args) -> new long[0]),
                        new HostFunction("host", "nest", i32, i32, (caller, args) -> args),
                        new HostFunction(
                                "host",
                                "answer",
                                List.of(WasmType.I32, WasmType.I32),
                                List.of(),
                                (caller, args) -> new long[0]))
                .withWasi(OutputSink.NONE);
    }
}

package dev.trellis.host.component;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.host.engine.EngineConfig;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * Broken components are refused with a place and a rule, or are components; nothing else happens.
 *
 * <p>{@code ./verify} runs 100,000; {@code -Dtrellis.component.mutants=100000 -Dtrellis.component.seed=7} for more and
 * other ones.
 */
class MutatedComponentTest {
    private static final int MUTANTS = Integer.getInteger("trellis.component.mutants", 2_000);
    private static final long SEED = Long.getLong("trellis.component.seed", 20_261_120L);
    private static final Duration CPU_TIME_MAX = Duration.ofSeconds(5);

    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    @Test
    void of_mutants_areRefusedOrComponents() throws Exception {
        List<byte[]> originals =
                Cases.texts("valid").stream().map(Cases::binary).toList();
        int workers = Runtime.getRuntime().availableProcessors();
        try (var threads = Executors.newFixedThreadPool(workers)) {
            List<Future<Integer>> parts = new ArrayList<>();
            for (int worker = 0; worker < workers; worker++) {
                int first = worker;
                parts.add(threads.submit(() -> {
                    int valid = 0;
                    for (int i = first; i < MUTANTS; i += workers) {
                        byte[] mutant = mutate(originals.get(i % originals.size()), new Random(SEED + i));
                        valid += isComponent(mutant, "mutant " + i + " of seed " + SEED) ? 1 : 0;
                    }
                    return valid;
                }));
            }
            int valid = 0;
            for (Future<Integer> part : parts) {
                valid += part.get();
            }
            assertThat(valid).as("mutants that are still components").isBetween(1, MUTANTS - 1);
        }
    }

    private static byte[] mutate(byte[] original, Random random) {
        byte[] mutant = original.clone();
        int changes = 1 + random.nextInt(3);
        for (int c = 0; c < changes; c++) {
            int at = 8 + random.nextInt(mutant.length - 8);
            switch (random.nextInt(5)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant[at] = (byte) random.nextInt(256);
                case 2 -> mutant[at] = (byte) 0xff;
                // Small numbers are indices, counts and kinds.
                case 3 -> mutant[at] = (byte) random.nextInt(8);
                default -> {
                    int from = 8 + random.nextInt(mutant.length - 8);
                    int length = Math.min(random.nextInt(16), mutant.length - Math.max(at, from));
                    System.arraycopy(mutant, from, mutant, at, length);
                }
            }
        }
        return mutant;
    }

    private static boolean isComponent(byte[] binary, String what) {
        long start = CPU.getCurrentThreadCpuTime();
        try {
            ValidComponent.of(binary, EngineConfig.DEFAULTS);
            return true;
        } catch (InvalidComponentException e) {
            assertThat(e.rule()).as(what).isNotBlank();
            assertThat(e.offset()).as(what).isBetween(0, binary.length);
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what + " ended in a fault", e);
        } finally {
            assertThat(Duration.ofNanos(CPU.getCurrentThreadCpuTime() - start))
                    .as(what)
                    .isLessThan(CPU_TIME_MAX);
        }
    }
}

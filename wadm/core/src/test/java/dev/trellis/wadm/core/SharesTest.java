package dev.trellis.wadm.core;

import static dev.trellis.wadm.core.Manifests.spread;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.HostId;
import dev.trellis.wadm.manifest.Spread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SharesTest {
    @Test
    void bySpread_unevenWeights_roundsDownAndGivesTheRestToTheHeaviest() {
        var light = spread("light", 1);
        var heavy = spread("heavy", 2);
        assertThat(Shares.bySpread(10, List.of(light, heavy)))
                .containsExactly(Map.entry(heavy, 7), Map.entry(light, 3));
    }

    @Test
    void bySpread_weightZero_getsNothing() {
        var none = spread("none", 0);
        var all = spread("all", 1);
        assertThat(Shares.bySpread(3, List.of(none, all)))
                .containsEntry(none, 0)
                .containsEntry(all, 3);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void bySpread_random_partsAddUpAndStayWithinOneOfTheirShare(long seed) {
        var random = new Random(seed);
        for (int run = 0; run < 500; run++) {
            int instances = random.nextInt(10_001);
            var spreads = new ArrayList<Spread>();
            for (int i = 0; i <= random.nextInt(6); i++) {
                spreads.add(spread("s" + i, 1 + random.nextInt(1_000_000)));
            }
            var parts = Shares.bySpread(instances, spreads);
            assertThat(parts.values().stream().mapToInt(Integer::intValue).sum())
                    .as("seed %d run %d", seed, run)
                    .isEqualTo(instances);
            double total = spreads.stream().mapToLong(Spread::weight).sum();
            String what = "seed %d run %d".formatted(seed, run);
            parts.forEach((spread, part) -> assertThat(part - instances * (spread.weight() / total))
                    .as(what)
                    .isBetween(-1.0, 1.0));
        }
    }

    @Test
    void byHost_fewerInstancesThanHosts_keepsThoseThatRun() {
        assertThat(Shares.byHost(2, Map.of(host(0), 0, host(1), 1, host(2), 0, host(3), 1)))
                .isEqualTo(Map.of(host(1), 1, host(3), 1));
    }

    @Test
    void byHost_noHost_isEmpty() {
        assertThat(Shares.byHost(2, Map.of())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void byHost_random_isExactEvenStableAndMovesLeast(long seed) {
        var random = new Random(seed);
        for (int run = 0; run < 200; run++) {
            int hosts = 1 + random.nextInt(5);
            int instances = 1 + random.nextInt(9);
            var running = new TreeMap<HostId, Integer>();
            for (int i = 0; i < hosts; i++) {
                running.put(host(i), random.nextInt(5));
            }
            var shares = Shares.byHost(instances, running);
            String what = "seed %d run %d: %d over %s gave %s".formatted(seed, run, instances, running, shares);
            assertThat(shares.values().stream().mapToInt(Integer::intValue).sum())
                    .as(what)
                    .isEqualTo(instances);
            assertThat(shares).as(what).hasSize(Math.min(instances, hosts));
            assertThat(Collections.max(shares.values()) - Collections.min(shares.values()))
                    .as(what)
                    .isLessThanOrEqualTo(1);
            assertThat(moves(running, shares)).as(what).isEqualTo(leastMoves(running, instances));
            var after = new TreeMap<>(running);
            after.replaceAll((host, _) -> shares.getOrDefault(host, 0));
            assertThat(Shares.byHost(instances, after)).as(what).isEqualTo(shares);
        }
    }

    private static int moves(Map<HostId, Integer> running, Map<HostId, Integer> shares) {
        return running.entrySet().stream()
                .mapToInt(entry -> Math.abs(entry.getValue() - shares.getOrDefault(entry.getKey(), 0)))
                .sum();
    }

    /** The fewest moves to any even split, by trying every choice of hosts for the small and large counts. */
    private static int leastMoves(Map<HostId, Integer> running, int instances) {
        int used = Math.min(instances, running.size());
        int larger = instances % used;
        int best = Integer.MAX_VALUE;
        var hosts = List.copyOf(running.keySet());
        for (int code = 0; code < Math.pow(3, hosts.size()); code++) {
            var shares = new TreeMap<HostId, Integer>();
            int large = 0;
            int rest = code;
            for (HostId host : hosts) {
                if (rest % 3 == 1) {
                    shares.put(host, instances / used);
                } else if (rest % 3 == 2) {
                    shares.put(host, instances / used + 1);
                    large++;
                }
                rest /= 3;
            }
            if (shares.size() == used && large == larger) {
                best = Math.min(best, moves(running, shares));
            }
        }
        return best;
    }

    private static HostId host(int number) {
        return new HostId("h" + number);
    }
}

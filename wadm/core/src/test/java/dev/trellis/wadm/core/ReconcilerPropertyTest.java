package dev.trellis.wadm.core;

import static dev.trellis.wadm.core.Manifests.spread;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.wadm.manifest.Spread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every lattice and every application; the seed is in each failure. */
final class ReconcilerPropertyTest {
    private static final int RUNS = 150;
    private static final List<String> SITES = List.of("cloud", "edge");

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void reconcile_anyState_convergesAndThenRests(long seed) {
        var random = new Random(seed);
        for (int run = 0; run < RUNS; run++) {
            var lattice = randomLattice(random);
            var first = randomApplication(random, "v1");
            var second = randomApplication(random, "v2");
            litter(random, lattice);
            try {
                lattice.converge(first);
                var known = List.of(first.ownership().with(second.ownership()));
                var plan = lattice.converge(List.of(second), known);
                assertThat(Reconciler.reconcile(lattice.state(), List.of(second), known, Map.of()))
                        .isEqualTo(plan);
                plan.status("app").orElseThrow().scalers().forEach(scaler -> {
                    if (scaler.type() == StatusType.DEPLOYED) {
                        assertThat(scaler.message()).isEmpty();
                    } else {
                        // At rest only what cannot be met may be open, or wait for it.
                        assertThat(scaler.type()).isIn(StatusType.FAILED, StatusType.WAITING);
                    }
                });
                assertThat(lattice.counts(new EntityId("foreign")))
                        .as("foreign actors")
                        .isEqualTo(foreign(lattice));

                var gone = lattice.converge(List.of(), known);
                assertThat(gone.status("app").orElseThrow().type()).isEqualTo(StatusType.UNDEPLOYED);
                assertThat(gone.ownership("app").empty()).isTrue();
                assertThat(lattice.links()).isEmpty();
                assertThat(lattice.configs()).isEmpty();
                assertThat(lattice.counts(new EntityId("foreign")))
                        .as("foreign actors")
                        .isEqualTo(foreign(lattice));
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed + " run " + run + ": " + e.getMessage(), e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void reconcile_hostsComeAndGo_totalsStayExactAndEvenAndLittleMoves(long seed) {
        var random = new Random(seed);
        for (int run = 0; run < RUNS; run++) {
            String what = "seed %d run %d".formatted(seed, run);
            int instances = 1 + random.nextInt(12);
            var builder = Manifests.of("app").actor("a", "image:1", instances);
            var deployment = builder.deployment("v1");
            var id = builder.id("a");
            var lattice = new SimulatedLattice();
            int hosts = 1 + random.nextInt(5);
            for (int i = 0; i < hosts; i++) {
                lattice.host("h" + i);
            }
            lattice.converge(deployment);
            for (int step = 0; step < 6; step++) {
                var before = lattice.counts(id);
                boolean leaves = lattice.hostIds().size() > 1 && random.nextBoolean();
                String changed = leaves
                        ? lattice.hostIds().stream()
                                .sorted()
                                .skip(random.nextInt(lattice.hostIds().size()))
                                .findFirst()
                                .orElseThrow()
                        : "n" + run + "_" + step;
                if (leaves) {
                    lattice.kill(changed);
                } else {
                    lattice.host(changed);
                }
                var plan = lattice.converge(deployment);
                var after = lattice.counts(id);
                assertThat(plan.status("app").orElseThrow().type()).as(what).isEqualTo(StatusType.DEPLOYED);
                assertThat(after.values().stream().mapToInt(Integer::intValue).sum())
                        .as(what)
                        .isEqualTo(instances);
                assertThat(after)
                        .as(what)
                        .hasSize(Math.min(instances, lattice.hostIds().size()));
                assertThat(Collections.max(after.values()) - Collections.min(after.values()))
                        .as(what)
                        .isLessThanOrEqualTo(1);
                int taken = before.entrySet().stream()
                        .filter(entry -> !entry.getKey().equals(changed))
                        .mapToInt(entry -> Math.max(0, entry.getValue() - after.getOrDefault(entry.getKey(), 0)))
                        .sum();
                assertThat(taken).as(what + " moved").isEqualTo(leaves ? 0 : after.getOrDefault(changed, 0));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33})
    void reconcile_overlappingSpreads_totalIsExactAndRests(long seed) {
        var random = new Random(seed);
        for (int run = 0; run < RUNS; run++) {
            String what = "seed %d run %d".formatted(seed, run);
            var lattice = randomLattice(random).host("both", "site", "edge", "fast", "yes");
            int instances = 1 + random.nextInt(20);
            var builder = Manifests.of("app")
                    .actor(
                            "a",
                            "image:1",
                            instances,
                            spread("any, really", 1 + random.nextInt(100)),
                            spread("edge=1%", random.nextInt(100), "site", "edge"),
                            spread("fast", random.nextInt(100), "fast", "yes"));
            var plan = lattice.converge(builder.deployment("v1"));
            assertThat(plan.status("app").orElseThrow().type()).as(what).isEqualTo(StatusType.DEPLOYED);
            assertThat(lattice.counts(builder.id("a")).values().stream()
                            .mapToInt(Integer::intValue)
                            .sum())
                    .as(what)
                    .isEqualTo(instances);
        }
    }

    private static SimulatedLattice randomLattice(Random random) {
        var lattice = new SimulatedLattice();
        int hosts = 1 + random.nextInt(6);
        for (int i = 0; i < hosts; i++) {
            lattice.host("h" + i, "site", SITES.get(random.nextInt(SITES.size())));
            if (random.nextInt(8) == 0) {
                lattice.drain("h" + i);
            }
        }
        return lattice;
    }

    private static Deployment randomApplication(Random random, String version) {
        var builder = Manifests.of("app");
        var spreads = new ArrayList<Spread>();
        if (random.nextBoolean()) {
            spreads.add(spread("cloud", 1 + random.nextInt(100), "site", "cloud"));
            spreads.add(spread("edge", 1 + random.nextInt(100), "site", "edge"));
        }
        String target = random.nextBoolean() ? "redis" : "nats";
        builder.provider(
                target,
                "provider:" + random.nextInt(2),
                random.nextBoolean() ? Map.of("URL", "u" + random.nextInt(3)) : Map.of(),
                1 + random.nextInt(3),
                spreads.toArray(new Spread[0]));
        builder.actor(
                "a",
                "image:" + random.nextInt(2),
                random.nextInt(8),
                List.of(builder.link(
                        "a", target, random.nextBoolean() ? Map.of("k", "v" + random.nextInt(3)) : Map.of())),
                spreads.toArray(new Spread[0]));
        if (random.nextBoolean()) {
            builder.actor("b", "image:b", random.nextInt(3));
        }
        return builder.deployment(version);
    }

    /** Things that earlier lives of the application, or other people, have left on hosts. */
    private static void litter(Random random, SimulatedLattice lattice) {
        for (String host : lattice.hostIds()) {
            if (random.nextInt(3) == 0) {
                lattice.run(host, "foreign", "image:x", 2, Map.of());
            }
            if (random.nextInt(3) == 0) {
                lattice.run(host, "app-a", "image:" + random.nextInt(3), 1 + random.nextInt(9), own("app", "default"));
            }
            if (random.nextInt(3) == 0) {
                lattice.run(host, "app-old", "image:old", 1, own("app", "old"));
            }
            if (random.nextInt(5) == 0) {
                lattice.run(host, "app-b", "image:b", 1, Map.of());
            }
        }
    }

    private static Map<String, String> own(String application, String spread) {
        return Map.of(
                Annotations.MANAGED_BY,
                Annotations.MANAGED_BY_WADM,
                Annotations.APPLICATION,
                application,
                Annotations.SPREAD_NAME,
                spread);
    }

    private static Map<String, Integer> foreign(SimulatedLattice lattice) {
        var all = lattice.counts(new EntityId("foreign"));
        all.replaceAll((_, _) -> 2);
        return all;
    }
}

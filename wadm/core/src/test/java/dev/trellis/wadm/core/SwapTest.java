package dev.trellis.wadm.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.HostId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A link moves to another provider, or a provider is replaced by another start of it, and calls always have where to go. */
final class SwapTest {
    private static final int RUNS = 60;

    private final SimulatedLattice lattice = new SimulatedLattice().host("a").host("b");
    private final Manifests builder = Manifests.of("app");
    private final Deployment redis = application("redis", "redis:1", "nats", "nats:1", Map.of());

    /** Actor linked to {@code target}; {@code other} is there too, and is not to run. */
    private static Deployment application(
            String target, String image, String other, String otherImage, Map<String, String> annotations) {
        var builder = Manifests.of("app", annotations);
        return builder.provider(target, image, Map.of("K", target), 1)
                .provider(other, otherImage, Map.of(), 0)
                .actor("shop", "shop:1", 2, List.of(builder.link("shop", target, Map.of("of", target))))
                .deployment(target + image);
    }

    private List<Ownership> known(Deployment... deployments) {
        var all = Ownership.none("app");
        for (Deployment deployment : deployments) {
            all = all.with(deployment.ownership());
        }
        return List.of(all);
    }

    private Plan plan(Deployment wanted, Deployment before, Map<CommandKey, Activity> activities) {
        return Reconciler.reconcile(lattice.state(), List.of(wanted), known(wanted, before), activities);
    }

    private List<String> steps(Deployment wanted, Deployment before) {
        var steps = new ArrayList<String>();
        for (int round = 0; round < SimulatedLattice.ROUNDS_MAX; round++) {
            var commands = plan(wanted, before, Map.of()).commands();
            commands.forEach(command -> steps.add(command.getClass().getSimpleName()));
            lattice.apply(commands);
        }
        return steps;
    }

    @Test
    void swap_toAnotherProvider_startsPreparesMovesAndStopsInThatOrder() {
        lattice.converge(redis);
        var nats = application("nats", "nats:1", "redis", "redis:1", Map.of("trellis.dev/drain", "7s"));

        assertThat(steps(nats, redis))
                .containsExactly(
                        "PutConfig",
                        "PutConfig",
                        "StartProvider",
                        "PrepareLink",
                        "MoveLink",
                        "StopProvider",
                        "DeleteConfig",
                        "DeleteConfig");
        assertThat(lattice.links().values())
                .singleElement()
                .satisfies(stored -> assertThat(stored.link().target()).isEqualTo(builder.id("nats")));
        assertThat(lattice.configs()).containsOnlyKeys("app-nats-config", "app-shop-config-nats-default-target");
    }

    @Test
    void swap_stop_carriesTheDrainOfTheManifest() {
        lattice.converge(redis);
        var nats = application("nats", "nats:1", "redis", "redis:1", Map.of("trellis.dev/drain", "7s"));
        var stops = new ArrayList<Duration>();
        for (int round = 0; round < SimulatedLattice.ROUNDS_MAX; round++) {
            var commands = plan(nats, redis, Map.of()).commands();
            commands.forEach(command -> {
                if (command instanceof WadmCommand.StopProvider stop) {
                    stops.add(stop.drain());
                }
            });
            lattice.apply(commands);
        }
        assertThat(stops).containsExactly(Duration.ofSeconds(7));
    }

    @Test
    void swap_newProviderRefusesTheLink_oldOneServesAndTheReasonIsTold() {
        lattice.converge(redis);
        lattice.refuseLinks(builder.id("nats"));
        var nats = application("nats", "nats:1", "redis", "redis:1", Map.of());

        assertThat(steps(nats, redis)).doesNotContain("MoveLink", "StopProvider", "DeleteConfig");

        var status = plan(nats, redis, Map.of()).status("app").orElseThrow();
        assertThat(status.type()).isEqualTo(StatusType.FAILED);
        assertThat(status.message())
                .startsWith("shop: provider app-nats on host host-a refused the link: no such database;")
                .contains("app-redis serves meanwhile");
        assertThat(lattice.unserved()).isEmpty();
    }

    @Test
    void swap_newProviderDoesNotStart_nothingElseHappens() {
        lattice.converge(redis);
        lattice.failStarts("nats:1");
        var nats = application("nats", "nats:1", "redis", "redis:1", Map.of());

        assertThat(steps(nats, redis)).containsOnly("PutConfig", "StartProvider");

        var failed = new Activity.Failed("no such image", 1);
        var status = plan(
                        nats,
                        redis,
                        Map.of(
                                new CommandKey.Provider(builder.id("nats"), new HostId("a")), failed,
                                new CommandKey.Provider(builder.id("nats"), new HostId("b")), failed))
                .status("app")
                .orElseThrow();
        assertThat(status.type()).isEqualTo(StatusType.FAILED);
        assertThat(status.message()).isEqualTo("nats: host host-a: no such image");
        assertThat(lattice.links().values())
                .allSatisfy(stored -> assertThat(stored.link().target()).isEqualTo(builder.id("redis")));
        assertThat(lattice.providerHosts(builder.id("redis"))).hasSize(1);
    }

    @Test
    void swap_failedAndTakenBack_leavesNothingOfIt() {
        lattice.converge(redis);
        var before = lattice.state();
        lattice.refuseLinks(builder.id("nats"));
        var nats = application("nats", "nats:1", "redis", "redis:1", Map.of());
        steps(nats, redis);

        var plan = lattice.converge(List.of(redis), known(redis, nats));

        assertThat(plan.status("app").orElseThrow().type()).isEqualTo(StatusType.DEPLOYED);
        assertThat(lattice.providerHosts(builder.id("nats"))).isEmpty();
        assertThat(lattice.configs().keySet()).isEqualTo(before.configs().keySet());
        assertThat(lattice.links().values()).singleElement().satisfies(stored -> {
            assertThat(stored.link().target()).isEqualTo(builder.id("redis"));
            assertThat(stored.next()).isEmpty();
        });
    }

    @Test
    void swap_imageOfTheSameProvider_isReplacedInPlace() {
        lattice.converge(redis);
        var newer = application("redis", "redis:2", "nats", "nats:1", Map.of());

        assertThat(steps(newer, redis)).containsExactly("StartProvider");
    }

    /** After every single command the controller forgets all it knew and begins again, as after a crash. */
    @ParameterizedTest
    @ValueSource(longs = {41, 42, 43, 44})
    void swap_controllerCrashesBetweenAnyTwoCommands_convergesAndCallsAlwaysHaveATarget(long seed) {
        var random = new Random(seed);
        for (int run = 0; run < RUNS; run++) {
            String what = "seed %d run %d".formatted(seed, run);
            var own = new SimulatedLattice().host("a").host("b").host("c");
            Deployment now = random(random);
            own.converge(List.of(now), known(now));
            for (int swaps = 0; swaps < 4; swaps++) {
                Deployment before = now;
                now = random(random);
                var known = known(now, before);
                int steps = 0;
                for (var plan = Reconciler.reconcile(own.state(), List.of(now), known, Map.of());
                        !plan.commands().isEmpty();
                        plan = Reconciler.reconcile(own.state(), List.of(now), known, Map.of())) {
                    // Answers come in any order within what a plan has sent.
                    own.apply(plan.commands().get(random.nextInt(plan.commands().size())));
                    assertThat(own.links()).as(what + " links").hasSize(1);
                    assertThat(own.unserved())
                            .as(what + " links without a target that runs")
                            .isEmpty();
                    assertThat(++steps).as(what + " steps").isLessThan(60);
                    if (random.nextInt(6) == 0) {
                        var changed = now; // somebody deploys the former version again, half-way
                        now = before;
                        before = changed;
                    }
                }
                assertThat(own.links().values()).as(what).singleElement().satisfies(stored -> assertThat(stored.next())
                        .isEmpty());
                var end = Reconciler.reconcile(own.state(), List.of(now), known, Map.of());
                assertThat(end.status("app").orElseThrow().type()).as(what).isEqualTo(StatusType.DEPLOYED);
                assertThat(end.ownership("app")).as(what).isEqualTo(now.ownership());
            }
        }
    }

    private static Deployment random(Random random) {
        boolean toRedis = random.nextBoolean();
        return application(
                toRedis ? "redis" : "nats",
                "image:" + random.nextInt(2),
                toRedis ? "nats" : "redis",
                "image:" + random.nextInt(2),
                Map.of());
    }
}

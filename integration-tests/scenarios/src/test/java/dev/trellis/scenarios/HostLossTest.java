package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host is killed with SIGKILL while requests flow. */
@Timeout(240)
class HostLossTest {
    private static final String ACTOR = "user_api-user_actor";
    private static final String HTTP = "user_api-httpserver";
    private static final int REQUESTS_PER_SECOND = 50;

    @TempDir
    private Path directory;

    @Test
    void hostWithInstancesKilled_onlyItsCallsInFlightFail_instancesAreBackWithinTenSeconds() throws Exception {
        try (var lattice = Lattice.start(directory, "one", "two", "three")) {
            deploy(lattice);
            String victim = hostWithout(lattice, List.of(HTTP, "user_api-keyvalue_redis"));

            try (var history =
                    HttpHistory.start(lattice.url("/users/1"), REQUESTS_PER_SECOND, Duration.ofSeconds(14))) {
                Waiting.until(
                        Duration.ofSeconds(20),
                        () -> "answers",
                        () -> history.calls().size() > 50);
                int eventsBefore = lattice.events().size();
                long killed = System.nanoTime();
                lattice.process(victim).kill();

                Duration back = Waiting.until(
                        Duration.ofSeconds(10),
                        () -> "three instances again; there are " + lattice.instances(ACTOR),
                        () -> !lattice.hostNames().contains(victim) && lattice.instances(ACTOR) == 3);
                assertThat(back).isLessThan(Duration.ofSeconds(10));
                assertThat(lattice.events()
                                .subList(eventsBefore, lattice.events().size()))
                        .as("what the other hosts told")
                        .contains("component_scaled");

                List<HttpHistory.Call> calls = history.finish();
                assertThat(calls).filteredOn(call -> !call.ok()).allSatisfy(call -> {
                    assertThat(call.status()).as(call.text()).isIn(503, 504);
                    assertThat(Duration.ofNanos(call.sentNanos() - killed)).isLessThan(Duration.ofSeconds(3));
                });
                assertThat(calls).filteredOn(call -> !call.ok()).hasSizeLessThan(REQUESTS_PER_SECOND);
                assertThat(calls).hasSizeGreaterThan(10 * REQUESTS_PER_SECOND);
            }
            assertThat(lattice.json("app", "status", "user-api").toString()).contains("deployed");
        }
    }

    @Test
    void hostWithTheHttpServerKilled_anotherServesOnTheSamePortWithinTenSeconds() throws Exception {
        try (var lattice = Lattice.start(directory, "one", "two", "three")) {
            deploy(lattice);
            String victim = lattice.hostsOf(HTTP).getFirst();
            int eventsBefore = lattice.events().size();

            lattice.process(victim).kill();

            Waiting.until(
                    Duration.ofSeconds(10),
                    () -> "an answer on the same port; last " + lattice.get("/users/1"),
                    () -> lattice.get("/users/1").status() == 200);
            assertThat(lattice.hostsOf(HTTP)).hasSize(1).doesNotContain(victim);
            assertThat(lattice.events().subList(eventsBefore, lattice.events().size()))
                    .contains("provider_started");
        }
    }

    private static void deploy(Lattice lattice) throws Exception {
        var deployed = lattice.deployUserApi();
        assertThat(deployed.exit()).as(deployed.messages()).isZero();
        assertThat(lattice.get("/users").status()).isEqualTo(200);
    }

    /** A host that runs the actor and none of {@code others}. */
    private static String hostWithout(Lattice lattice, List<String> others) throws Exception {
        var candidates = new java.util.ArrayList<>(lattice.hostsOf(ACTOR));
        for (String other : others) {
            candidates.removeAll(lattice.hostsOf(other));
        }
        assertThat(candidates).as("hosts with the actor and none of " + others).isNotEmpty();
        return candidates.getFirst();
    }
}

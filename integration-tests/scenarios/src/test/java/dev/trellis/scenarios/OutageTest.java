package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What actors need goes away and comes back: the store, and the lattice itself. */
@Timeout(240)
class OutageTest {
    @TempDir
    private Path directory;

    @Test
    void redisStopped_callersGetAnAnswerByTheDeadline_andItWorksAgainWithoutADeploy() throws Exception {
        try (var lattice = Lattice.start(directory, "one")) {
            deploy(lattice);

            lattice.redis().kill();
            for (int i = 0; i < 10; i++) {
                long asked = System.nanoTime();
                assertThat(lattice.get("/users/1").status()).isIn(503, 504);
                assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofMillis(2_750));
            }

            lattice.redis().restart();
            Waiting.until(
                    Duration.ofSeconds(2),
                    () -> "users from Redis again; last " + lattice.get("/users/1"),
                    () -> lattice.get("/users/1").status() == 200);
        }
    }

    @Test
    void natsStopped_localCallsGoOn_andTheLatticeIsWholeTwoSecondsAfterItsReturn() throws Exception {
        try (var lattice = Lattice.start(directory, "one", "two")) {
            deploy(lattice);
            assertThat(lattice.instances("user_api-user_actor")).isEqualTo(3);
            String http = lattice.hostsOf("user_api-httpserver").getFirst();
            assertThat(lattice.hostsOf("user_api-user_actor")).contains(http);
            boolean storeIsLocal = lattice.hostsOf("user_api-keyvalue_redis").contains(http);

            lattice.nats().kill();
            for (int i = 0; i < 20; i++) {
                var answer = lattice.get("/nowhere");
                assertThat(answer)
                        .as("a call that needs this host only")
                        .isEqualTo(new Lattice.HttpResult(404, "Not found"));
                assertThat(lattice.get("/users/1").status()).isIn(storeIsLocal ? List.of(200) : List.of(503, 504));
            }

            lattice.nats().startAgain();
            Waiting.until(
                    Duration.ofSeconds(2),
                    () -> "both hosts and the store; there are " + lattice.hostNames() + ", last "
                            + lattice.get("/users/1"),
                    () -> lattice.hostNames().size() == 2
                            && lattice.get("/users/1").status() == 200);
            assertThat(lattice.json("app", "status", "user-api").toString()).contains("deployed");
        }
    }

    private static void deploy(Lattice lattice) throws Exception {
        var deployed = lattice.deployUserApi();
        assertThat(deployed.exit()).as(deployed.messages()).isZero();
        assertThat(lattice.get("/users").status()).isEqualTo(200);
    }
}

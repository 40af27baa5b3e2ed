package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The main job: deploy a wadm.yaml, and HTTP is served by actors on three hosts over NATS and Redis. */
@Timeout(180)
class UserApiJourneyTest {
    @TempDir
    private Path directory;

    @Test
    void deploy_threeHosts_serversUsersFromRedisAndUndeploysCleanly() throws Exception {
        try (var lattice = Lattice.start(directory, "one", "two", "three")) {
            var deployed = lattice.deployUserApi();
            assertThat(deployed.exit()).as(deployed.messages()).isZero();

            assertThat(lattice.get("/users")).isEqualTo(new Lattice.HttpResult(200, "User created"));
            assertThat(lattice.get("/users/1").body()).contains("Ada");
            assertThat(lattice.get("/elsewhere")).isEqualTo(new Lattice.HttpResult(404, "Not found"));
            assertThat(lattice.instances("user_api-user_actor")).isEqualTo(3);
            assertThat(lattice.hostsOf("user_api-user_actor")).containsExactlyInAnyOrder("one", "two", "three");

            var status = lattice.json("app", "status", "user-api");
            assertThat(status.toString()).contains("deployed");

            assertThat(lattice.trellis("undeploy", "user-api").exit()).isZero();
            Waiting.until(
                    Duration.ofSeconds(20),
                    () -> "nothing runs; but " + lattice.inventories(),
                    () -> lattice.inventories().stream()
                            .allMatch(host -> host.components().isEmpty()
                                    && host.providers().isEmpty()));
            assertThat(lattice.get("/users").status()).isZero();
        }
    }
}

package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host is killed and started again while it is alone: it serves from its own disk, and joins later. */
@Timeout(240)
class OfflineRestartTest {
    private static final String ACTOR = "user_api-user_actor";

    @TempDir
    private Path directory;

    @Test
    void hostKilledAndStartedWithoutNats_servesItsHttpAgain_andNothingRunsTwiceOnceNatsIsBack() throws Exception {
        try (var lattice = Lattice.start(directory, "one")) {
            var deployed = lattice.deployUserApi();
            assertThat(deployed.exit()).as(deployed.messages()).isZero();
            assertThat(lattice.get("/users").status()).isEqualTo(200); // makes the users
            Path state = directory.resolve("host-one/state.json");
            Waiting.until(
                    Duration.ofSeconds(10),
                    () -> "what the host runs on its disk; it has " + Files.readString(state),
                    () -> Files.exists(state)
                            && List.of(ACTOR, "\"user_api-httpserver\"", "\"user_api-keyvalue_redis\"", "redis://")
                                    .stream()
                                    .allMatch(read(state)::contains));

            lattice.process("one").kill();
            lattice.nats().kill();
            assertThat(lattice.get("/users/1").status()).isZero();
            var alone = lattice.startHost("one");

            Waiting.until(
                    Duration.ofSeconds(20),
                    () -> "an answer of the host alone; last " + lattice.get("/users/1") + "; it says:\n"
                            + alone.messages(),
                    () -> lattice.get("/users/1").status() == 200);
            assertThat(alone.messages()).contains("searches for its lattice");

            lattice.nats().startAgain();
            Waiting.until(
                    Duration.ofSeconds(10),
                    () -> "the host in its lattice; it says:\n" + alone.messages(),
                    () -> lattice.hostNames().equals(List.of("one")));
            Waiting.until(
                    Duration.ofSeconds(10),
                    () -> "the application as deployed; " + lattice.json("app", "status", "user-api"),
                    () -> lattice.json("app", "status", "user-api").toString().contains("\"deployed\""));
            assertThat(lattice.instances(ACTOR)).isEqualTo(3);
            assertThat(lattice.hostsOf("user_api-httpserver")).containsExactly("one");
            assertThat(lattice.events())
                    .as("nothing was stopped or started when the controller saw it again")
                    .doesNotContain("provider_stopped");
            assertThat(lattice.get("/users/1").status()).isEqualTo(200);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}

package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What cannot start says so and leaves nothing half-started. */
@Timeout(180)
class StartupErrorsTest {
    private static final Duration START_MAX = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @Test
    void host_natsUnreachable_endsWithSevenAndNamesTheUrl() throws Exception {
        try (var host = start("host", "--nats", "nats://127.0.0.1:1", "--data", data("h"))) {
            assertThat(host.awaitExit(START_MAX)).isEqualTo(7);
            assertThat(host.messages()).contains("nats://127.0.0.1:1").contains("help:");
        }
    }

    @Test
    void up_natsUnreachable_endsWithSevenAndStartsNothing() throws Exception {
        try (var up = start("up", "--nats", "nats://127.0.0.1:1", "--data", data("u"))) {
            assertThat(up.awaitExit(START_MAX)).isEqualTo(7);
            assertThat(up.messages()).contains("nats://127.0.0.1:1");
        }
        try (var again = start("up", "--nats", "nats://127.0.0.1:1", "--data", data("u"))) {
            assertThat(again.awaitExit(START_MAX))
                    .as("not 4: the first left no lock")
                    .isEqualTo(7);
        }
    }

    @Test
    void up_second_endsWithFourAndSaysWhereTheFirstRuns() throws Exception {
        try (var first = start("up", "--data", data("u"))) {
            first.awaitMessage("Trellis is up", START_MAX);

            try (var second = start("up", "--data", data("u"))) {
                assertThat(second.awaitExit(START_MAX)).isEqualTo(4);
                assertThat(second.messages()).contains("process " + first.pid()).contains("trellis down");
            }
            assertThat(first.alive()).isTrue();
            assertThat(first.terminate(START_MAX)).isIn(0, 130, 143);
        }
    }

    @Test
    void up_killedHard_theNextTakesOverItsNatsServer() throws Exception {
        try (var first = start("up", "--data", data("u"))) {
            first.awaitMessage("Trellis is up", START_MAX);
            first.kill();
        }
        try (var second = start("up", "--data", data("u"))) {
            second.awaitMessage("Trellis is up", START_MAX);
            second.terminate(START_MAX);
        }
        assertThat(ProcessHandle.allProcesses()
                        .filter(process ->
                                process.info().commandLine().orElse("").contains(data("u"))))
                .as("processes of the data directory")
                .isEmpty();
    }

    @Test
    void up_withoutNatsServer_runsTheDemoInOneProcess() throws Exception {
        int port = 8080;
        if (taken(port)) {
            throw new org.opentest4j.TestAbortedException("port 8080, which the demo uses, is taken on this machine");
        }
        try (var up = TrellisProcess.start(
                directory, Map.of("PATH", directory.toString(), "TRELLIS_DATA", data("u")), "up", "--demo")) {
            up.awaitMessage("curl localhost:8080/users", START_MAX);
            assertThat(up.messages() + up.output()).contains("inside this process");
            assertThat(get("http://127.0.0.1:8080/users")).isEqualTo("User created");
            assertThat(get("http://127.0.0.1:8080/users/1")).contains("Ada");
            up.terminate(START_MAX);
        }
    }

    @Test
    void deploy_portTakenByAnotherProgram_failsWithThePortAndTheApplicationSaysWhy() throws Exception {
        try (var lattice = Lattice.start(directory, "one");
                var squatter = new ServerSocket()) {
            squatter.bind(new InetSocketAddress("0.0.0.0", 0));
            Path manifest = lattice.manifest("squatted", squatter.getLocalPort());

            var deployed = lattice.trellis(
                    "deploy",
                    manifest.toString(),
                    "--image",
                    Lattice.USER_ACTOR + "=" + Lattice.userActor(),
                    "--wait=15s");

            assertThat(deployed.exit()).as(deployed.messages()).isIn(1, 8);
            assertThat(deployed.messages()).contains(Integer.toString(squatter.getLocalPort()));
        }
    }

    @Test
    void deploy_twoApplicationsOnOnePort_theFirstGoesOnAndTheSecondSaysWhy() throws Exception {
        try (var lattice = Lattice.start(directory, "one")) {
            assertThat(lattice.deployUserApi().exit()).isZero();
            assertThat(lattice.get("/users").status()).isEqualTo(200);
            Path manifest = lattice.manifest("second", lattice.url("/").getPort());

            var deployed = lattice.trellis(
                    "deploy",
                    manifest.toString(),
                    "--image",
                    Lattice.USER_ACTOR + "=" + Lattice.userActor(),
                    "--wait=15s");

            assertThat(deployed.exit()).as(deployed.messages()).isIn(1, 8);
            assertThat(deployed.messages())
                    .contains(Integer.toString(lattice.url("/").getPort()));
            assertThat(lattice.get("/users/1").status()).isEqualTo(200);
        }
    }

    @Test
    void deploy_brokenManifest_endsWithFiveAndPointsAtThePlace() throws Exception {
        Path manifest = directory.resolve("broken.yaml");
        Files.writeString(
                manifest,
                Files.readString(TrellisProcess.root().resolve("manifests/user-api/wadm.yaml"))
                        .replace("target: keyvalue-redis", "target: keyvalue-reds"));

        try (var validate = start("validate", manifest.toString())) {
            assertThat(validate.awaitExit(START_MAX)).isEqualTo(5);
            assertThat(validate.messages())
                    .containsPattern("broken.yaml:\\d+:\\d+")
                    .contains("keyvalue-reds")
                    .contains("keyvalue-redis")
                    .contains("^");
            assertThat(validate.output()).isEmpty();
        }
    }

    private TrellisProcess start(String... arguments) throws IOException {
        return TrellisProcess.start(directory, Map.of(), arguments);
    }

    private String data(String name) {
        return directory.resolve(name).toString();
    }

    private static boolean taken(int port) {
        try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return !socket.isBound();
        } catch (IOException e) {
            return true;
        }
    }

    private static String get(String url) throws IOException, InterruptedException {
        try (var client = java.net.http.HttpClient.newHttpClient()) {
            return client.send(
                            java.net.http.HttpRequest.newBuilder(java.net.URI.create(url))
                                    .timeout(Duration.ofSeconds(10))
                                    .build(),
                            java.net.http.HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }
}

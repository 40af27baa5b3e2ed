package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host is emptied while requests flow, and takes work again. */
@Timeout(240)
class HostDrainTest {
    private static final String ACTOR = "user_api-user_actor";
    private static final String STORE = "user_api-keyvalue_redis";
    private static final int REQUESTS_PER_SECOND = 200;

    @TempDir
    private Path directory;

    @Test
    void hostWithTheStoreDrained_allOfItMoves_noCallFails_andWhatCannotMoveIsNamed() throws Exception {
        try (var lattice = Lattice.start(directory)) {
            lattice.startHost("front", "--label", "site=front");
            lattice.startHost("one", "--label", "site=back");
            lattice.startHost("two", "--label", "site=back");
            for (String host : List.of("front", "one", "two")) {
                lattice.awaitHost(host);
            }
            var deployed = lattice.trellis(
                    "deploy",
                    manifest(lattice).toString(),
                    "--image",
                    Lattice.USER_ACTOR + "=" + Lattice.userActor(),
                    "--wait=60s");
            assertThat(deployed.exit()).as(deployed.messages()).isZero();
            assertThat(lattice.hostsOf(ACTOR)).containsExactlyInAnyOrder("one", "two");
            assertThat(lattice.get("/users").status()).isEqualTo(200); // makes the users
            warmUp(lattice);
            String drained = lattice.hostsOf(STORE).getFirst();

            try (var history =
                    HttpHistory.start(lattice.url("/users/1"), REQUESTS_PER_SECOND, Duration.ofSeconds(90))) {
                Waiting.until(
                        Duration.ofSeconds(20),
                        () -> "answers",
                        () -> history.calls().size() > REQUESTS_PER_SECOND);

                var drain = lattice.trellis("host", "drain", drained);

                assertThat(drain.exit()).as(drain.messages()).isZero();
                assertThat(drain.messages()).contains("drains", "is empty");
                assertThat(lattice.hostsOf(ACTOR)).hasSize(1).doesNotContain(drained);
                assertThat(lattice.hostsOf(STORE)).hasSize(1).doesNotContain(drained);
                assertThat(lattice.instances(ACTOR)).isEqualTo(4);
                assertThat(lattice.json("host", "list").toString()).contains("\"drained\"");
                int beforeUncordon = history.calls().size();
                assertThat(lattice.trellis("host", "uncordon", drained).exit()).isZero();
                Waiting.until(
                        Duration.ofSeconds(10),
                        () -> "instances on the host again; they are on " + lattice.hostsOf(ACTOR),
                        () -> lattice.hostsOf(ACTOR).contains(drained)
                                && history.calls().size() > beforeUncordon + REQUESTS_PER_SECOND);

                assertThat(history.end())
                        .as("calls from outside while the host was emptied and filled again")
                        .hasSizeGreaterThan(3 * REQUESTS_PER_SECOND)
                        .allSatisfy(call ->
                                assertThat(call.status()).as(call.text()).isEqualTo(200));
            }

            var stuck = lattice.trellis("host", "drain", "front");
            assertThat(stuck.exit()).as(stuck.messages()).isEqualTo(9);
            assertThat(stuck.messages())
                    .contains("user_api-httpserver", "no host that takes work has label site=front");
            assertThat(lattice.get("/users/1").status()).isEqualTo(200);
        }
    }

    /** Three fresh JVMs on two cores answer slowly at first, which is not what is tested here. */
    private static void warmUp(Lattice lattice) throws Exception {
        for (int perSecond : List.of(50, REQUESTS_PER_SECOND)) {
            try (var history = HttpHistory.start(lattice.url("/users/1"), perSecond, Duration.ofSeconds(30))) {
                Waiting.until(
                        Duration.ofSeconds(30),
                        () -> "quick answers at " + perSecond + " requests a second",
                        () -> quick(history.calls(), perSecond));
            }
        }
    }

    private static boolean quick(List<HttpHistory.Call> calls, int last) {
        return calls.size() > last
                && calls.subList(calls.size() - last, calls.size()).stream()
                        .allMatch(call -> call.ok() && call.took().toMillis() < 250);
    }

    /** The user API with its HTTP server in front and the rest behind. */
    private static Path manifest(Lattice lattice) throws Exception {
        Path file = lattice.userApi();
        String behind = """
                    - type: spreadscaler
                      properties:
                        replicas: %d
                        spread:
                          - name: %s
                            requirements:
                              site: %s
            """;
        String text = Files.readString(file)
                .replace(
                        "        - type: spreadscaler\n          properties:\n            replicas: 3\n",
                        behind.formatted(4, "back", "back"))
                .replace(
                        "    - name: keyvalue-redis\n      type: capability\n",
                        "    - name: keyvalue-redis\n      type: capability\n      traits:\n"
                                + behind.formatted(1, "back", "back"))
                .replace(
                        "    - name: httpserver\n      type: capability\n",
                        "    - name: httpserver\n      type: capability\n      traits:\n"
                                + behind.formatted(1, "front", "front"));
        Files.writeString(file, text);
        return file;
    }
}

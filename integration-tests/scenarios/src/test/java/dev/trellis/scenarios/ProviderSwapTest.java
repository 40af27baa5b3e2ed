package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.ActorDescription;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The key-value store of a running application is swapped, there and back, while requests flow; and swaps that fail. */
@Timeout(240)
class ProviderSwapTest {
    private static final String ACTOR = "user_api-user_actor";
    private static final String REDIS = "user_api-keyvalue_redis";
    private static final String NATS = "user_api-keyvalue_nats";
    private static final int REQUESTS_PER_SECOND = 300;
    private static final Duration LOAD_MIN = Duration.ofSeconds(30);
    private static final Duration LOAD_MAX = Duration.ofMinutes(2);

    /** A component that the manifest ends with. */
    private static final String SECOND_STORE = """
                - name: keyvalue-nats
                  type: capability
                  properties: {image: 'trellis:keyvalue-nats'}
                  traits: [{type: spreadscaler, properties: {instances: 0}}]
            """;

    @TempDir
    private Path directory;

    @Test
    void swapThereAndBackAndSwapsThatFail_underLoadOnTwoHosts_noRequestFailsAndTheActorIsNotTouched() throws Exception {
        try (var lattice = Lattice.start(directory, "one", "two")) {
            var deployed = lattice.trellis(
                    "deploy",
                    manifest(lattice).toString(),
                    "--image",
                    Lattice.USER_ACTOR + "=" + Lattice.userActor(),
                    "--wait=60s");
            assertThat(deployed.exit()).as(deployed.messages()).isZero();
            List<ActorDescription> actorBefore = actor(lattice);
            var history = HttpHistory.start(lattice.url("/users"), REQUESTS_PER_SECOND, LOAD_MAX);
            try (history) {
                Waiting.until(
                        Duration.ofSeconds(20),
                        () -> "answers",
                        () -> history.calls().size() > REQUESTS_PER_SECOND);
                long began = System.nanoTime();
                int eventsBefore = lattice.events().size();

                JsonNode there = swap(lattice, "keyvalue-redis", "keyvalue-nats");
                assertThat(lattice.hostsOf(NATS)).hasSize(1);
                assertThat(lattice.hostsOf(REDIS)).isEmpty();
                JsonNode back = swap(lattice, "keyvalue-nats", "keyvalue-redis");
                assertThat(lattice.hostsOf(REDIS)).hasSize(1);
                assertThat(lattice.hostsOf(NATS)).isEmpty();

                String version = version(lattice);
                // Cannot start; starts, but its Redis is not there.
                failing(lattice, "URL=nonsense", "URL");
                failing(lattice, "URL=redis://127.0.0.1:1", "not well");
                assertThat(version(lattice)).isEqualTo(version);

                Waiting.until(LOAD_MIN, () -> "enough load", () -> System.nanoTime() - began > LOAD_MIN.toNanos());
                assertThat(lattice.events()
                                .subList(eventsBefore, lattice.events().size()))
                        .doesNotContain("component_scaled", "component_scale_failed");
                for (JsonNode counts : List.of(there, back)) {
                    assertThat(counts.get("failed").asLong()).isZero();
                    assertThat(counts.get("moved").asLong()).isPositive();
                }
            }

            List<HttpHistory.Call> calls = history.calls();
            assertThat(calls).filteredOn(call -> !call.ok()).isEmpty();
            assertThat(calls).hasSizeGreaterThan((int) LOAD_MIN.toSeconds() * REQUESTS_PER_SECOND);
            assertThat(actor(lattice)).containsExactlyInAnyOrderElementsOf(actorBefore);
        }
    }

    private static JsonNode swap(Lattice lattice, String from, String to) throws Exception {
        return lattice.json("provider", "swap", "user-api", from, to, "--drain", "10s")
                .get("data")
                .get("calls");
    }

    private static void failing(Lattice lattice, String config, String reason) throws Exception {
        var result = lattice.trellis(
                "provider", "swap", "user-api", "keyvalue-redis", "trellis:keyvalue-redis", "--config", config);
        assertThat(result.exit()).as(result.messages()).isEqualTo(1);
        assertThat(result.messages()).contains(reason).contains("is as before");
    }

    private static String version(Lattice lattice) throws Exception {
        JsonNode status = lattice.json("app", "status", "user-api").get("data");
        assertThat(status.get("status").get("type").asString()).isEqualTo("deployed");
        return status.get("version").asString();
    }

    private static List<ActorDescription> actor(Lattice lattice) throws InterruptedException {
        return lattice.inventories().stream()
                .flatMap(host -> host.components().stream())
                .filter(actor -> actor.id().equals(ACTOR))
                .toList();
    }

    /** The user API with the URL of Redis at the provider, and a second store that does not run. */
    private static Path manifest(Lattice lattice) throws Exception {
        Path file = lattice.userApi();
        String text = Files.readString(file);
        String url =
                "            values:\n              URL: " + lattice.redis().url() + "\n";
        String image = "        image: ghcr.io/wasmcloud/keyvalue-redis:0.24.0\n";
        assertThat(text).contains(url).contains(image);
        Files.writeString(
                file,
                text.replace(url, "")
                                .replace(
                                        image,
                                        image + "        config: {URL: '"
                                                + lattice.redis().url() + "'}\n")
                        + SECOND_STORE);
        return file;
    }
}

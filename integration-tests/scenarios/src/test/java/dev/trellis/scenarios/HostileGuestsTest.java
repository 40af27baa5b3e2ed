package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An actor that does its worst, beside one that behaves, on one host: each bad call ends by itself in bounded time with
 * the right status, the neighbour never notices, and the host lives.
 */
@Timeout(240)
class HostileGuestsTest {
    /** The calls' deadline (2 s), 250 ms of grace, and as much again for a busy machine. */
    private static final Duration ENDS_WITHIN = Duration.ofMillis(4_500);

    @SuppressWarnings("InlineFormatString") // a page long
    private static final String MANIFEST = """
            apiVersion: core.oam.dev/v1beta1
            kind: Application
            metadata:
              name: neighbours
            spec:
              components:
                - name: hostile
                  type: actor
                  properties:
                    image: %s
                  traits:
                    - type: spreadscaler
                      properties: {instances: 16}
                    - type: linkdef
                      properties: {target: http, values: {address: "127.0.0.1:%d"}}
                - name: neighbour
                  type: actor
                  properties:
                    image: %s
                  traits:
                    - type: spreadscaler
                      properties: {instances: 16}
                    - type: linkdef
                      properties: {target: http, values: {address: "127.0.0.1:%d"}}
                - name: http
                  type: capability
                  properties:
                    image: trellis:http-server
            """;

    @TempDir
    private static Path directory;

    private static Lattice lattice;
    private static URI hostile;
    private static URI neighbour;

    @BeforeAll
    static void deploy() throws Exception {
        lattice = Lattice.start(directory, "one");
        int hostilePort = Lattice.freePort();
        int neighbourPort = Lattice.freePort();
        Path root = TrellisProcess.root();
        Path manifest = directory.resolve("neighbours.yaml");
        Files.writeString(
                manifest,
                MANIFEST.formatted(
                        root.resolve("actor-sdk/test-guests/hostile.wasm").toUri(),
                        hostilePort,
                        root.resolve("actor-sdk/samples/echo-c/echo-c.wasm").toUri(),
                        neighbourPort));
        var deployed = lattice.trellis("deploy", manifest.toString(), "--wait=60s");
        assertThat(deployed.exit()).as(deployed.messages()).isZero();
        hostile = URI.create("http://127.0.0.1:" + hostilePort);
        neighbour = URI.create("http://127.0.0.1:" + neighbourPort + "/hello");
    }

    @AfterAll
    static void end() {
        lattice.close();
    }

    @TestFactory
    Stream<DynamicTest> badCall_endsByItselfWithItsStatus() {
        return Map.ofEntries(
                        Map.entry("/loop", 504),
                        Map.entry("/loop-empty", 504),
                        Map.entry("/late", 504),
                        Map.entry("/fill-loop", 504),
                        Map.entry("/recurse", 500),
                        Map.entry("/stack-memory", 500),
                        Map.entry("/grow?64", 500),
                        Map.entry("/grow-touch?64", 500),
                        Map.entry("/trap", 500),
                        Map.entry("/div-zero", 500),
                        Map.entry("/bad-indirect", 500),
                        Map.entry("/bad-pointer", 500),
                        Map.entry("/huge-response", 500),
                        Map.entry("/big-response?20971520", 502),
                        Map.entry("/nowhere", 404),
                        Map.entry("/garbage", 500),
                        Map.entry("/no-response", 500),
                        Map.entry("/return-two", 500),
                        Map.entry("/error-non-utf8", 500),
                        Map.entry("/log-flood", 500),
                        Map.entry("/call-loop", 500),
                        Map.entry("/bad-status", 500),
                        Map.entry("/bad-header", 500))
                .entrySet()
                .stream()
                .sorted(Map.Entry.comparingByKey())
                .map(call -> DynamicTest.dynamicTest(call.getKey(), () -> {
                    long asked = System.nanoTime();
                    var answer = lattice.get(hostile.resolve(call.getKey()));
                    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(ENDS_WITHIN);
                    assertThat(answer.status()).as(answer.body()).isEqualTo(call.getValue());
                    assertThat(lattice.get(hostile.resolve("/ok"))).isEqualTo(new Lattice.HttpResult(200, "ok"));
                }));
    }

    @Test
    void manyGuestsSpinAtOnce_theNeighbourAnswersAllTheTime() throws Exception {
        try (var history = HttpHistory.start(neighbour, 20, Duration.ofSeconds(8))) {
            var spinning = new ArrayList<Thread>();
            for (int i = 0; i < 16; i++) {
                spinning.add(Thread.startVirtualThread(() -> {
                    try {
                        lattice.get(hostile.resolve("/loop"));
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }));
            }
            for (Thread thread : spinning) {
                thread.join();
            }
            List<HttpHistory.Call> calls = history.finish();
            assertThat(calls).hasSizeGreaterThan(100).allSatisfy(call -> assertThat(call.status())
                    .as(call.text() + " after " + call.took())
                    .isEqualTo(200));
        }
        assertThat(lattice.process("one").alive()).isTrue();
    }
}

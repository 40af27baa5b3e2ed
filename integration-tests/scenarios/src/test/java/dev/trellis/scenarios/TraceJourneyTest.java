package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.observability.traces.TraceKeeper;
import dev.trellis.observability.traces.TraceSpan;
import dev.trellis.observability.traces.Waterfall;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One request, from an edge host to a cloud host and its store, is one trace wherever it is looked at. */
@Timeout(180)
class TraceJourneyTest {
    private static final Subjects SUBJECTS = Subjects.of(LatticeName.DEFAULT);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String CALLER = "00f067aa0ba902b7";
    private static final String ACTOR = "traced-user_actor HandleRequest";
    private static final int REQUESTS = 200;

    @TempDir
    private Path directory;

    @Test
    void request_overTwoSites_isOneTraceInTheStoreTheTerminalAndTheCollector() throws Exception {
        Collector collector = Collector.start(0);
        int port = collector.port();
        var environment = Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + port,
                "OTEL_EXPORTER_OTLP_TIMEOUT", "300",
                "OTEL_BSP_SCHEDULE_DELAY", "100",
                "OTEL_METRIC_EXPORT_INTERVAL", "500",
                "COLUMNS", "160");
        try (var lattice = Lattice.start(directory, environment)) {
            lattice.startHost("edge-host", "--label", "site=edge-1");
            lattice.startHost("cloud-host", "--label", "site=cloud");
            lattice.awaitHost("edge-host");
            lattice.awaitHost("cloud-host");
            deploy(lattice);

            String id = "4bf92f3577b34da6a3ce929d0e0e4736";
            assertThat(get(lattice, "00-" + id + "-" + CALLER + "-01")).isEqualTo(200);

            List<Waterfall.Row> rows = awaitTrace(lattice, id, 5);
            assertTree(rows);
            assertAttributes(rows);
            assertTerminal(lattice, id);
            assertCollected(collector, id, rows);
            assertThat(get(lattice, "00-" + id.replace('4', '5') + "-" + CALLER + "-00"))
                    .as("a request whose caller does not record")
                    .isEqualTo(200);

            collector.close();
            callMany(lattice); // refused
            try (var blackhole = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                assertThat(blackhole.getLocalPort()).isEqualTo(port);
                callMany(lattice); // never answered
            }
            assertThat(warnings(lattice.process("edge-host"))).isEqualTo(1);
            assertThat(trace(lattice, id.replace('4', '5'))).isEmpty();
        } finally {
            collector.close();
        }
    }

    /** The HTTP server on the edge, all else in the cloud. */
    private static String manifest(Lattice lattice) {
        return """
            apiVersion: core.oam.dev/v1beta1
            kind: Application
            metadata:
              name: traced
            spec:
              components:
                - name: user-actor
                  type: actor
                  properties:
                    image: %s
                  traits:
                    - type: spreadscaler
                      properties:
                        replicas: 1
                        spread: [{name: there, requirements: {site: cloud}}]
                    - type: linkdef
                      properties:
                        target: httpserver
                    - type: linkdef
                      properties:
                        target: store
                        values:
                          URL: %s
                - name: httpserver
                  type: capability
                  properties:
                    image: trellis:http-server
                    config: [{name: PORT, value: "%d"}]
                  traits:
                    - type: spreadscaler
                      properties:
                        replicas: 1
                        spread: [{name: there, requirements: {site: edge-1}}]
                - name: store
                  type: capability
                  properties:
                    image: trellis:keyvalue-redis
                  traits:
                    - type: spreadscaler
                      properties:
                        replicas: 1
                        spread: [{name: there, requirements: {site: cloud}}]
            """.formatted(
                Lattice.USER_ACTOR, lattice.redis().url(), lattice.url("/").getPort());
    }

    private void deploy(Lattice lattice) throws IOException, InterruptedException {
        Path manifest = directory.resolve("traced.yaml");
        Files.writeString(manifest, manifest(lattice));
        var deployed = lattice.trellis(
                "deploy", manifest.toString(), "--image", Lattice.USER_ACTOR + "=" + Lattice.userActor(), "--wait=60s");
        assertThat(deployed.exit()).as(deployed.messages()).isZero();
    }

    private static int get(Lattice lattice, String parent) throws IOException, InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(lattice.url("/users"))
                                    .header("traceparent", parent)
                                    .header("tracestate", "vendor=1")
                                    .timeout(PATIENCE)
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .statusCode();
        }
    }

    private static List<Waterfall.Row> trace(Lattice lattice, String id) throws InterruptedException {
        byte[] reply = lattice.transport()
                .request(SUBJECTS.trace("get"), id.getBytes(StandardCharsets.UTF_8), PATIENCE)
                .payload();
        var trace = WireJson.read(reply, TraceKeeper.Found.class).trace();
        return trace == null ? List.of() : Waterfall.of(trace.spans()).rows();
    }

    private static List<Waterfall.Row> awaitTrace(Lattice lattice, String id, int spans) throws InterruptedException {
        Waiting.until(
                PATIENCE,
                () -> spans + " spans; there are " + trace(lattice, id),
                () -> trace(lattice, id).size() >= spans);
        return trace(lattice, id);
    }

    private static void assertTree(List<Waterfall.Row> rows) {
        assertThat(rows.stream()
                        .map(row -> " ".repeat(row.depth()) + row.span().kind() + " " + Waterfall.label(row.span())
                                + " @" + row.span().host() + "/" + row.span().site() + " "
                                + Waterfall.transport(row.span()))
                        .map(String::stripTrailing))
                .containsExactly(
                        "server GET /users 200 @edge-host/edge-1",
                        " client " + ACTOR + " @edge-host/edge-1 remote",
                        "  server " + ACTOR + " @cloud-host/cloud",
                        "   internal traced-store Set @cloud-host/cloud in-process",
                        "    client redis SET @cloud-host/cloud");
        assertThat(rows.getFirst().span().parentId()).isEqualTo(CALLER);
        assertThat(rows.getFirst().orphan()).isTrue();
        assertThat(rows.stream().skip(1)).noneMatch(Waterfall.Row::orphan);
    }

    private static void assertAttributes(List<Waterfall.Row> rows) {
        TraceSpan hop = rows.get(1).span();
        TraceSpan served = rows.get(2).span();
        assertThat(hop.text("trellis.peer.host")).isEqualTo(served.hostId());
        assertThat(hop.text("trellis.source")).isEqualTo("traced-httpserver");
        assertThat(served.attributes())
                .containsEntry("trellis.contract", "wasmcloud:httpserver")
                .containsEntry("trellis.link", "default")
                .containsKeys("trellis.queue.nanos", "trellis.instance");
        assertThat(bytes(hop, "trellis.request.bytes")).isGreaterThan(bytes(served, "trellis.request.bytes"));
        assertThat(bytes(served, "trellis.reply.bytes")).isPositive();
        assertThat(rows).noneMatch(row -> row.span().failed());
    }

    private static long bytes(TraceSpan span, String key) {
        return Long.parseLong(span.text(key));
    }

    private static void assertTerminal(Lattice lattice, String id) throws IOException, InterruptedException {
        var shown = lattice.trellis("trace", "show", id.substring(0, 10));
        assertThat(shown.exit()).as(shown.messages()).isZero();
        assertThat(shown.output())
                .contains(id, "5 spans on 2 hosts of 2 sites", "█")
                .doesNotContain("\u001b")
                .containsPattern("GET /users 200 .*edge-host +edge-1")
                .containsPattern("└ " + ACTOR + ".*edge-host +edge-1 +remote")
                .containsPattern("  └ " + ACTOR + ".*cloud-host +cloud")
                .containsPattern("    └ traced-store Set .*cloud-host +cloud +in-process")
                .containsPattern("      └ redis SET .*cloud-host +cloud");
        assertThat(shown.output().lines()).allMatch(line -> line.length() <= 160);
        var listed = lattice.json("trace", "list", "--app", "traced");
        assertThat(listed.get("data").get(0).get("trace_id").asString()).isEqualTo(id);
        assertThat(lattice.json("trace", "last").get("data").get("spans")).hasSize(5);
        assertThat(lattice.trellis("trace", "show", "ffff").exit()).isEqualTo(3);
    }

    private static void assertCollected(Collector collector, String id, List<Waterfall.Row> rows)
            throws InterruptedException {
        Waiting.until(
                PATIENCE,
                () -> "5 spans at the collector: " + collector.trace(id),
                () -> collector.trace(id).size() == 5);
        Map<String, Collector.Received> spans = collector.trace(id);
        for (Waterfall.Row row : rows) {
            var span = Objects.requireNonNull(
                    spans.get(row.span().spanId()), row.span().name());
            assertThat(span.parent()).isEqualTo(row.span().parentId());
            assertThat(span.host()).isEqualTo(row.span().host());
            assertThat(span.site()).isEqualTo(row.span().site());
            assertThat(span.span().getName()).isEqualTo(row.span().name());
            assertThat(span.span().getEndTimeUnixNano() - span.span().getStartTimeUnixNano())
                    .isEqualTo(row.span().durationNanos());
        }
        assertThat(spans.values()).allMatch(span -> span.span().getTraceState().equals("vendor=1"));
        Waiting.until(PATIENCE, () -> "metrics at the collector: " + collector.metrics(), () -> collector
                .metrics()
                .containsAll(List.of(
                        "trellis.call.duration",
                        "trellis.gate.running",
                        "trellis.gate.waiting",
                        "trellis.pool.borrowed",
                        "trellis.route.targets",
                        "trellis.spans.dropped")));
    }

    private static void callMany(Lattice lattice) throws InterruptedException {
        for (int i = 0; i < REQUESTS; i++) {
            assertThat(lattice.get("/users").status()).isEqualTo(200);
        }
    }

    private static long warnings(TrellisProcess host) throws IOException {
        return Pattern.compile("Spans do not reach http")
                .matcher(host.messages())
                .results()
                .count();
    }
}

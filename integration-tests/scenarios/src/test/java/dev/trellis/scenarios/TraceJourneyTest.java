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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One request, from an edge host to an actor on a cloud host, its database and its key-value store, is one trace wherever
 * it is looked at: with the statements that were run, and without what was written by them.
 */
@Timeout(180)
class TraceJourneyTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Subjects SUBJECTS = Subjects.of(LatticeName.DEFAULT);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String CALLER = "00f067aa0ba902b7";
    private static final String ACTOR = "traced-orders HandleRequest";
    private static final String CREATE = "CREATE TABLE IF NOT EXISTS orders"
            + " (id TEXT PRIMARY KEY, customer TEXT NOT NULL, item TEXT NOT NULL, quantity BIGINT NOT NULL)";
    private static final String INSERT = "INSERT INTO orders (id, customer, item, quantity) VALUES ($1, $2, $3, $4)";
    private static final String CUSTOMER = "Ottilie Quaintrell";
    private static final String ITEM = "marzipan tureen";
    private static final int QUANTITY = 731_946;
    private static final int SPANS = 9;

    /** Of a request that finds no table: one statement more that fails, and one that makes it; each is two spans. */
    private static final int SPANS_FIRST = SPANS + 4;

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
            String first = id.replace('4', '6');
            String unrecorded = id.replace('4', '5');
            List<String> secrets = new ArrayList<>(List.of(CUSTOMER, ITEM));
            secrets.add(order(lattice, first, true));
            assertTableMade(awaitTrace(lattice, first, SPANS_FIRST));

            secrets.add(order(lattice, id, true));
            List<Waterfall.Row> rows = awaitTrace(lattice, id, SPANS);
            assertTree(rows);
            assertAttributes(rows);
            assertTerminal(lattice, id, secrets);
            assertCollected(collector, id, rows);
            assertNoneSent(lattice, collector, List.of(first, id), secrets);
            order(lattice, unrecorded, false);

            collector.close();
            callMany(lattice); // refused
            try (var blackhole = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                assertThat(blackhole.getLocalPort()).isEqualTo(port);
                callMany(lattice); // never answered
            }
            assertThat(warnings(lattice.process("edge-host"))).isEqualTo(1);
            assertThat(trace(lattice, unrecorded)).isEmpty();
        } finally {
            collector.close();
        }
    }

    /** The orders, their HTTP server on the edge and all else in the cloud. */
    private static String manifest(Lattice lattice) {
        return """
            apiVersion: core.oam.dev/v1beta1
            kind: Application
            metadata:
              name: traced
            spec:
              components:
                - name: orders
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
                        target: database
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
                - name: database
                  type: capability
                  properties:
                    image: trellis:sql-sqlite
                    config: [{name: database, value: orders}]
                  traits:
                    - type: spreadscaler
                      properties:
                        replicas: 1
                        spread: [{name: there, requirements: {site: cloud}}]
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
                        TrellisProcess.root().resolve("actor-sdk/samples/orders/orders.wasm"),
                        lattice.redis().url(),
                        lattice.url("/").getPort());
    }

    private void deploy(Lattice lattice) throws IOException, InterruptedException {
        Path manifest = directory.resolve("traced.yaml");
        Files.writeString(manifest, manifest(lattice));
        var deployed = lattice.trellis("deploy", manifest.toString(), "--wait=60s");
        assertThat(deployed.exit()).as(deployed.messages()).isZero();
    }

    /** Orders in a trace whose caller records, or does not; the id of the order. */
    private static String order(Lattice lattice, String id, boolean recorded) throws IOException, InterruptedException {
        ObjectNode order = JSON.createObjectNode();
        order.put("customer", CUSTOMER).put("item", ITEM).put("quantity", QUANTITY);
        try (var http = HttpClient.newHttpClient()) {
            var answer = http.send(
                    HttpRequest.newBuilder(lattice.url("/orders"))
                            .header("traceparent", "00-" + id + "-" + CALLER + (recorded ? "-01" : "-00"))
                            .header("tracestate", "vendor=1")
                            .timeout(PATIENCE)
                            .POST(HttpRequest.BodyPublishers.ofString(order.toString()))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
            return JSON.readTree(answer.body()).get("id").asString();
        }
    }

    private static String stored(Lattice lattice, String id) throws InterruptedException {
        byte[] reply = lattice.transport()
                .request(SUBJECTS.trace("get"), id.getBytes(StandardCharsets.UTF_8), PATIENCE)
                .payload();
        return new String(reply, StandardCharsets.UTF_8);
    }

    private static List<Waterfall.Row> trace(Lattice lattice, String id) throws InterruptedException {
        byte[] reply = stored(lattice, id).getBytes(StandardCharsets.UTF_8);
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

    /** The first order misses its table, which is the only thing that fails, and is taken nevertheless. */
    private static void assertTableMade(List<Waterfall.Row> rows) {
        assertThat(rows.stream()
                        .filter(row -> row.span().text("db.system.name").equals("sqlite"))
                        .map(row -> Waterfall.label(row.span()) + " "
                                + row.span().text("db.response.status_code") + " "
                                + row.span().errorMessage())
                        .map(String::strip))
                .containsExactly(INSERT + " 42P01 SQLSTATE 42P01", CREATE, INSERT);
        assertThat(rows.stream().filter(row -> row.span().failed())).hasSize(1);
    }

    private static void assertTree(List<Waterfall.Row> rows) {
        assertThat(rows.stream()
                        .map(row -> " ".repeat(row.depth()) + row.span().kind() + " " + Waterfall.label(row.span())
                                + " @" + row.span().host() + "/" + row.span().site() + " "
                                + Waterfall.transport(row.span()))
                        .map(String::stripTrailing))
                .containsExactly(
                        "server POST /orders 201 @edge-host/edge-1",
                        " client " + ACTOR + " @edge-host/edge-1 remote",
                        "  server " + ACTOR + " @cloud-host/cloud",
                        "   internal traced-database Execute @cloud-host/cloud in-process",
                        "    client " + INSERT + " @cloud-host/cloud",
                        "   internal traced-store Increment @cloud-host/cloud in-process",
                        "    client redis INCRBY @cloud-host/cloud",
                        "   internal traced-store Increment @cloud-host/cloud in-process",
                        "    client redis INCRBY @cloud-host/cloud");
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
        assertThat(rows.get(3).span().text("trellis.contract")).isEqualTo("wasmcloud:sqldb");
        assertThat(rows.get(5).span().text("trellis.contract")).isEqualTo("wasmcloud:keyvalue");
        assertThat(rows.get(4).span().attributes())
                .containsEntry("db.system.name", "sqlite")
                .containsEntry("db.namespace", "orders")
                .containsEntry("db.operation.name", "Execute")
                .containsEntry("db.query.text", INSERT)
                .doesNotContainKey("db.response.status_code");
        assertThat(rows.get(6).span().attributes())
                .containsEntry("db.system.name", "redis")
                .containsEntry("db.operation.name", "INCRBY");
        assertThat(rows).noneMatch(row -> row.span().failed());
    }

    private static long bytes(TraceSpan span, String key) {
        return Long.parseLong(span.text(key));
    }

    private static void assertTerminal(Lattice lattice, String id, List<String> secrets)
            throws IOException, InterruptedException {
        var shown = lattice.trellis("trace", "show", id.substring(0, 10));
        assertThat(shown.exit()).as(shown.messages()).isZero();
        assertThat(shown.output())
                .contains(id, SPANS + " spans on 2 hosts of 2 sites", "█")
                .doesNotContain("\u001b")
                .doesNotContain(secrets);
        List<String> lines = shown.output()
                .lines()
                .dropWhile(line -> !line.startsWith("WHAT "))
                .skip(1)
                .toList();
        List<String> patterns = List.of(
                "POST /orders 201 .*edge-host +edge-1 .*",
                "└ " + ACTOR + " .*edge-host +edge-1 +remote .*",
                "  └ " + ACTOR + " .*cloud-host +cloud .*",
                "    ├ traced-database Execute .*cloud-host +cloud +in-process .*",
                "    │ └ INSERT INTO orders \\(id, customer, item, quantity\\) VAL.*cloud-host +cloud .*",
                "    ├ traced-store Increment .*cloud-host +cloud +in-process .*",
                "    │ └ redis INCRBY .*cloud-host +cloud .*",
                "    └ traced-store Increment .*cloud-host +cloud +in-process .*",
                "      └ redis INCRBY .*cloud-host +cloud .*");
        assertThat(lines).hasSize(SPANS).zipSatisfy(patterns, (line, pattern) -> assertThat(line)
                .matches(pattern));
        assertThat(shown.output().lines()).allMatch(line -> line.length() <= 160);
        assertThat(lattice.trellis("trace", "last").output()).isEqualTo(shown.output());
        var listed = lattice.json("trace", "list", "--app", "traced");
        assertThat(listed.get("data").get(0).get("trace_id").asString()).isEqualTo(id);
        assertThat(lattice.json("trace", "last").get("data").get("spans")).hasSize(SPANS);
        assertThat(lattice.trellis("trace", "show", "ffff").exit()).isEqualTo(3);
    }

    private static void assertCollected(Collector collector, String id, List<Waterfall.Row> rows)
            throws InterruptedException {
        Waiting.until(
                PATIENCE,
                () -> SPANS + " spans at the collector: " + collector.trace(id),
                () -> collector.trace(id).size() == SPANS);
        Map<String, Collector.Received> spans = collector.trace(id);
        for (Waterfall.Row row : rows) {
            var span = Objects.requireNonNull(
                    spans.get(row.span().spanId()), row.span().name());
            assertThat(span.parent()).isEqualTo(row.span().parentId());
            assertThat(span.host()).isEqualTo(row.span().host());
            assertThat(span.site()).isEqualTo(row.span().site());
            assertThat(span.span().getName()).isEqualTo(row.span().name());
            for (String key : List.of("trellis.transport", "db.system.name", "db.namespace", "db.query.text")) {
                assertThat(Collector.text(span.span().getAttributesList(), key))
                        .as(key)
                        .isEqualTo(row.span().text(key));
            }
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

    /** Statements are in the store and at the collector, values of parameters are not. */
    private static void assertNoneSent(Lattice lattice, Collector collector, List<String> traces, List<String> secrets)
            throws InterruptedException {
        Waiting.until(
                PATIENCE,
                () -> "all spans of " + traces + " at the collector",
                () -> collector.trace(traces.getFirst()).size() == SPANS_FIRST);
        assertThat(collector.wasSent(INSERT)).isTrue();
        assertThat(secrets).noneMatch(collector::wasSent);
        assertThat(collector.wasSent(String.valueOf(QUANTITY))).isFalse();
        for (String id : traces) {
            assertThat(stored(lattice, id)).contains(INSERT).doesNotContain(secrets);
        }
    }

    private static void callMany(Lattice lattice) throws InterruptedException {
        for (int i = 0; i < REQUESTS; i++) {
            assertThat(lattice.get("/orders/stats").status()).isEqualTo(200);
        }
    }

    private static long warnings(TrellisProcess host) throws IOException {
        return Pattern.compile("Spans do not reach http")
                .matcher(host.messages())
                .results()
                .count();
    }
}

package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.providers.sdk.PostgresServer;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The orders application on SQLite, then on PostgreSQL by a manifest alone; and what a lost database looks like. */
@Timeout(180)
class OrdersTest {
    private static final String ACTOR = "orders-orders";
    private static final JsonMapper JSON = new JsonMapper();

    /** The HTTP provider's deadline of a call and the 250 ms after it, and what a busy machine adds. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(3);

    private static final Duration RECOVERY_MAX = Duration.ofSeconds(2);

    private static final List<String> INJECTIONS = List.of(
            "x'); DROP TABLE orders; --",
            "' OR '1'='1",
            "'; UPDATE orders SET customer = 'mallory'; --",
            "Robert'); DELETE FROM orders WHERE ('1'='1",
            "$1",
            "?",
            "\\'; DROP TABLE orders; /*",
            "E'\\x27 OR true --",
            "\u02bc OR 1=1 --",
            "a\" OR \"1\"=\"1");

    @TempDir
    private Path directory;

    @Test
    void orders_onSqliteThenOnPostgres_sameActorAndNoInjectionAndRecovery() throws Exception {
        try (var lattice = Lattice.start(directory, "one", "two");
                var postgres = PostgresServer.start();
                var orders = new Orders(lattice)) {
            deploy(lattice, "wadm.yaml", postgres);
            Set<String> digests = digests(lattice);
            assertThat(digests).hasSize(1);

            takesCachesAndCounts(orders);
            refusesBadInput(orders);
            keepsInjectionsAsText(orders);

            String before = orders.take("Grace", "compiler", 1).get("id").asString();
            deploy(lattice, "wadm-postgres.yaml", postgres);

            assertThat(digests(lattice)).as("the same actor file").isEqualTo(digests);
            assertThat(orders.of("Grace")).as("the new store is empty").isEmpty();
            assertThat(orders.send("GET", "/orders/" + before, "").statusCode()).isEqualTo(404);
            assertThat(sqliteFiles()).as("and the old one is where it was").isNotEmpty();
            keepsInjectionsAsText(orders);

            failsInTimeAndRecovers(orders, postgres);
        }
    }

    private void deploy(Lattice lattice, String manifest, PostgresServer postgres) throws Exception {
        Path folder = TrellisProcess.root().resolve("manifests/orders");
        String text = Files.readString(folder.resolve(manifest))
                .replace("\"8080\"", "\"" + lattice.url("/").getPort() + "\"")
                .replace(
                        "../../actor-sdk",
                        TrellisProcess.root().resolve("actor-sdk").toString())
                .replace("postgres://orders:orders@localhost:5432/orders", postgres.uri());
        Path file = directory.resolve(manifest);
        Files.writeString(file, text);
        var deployed = lattice.trellis("deploy", file.toString(), "--wait=60s");
        assertThat(deployed.exit()).as(deployed.messages()).isZero();
    }

    private static Set<String> digests(Lattice lattice) throws InterruptedException {
        return lattice.inventories().stream()
                .flatMap(host -> host.components().stream())
                .filter(actor -> actor.id().equals(ACTOR))
                .map(ActorDescription::digest)
                .map(String::valueOf)
                .collect(Collectors.toSet());
    }

    private List<Path> sqliteFiles() throws IOException {
        try (var files = Files.walk(directory)) {
            return files.filter(file -> file.getFileName().toString().equals("orders.db"))
                    .toList();
        }
    }

    private static void takesCachesAndCounts(Orders orders) throws Exception {
        JsonNode taken = orders.take("Ada", "tea", 2);
        String path = "/orders/" + taken.get("id").asString();

        var first = orders.send("GET", path, "");
        var second = orders.send("GET", path, "");
        assertThat(first.headers().firstValue("x-cache")).contains("miss");
        assertThat(second.headers().firstValue("x-cache")).contains("hit");
        assertThat(JSON.readTree(first.body())).isEqualTo(taken);
        assertThat(second.body()).isEqualTo(first.body());

        assertThat(orders.send("PUT", path, Orders.body("Ada", "coffee", 3)).statusCode())
                .isEqualTo(200);
        var changed = orders.send("GET", path, "");
        assertThat(changed.headers().firstValue("x-cache")).contains("miss");
        assertThat(JSON.readTree(changed.body()).get("item").asString()).isEqualTo("coffee");
        assertThat(orders.of("Ada")).hasSize(1);
        assertThat(orders.send("GET", "/orders/stats", "").body()).isEqualTo("{\"orders\":1,\"quantity\":2}");
    }

    private static void refusesBadInput(Orders orders) throws Exception {
        for (String body : List.of(
                "",
                "tea",
                "[]",
                "{\"customer\":\"Ada\",\"item\":\"tea\"}",
                "{\"customer\":\"Ada\",\"item\":\"tea\",\"quantity\":\"2\"}",
                "{\"customer\":\"Ada\",\"item\":\"tea\",\"quantity\":0}",
                "{\"customer\":\"Ada\",\"item\":\"tea\",\"quantity\":99999999999999999999}",
                "{\"customer\":\" \",\"item\":\"tea\",\"quantity\":1}",
                "{\"customer\":\"a\\u0000b\",\"item\":\"tea\",\"quantity\":1}",
                "{\"customer\":\"Ada\",\"item\":\"tea\",\"quantity\":1,\"id\":\"x\"}",
                Orders.body("Ada", "x".repeat(201), 1))) {
            var refused = orders.send("POST", "/orders", body);
            assertThat(refused.statusCode()).as(body).isEqualTo(400);
            assertThat(JSON.readTree(refused.body()).get("error").asString()).isNotEmpty();
        }
        assertThat(orders.send("GET", "/orders", "").statusCode()).isEqualTo(400);
        assertThat(orders.send("DELETE", "/orders", "").statusCode()).isEqualTo(405);
        assertThat(orders.send("GET", "/orders/1", "").statusCode()).isEqualTo(404);
        assertThat(orders.send("GET", "/elsewhere", "").statusCode()).isEqualTo(404);
    }

    /** Nothing that a client writes is read as SQL: each text comes back as it was, and the others are as they were. */
    private static void keepsInjectionsAsText(Orders orders) throws Exception {
        orders.take("Alan", "engine", 1);
        var alan = orders.of("Alan");
        for (String text : INJECTIONS) {
            JsonNode taken = orders.take(text, text, 7);
            assertThat(taken.get("customer").asString()).isEqualTo(text);
            assertThat(orders.of(text)).as(text).hasSize(1).first().isEqualTo(taken);
            String path = "/orders/" + URLEncoder.encode(text, StandardCharsets.UTF_8);
            assertThat(orders.send("GET", path, "").statusCode()).as(path).isEqualTo(404);
        }
        assertThat(orders.of("nobody' OR 'a'='a")).isEmpty();
        assertThat(orders.of("Alan")).isEqualTo(alan);
        assertThat(orders.of("mallory")).isEmpty();
    }

    private static void failsInTimeAndRecovers(Orders orders, PostgresServer postgres) throws Exception {
        int size = orders.of("Alan").size();
        postgres.kill();
        for (int i = 0; i < 4; i++) {
            for (String method : List.of("GET", "POST")) {
                long start = System.nanoTime();
                var answer = method.equals("GET")
                        ? orders.send("GET", "/orders?customer=Alan", "")
                        : orders.send("POST", "/orders", Orders.body("Alan", "lost", 1));
                Duration took = Duration.ofNanos(System.nanoTime() - start);
                assertThat(answer.statusCode()).as(method + " " + answer.body()).isEqualTo(503);
                assertThat(took).as(method).isLessThan(ANSWER_MAX);
            }
        }
        postgres.restart();
        Duration recovery = Waiting.until(
                Duration.ofSeconds(10),
                () -> "orders from PostgreSQL again",
                () -> orders.send("GET", "/orders?customer=Alan", "").statusCode() == 200);
        assertThat(recovery).as("after PostgreSQL took connections").isLessThan(RECOVERY_MAX);
        assertThat(orders.of("Alan")).hasSize(size);
        orders.take("Alan", "machine", 1);
        assertThat(orders.of("Alan")).hasSize(size + 1);
    }

    /** A client of the service. */
    private static final class Orders implements AutoCloseable {
        private final Lattice lattice;
        private final HttpClient http = HttpClient.newHttpClient();

        Orders(Lattice lattice) {
            this.lattice = lattice;
        }

        static String body(String customer, String item, int quantity) {
            ObjectNode order = JSON.createObjectNode();
            order.put("customer", customer).put("item", item).put("quantity", quantity);
            return order.toString();
        }

        HttpResponse<String> send(String method, String path, String body) throws IOException, InterruptedException {
            URI uri = lattice.url(path);
            return http.send(
                    HttpRequest.newBuilder(uri)
                            .timeout(Duration.ofSeconds(10))
                            .method(method, HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }

        JsonNode take(String customer, String item, int quantity) throws IOException, InterruptedException {
            var answer = send("POST", "/orders", body(customer, item, quantity));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
            JsonNode order = JSON.readTree(answer.body());
            assertThat(answer.headers().firstValue("location"))
                    .contains("/orders/" + order.get("id").asString());
            return order;
        }

        List<JsonNode> of(String customer) throws IOException, InterruptedException {
            var answer = send("GET", "/orders?customer=" + URLEncoder.encode(customer, StandardCharsets.UTF_8), "");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            return List.copyOf(JSON.readTree(answer.body()).values());
        }

        @Override
        public void close() {
            http.close();
        }
    }
}

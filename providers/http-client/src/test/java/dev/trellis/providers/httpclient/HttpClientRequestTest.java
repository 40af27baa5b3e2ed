package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to a server that does nothing wrong. */
class HttpClientRequestTest {
    private HttpServer server;
    private String origin;
    private final List<String> seen = new CopyOnWriteArrayList<>();

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::echo);
        server.start();
        origin = "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
    }

    /** Answers with what it saw: the request line, the headers, the body. */
    private void echo(HttpExchange exchange) throws IOException {
        var text = new StringBuilder(exchange.getRequestMethod() + " " + exchange.getRequestURI() + "\n");
        exchange.getRequestHeaders()
                .forEach((name, values) -> values.forEach(value -> text.append(name.toLowerCase(java.util.Locale.ROOT))
                        .append(": ")
                        .append(value)
                        .append('\n')));
        text.append('\n').append(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        seen.add(text.toString());
        byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("X-Two", "a");
        exchange.getResponseHeaders().add("X-Two", "b");
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(201, head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    private void redirect(String path, int status, String location) {
        server.createContext(path, exchange -> {
            seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().add("Location", location);
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
    }

    @Test
    void send_get_goesOutWithHostTraceAndNothingOfItsOwnButTheAgent() throws Exception {
        try (var client = TestClient.allowing(origin)) {
            HttpResponse response =
                    client.get(origin + "/p%20q?a=1#frag", "Accept", "text/plain", "X-Umlaut", "\u00e4");

            assertThat(response.getStatus()).isEqualTo(201);
            assertThat(TestClient.header(response, "x-two")).containsExactly("a", "b");
            assertThat(TestClient.header(response, "connection")).isEmpty();
            assertThat(response.getBody().toStringUtf8().lines())
                    .contains(
                            "GET /p%20q?a=1",
                            "host: " + origin.substring("http://".length()),
                            "accept: text/plain",
                            "user-agent: trellis",
                            "traceparent: " + TestClient.TRACE.parent(),
                            "tracestate: vendor=x")
                    .noneMatch(line -> line.startsWith("content-length"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE", "QUERY"})
    void send_withBody_carriesIt(String method) throws Exception {
        try (var client = TestClient.allowing(origin)) {
            String body = "\u20ac" + "x".repeat(200_000);
            HttpResponse response =
                    client.send(TestClient.request(method, origin + "/", body, "content-type", "text/plain"));

            assertThat(response.getBody().toStringUtf8())
                    .startsWith(method + " /\n")
                    .endsWith("\n\n" + body);
        }
    }

    @Test
    void send_emptyPost_saysThatItIsEmpty() throws Exception {
        try (var client = TestClient.allowing(origin)) {
            assertThat(client.send(TestClient.request("POST", origin + "/", ""))
                            .getBody()
                            .toStringUtf8())
                    .contains("content-length: 0");
        }
    }

    @Test
    void send_traceHeadersOfTheGuest_areReplacedByTheCalls() throws Exception {
        try (var client = TestClient.allowing(origin)) {
            String forged = "00-000000000000000000000000000000ff-00000000000000ff-01";

            assertThat(client.get(origin + "/", "traceparent", forged).getBody().toStringUtf8())
                    .contains(TestClient.TRACE.parent())
                    .doesNotContain(forged);
        }
    }

    @Test
    void send_head_hasNoBodyAndKeepsTheConnection() throws Exception {
        try (var client = TestClient.allowing(origin)) {
            assertThat(client.send(TestClient.request("HEAD", origin + "/", "")).getBody())
                    .isEqualTo(ByteString.EMPTY);
            assertThat(client.client().pool().size()).isOne();
            assertThat(client.get(origin + "/").getStatus()).isEqualTo(201);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void send_redirectOnTheSameOrigin_isFollowed(int status) throws Exception {
        redirect("/from", status, "/to?x=1");
        try (var client = TestClient.allowing(origin)) {
            HttpResponse response =
                    client.send(TestClient.request("POST", origin + "/from", "hi", "authorization", "secret"));

            String expected = status >= 307 ? "POST" : "GET";
            assertThat(response.getBody().toStringUtf8())
                    .startsWith(expected + " /to?x=1\n")
                    .contains("authorization: secret")
                    .endsWith("\n\n" + (status >= 307 ? "hi" : ""));
        }
    }

    @Test
    void send_redirectToAnotherAllowedOrigin_losesCredentials() throws Exception {
        redirect("/from", 307, "http://localhost:" + server.getAddress().getPort() + "/to");
        String other = "http://localhost:" + server.getAddress().getPort();
        try (var client =
                TestClient.with(_ -> List.of(InetAddress.ofLiteral("127.0.0.1")), origin + ", " + other + " private")) {
            HttpResponse response = client.get(origin + "/from", "authorization", "secret", "accept", "a/b");

            assertThat(response.getBody().toStringUtf8())
                    .contains("accept: a/b", "host: localhost:", "traceparent: ")
                    .doesNotContain("secret");
        }
    }

    @Test
    void send_redirects_areNotFollowedWhereTheLinkSaysSo() throws Exception {
        redirect("/from", 302, "/to");
        try (var client = TestClient.allowing(origin, "max_redirects", "0")) {
            HttpResponse response = client.get(origin + "/from");

            assertThat(response.getStatus()).isEqualTo(302);
            assertThat(TestClient.header(response, "location")).containsExactly("/to");
        }
    }

    @Test
    void send_redirectLoop_endsAtTheLimit() throws Exception {
        redirect("/loop", 302, "/loop");
        try (var client = TestClient.allowing(origin, "max_redirects", "3")) {
            assertThat(client.failure(origin + "/loop"))
                    .isInstanceOf(InvocationFailure.ProviderFailed.class)
                    .satisfies(failure ->
                            assertThat(failure.message()).contains("redirected more than 3 times (max_redirects)"));
            assertThat(seen).hasSize(4);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:1/",
                "http://169.254.169.254/latest/meta-data/",
                "http://localhost/",
                "//10.0.0.1/x",
                "https://elsewhere.example/",
            })
    void send_redirectToWhatIsNotAllowed_isNotFollowed(String location) throws Exception {
        redirect("/from", 302, location);
        try (var client = TestClient.allowing(origin)) {
            assertThat(client.failure(origin + "/from"))
                    .isInstanceOf(InvocationFailure.NotLinked.class)
                    .satisfies(failure -> assertThat(failure.message())
                            .startsWith(origin + " redirected to ")
                            .contains("is not in the allow-list"));
            assertThat(seen).containsExactly("GET /from");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"file:///etc/passwd", "gopher://127.0.0.1/", "http://u:p@127.0.0.1/", "http://0x7f.1/", "/a b"})
    void send_redirectToAnUnfitUrl_isNotFollowed(String location) throws Exception {
        redirect("/from", 302, location);
        try (var client = TestClient.allowing(origin)) {
            assertThat(client.failure(origin + "/from"))
                    .isInstanceOf(InvocationFailure.ProviderFailed.class)
                    .satisfies(
                            failure -> assertThat(failure.message()).contains("redirected to a URL that is refused"));
        }
    }

    @Test
    void send_redirectWithoutLocation_isTheAnswer() throws Exception {
        server.createContext("/bare", exchange -> {
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        try (var client = TestClient.allowing(origin)) {
            assertThat(client.get(origin + "/bare").getStatus()).isEqualTo(302);
        }
    }

    @Test
    void send_originNotInTheList_isRefusedWithoutAConnection() throws Exception {
        try (var client = TestClient.allowing("https://api.example.com")) {
            assertThat(client.failure(origin + "/?key=secret"))
                    .isInstanceOf(InvocationFailure.NotLinked.class)
                    .satisfies(failure -> assertThat(failure.message())
                            .contains(origin + " is not in the allow-list", "allowed are: https://api.example.com")
                            .doesNotContain("secret"));
            assertThat(seen).isEmpty();
        }
    }

    @Test
    void send_requestsThatAreNone_areMalformed() throws Exception {
        try (var client = TestClient.allowing(origin)) {
            for (OutgoingRequest request : List.of(
                    TestClient.request("GET", "ftp://127.0.0.1/", ""),
                    TestClient.request("G T", origin, ""),
                    TestClient.request("GET", origin, "", "x\r\n", "y"),
                    TestClient.request("GET", origin, "", "transfer-encoding", "chunked"))) {
                assertThat(client.failure(request, TestClient.AMPLE)).isInstanceOf(InvocationFailure.Malformed.class);
            }
            assertThat(seen).isEmpty();
        }
    }

    @Test
    void send_bodyAboveTheLimit_isNotSent() throws Exception {
        try (var client = TestClient.allowing(origin, "max_request_bytes", "10")) {
            assertThat(client.failure(TestClient.request("POST", origin, "x".repeat(11)), TestClient.AMPLE))
                    .isInstanceOf(InvocationFailure.PayloadTooLarge.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("max_request_bytes"));
            assertThat(client.send(TestClient.request("POST", origin, "x".repeat(10)))
                            .getStatus())
                    .isEqualTo(201);
            assertThat(seen).hasSize(1);
        }
    }

    @Test
    void send_answerUpToTheLimit_comesWholeAndOneByteMoreDoesNot() throws Exception {
        server.createContext("/big", exchange -> {
            byte[] body = new byte[Integer.parseInt(exchange.getRequestURI().getQuery())];
            exchange.sendResponseHeaders(200, exchange.getRequestURI().getPath().endsWith("chunked") ? 0 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        try (var client = TestClient.allowing(origin, "max_response_bytes", "300000")) {
            for (String path : List.of("/big", "/big/chunked")) {
                assertThat(client.get(origin + path + "?300000").getBody().size())
                        .isEqualTo(300_000);
                assertThat(client.failure(origin + path + "?300001"))
                        .as(path)
                        .isInstanceOf(InvocationFailure.PayloadTooLarge.class)
                        .satisfies(failure -> assertThat(failure.message()).contains("max_response_bytes"));
            }
            assertThat(client.provider.memory().held()).isZero();
        }
    }

    @Test
    void send_deadlineOfTheCallOrTheLink_endsTheWait() throws Exception {
        var release = new CountDownLatch(1);
        server.createContext("/slow", exchange -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        try (var client = TestClient.allowing(origin, "timeout_ms", "200")) {
            for (Duration time : List.of(Duration.ofMillis(100), TestClient.AMPLE)) {
                long start = System.nanoTime();
                assertThat(client.failure(TestClient.request("GET", origin + "/slow", ""), time))
                        .isInstanceOf(InvocationFailure.DeadlineExceeded.class)
                        .satisfies(failure -> assertThat(failure.message()).contains("did not answer in time"));
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
            }
            assertThat(client.client().inProgress()).isZero();
        } finally {
            release.countDown();
        }
    }

    @Test
    void send_moreRequestsThanTheLimit_areOverloadedAtOnce() throws Exception {
        var release = new CountDownLatch(1);
        server.createContext("/wait", exchange -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        try (var client = TestClient.allowing(origin, "max_requests", "2");
                var calls = Executors.newVirtualThreadPerTaskExecutor()) {
            var first = calls.submit(() -> client.get(origin + "/wait").getStatus());
            var second = calls.submit(() -> client.get(origin + "/wait").getStatus());
            TestClient.await("two requests in progress", () -> client.client().inProgress() == 2);

            assertThat(client.failure(origin + "/"))
                    .isInstanceOf(InvocationFailure.Overloaded.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("max_requests"));
            release.countDown();
            assertThat(first.get()).isEqualTo(204);
            assertThat(second.get()).isEqualTo(204);
            assertThat(client.get(origin + "/").getStatus()).isEqualTo(201);
        }
    }

    @Test
    void send_interrupted_endsAtOnceAndDropsTheConnection() throws Exception {
        try (var silent = RawServer.start(RawServer.Peer::awaitEnd);
                var client = TestClient.allowing(silent.origin())) {
            var ended = new CountDownLatch(1);
            Thread call = Thread.ofVirtual().start(() -> {
                try {
                    client.get(silent.origin() + "/");
                } catch (InterruptedException e) {
                    ended.countDown();
                }
            });
            TestClient.await("the request is out", () -> silent.openConnections() == 1);
            call.interrupt();

            assertThat(ended.await(5, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
            TestClient.await("the connection is gone", () -> silent.openConnections() == 0);
        }
    }

    @Test
    void send_manyAtOnce_keepsAtMostTheIdleLimit() throws Exception {
        try (var client = TestClient.allowing(origin);
                var calls = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = new java.util.ArrayList<java.util.concurrent.Future<Integer>>();
            for (int i = 0; i < 60; i++) {
                all.add(calls.submit(() -> client.get(origin + "/").getStatus()));
            }
            for (var one : all) {
                assertThat(one.get()).isEqualTo(201);
            }
            assertThat(client.client().pool().size()).isBetween(1, ConnectionPool.IDLE_MAX);
        }
    }
}

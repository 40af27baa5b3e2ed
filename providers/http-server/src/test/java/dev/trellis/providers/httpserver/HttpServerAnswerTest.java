package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.InvocationFailure.ActorFailed;
import dev.trellis.lattice.contracts.InvocationFailure.ConnectionLost;
import dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded;
import dev.trellis.lattice.contracts.InvocationFailure.Malformed;
import dev.trellis.lattice.contracts.InvocationFailure.NoTarget;
import dev.trellis.lattice.contracts.InvocationFailure.NotLinked;
import dev.trellis.lattice.contracts.InvocationFailure.Overloaded;
import dev.trellis.lattice.contracts.InvocationFailure.PayloadTooLarge;
import dev.trellis.lattice.contracts.InvocationFailure.Trapped;
import dev.trellis.lattice.contracts.InvocationFailure.Unavailable;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** How what an actor answers, or fails to, reaches the client. */
class HttpServerAnswerTest {
    private static final int MIB = 1 << 20;

    private static TestServer server;
    private static volatile HttpResponse next = HttpResponse.getDefaultInstance();
    private static volatile Optional<RuntimeException> failure = Optional.empty();

    @BeforeAll
    static void start() throws Exception {
        server = TestServer.start(
                _ -> {
                    if (failure.isPresent()) {
                        throw failure.get();
                    }
                    return new Payload.Typed(next);
                },
                Map.of("max_response_bytes", "4M"),
                Timeouts.DEFAULTS);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static RawClient.Response answer(HttpResponse response) throws Exception {
        return answer("GET", response);
    }

    private static RawClient.Response answer(String method, HttpResponse response) throws Exception {
        next = response;
        failure = Optional.empty();
        try (var client = server.client()) {
            var answer = client.send(method + " / HTTP/1.1\r\nhost: x\r\n\r\n").read(!method.equals("HEAD"));
            // the connection is still in step: nothing was left over on it
            next = response(200, "next");
            assertThat(client.get("/").read().body()).isEqualTo("next");
            return answer;
        }
    }

    @Test
    void headers_keepOrderAndRepeats() throws Exception {
        var answer = answer(response(
                201, "hi", "X-B", "1", "set-cookie", "a=1", "X-A", "2", "set-cookie", "b=2", "Content-Type", "text/x"));
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.body()).isEqualTo("hi");
        assertThat(answer.headers().subList(0, 5))
                .containsExactly("X-B: 1", "set-cookie: a=1", "X-A: 2", "set-cookie: b=2", "Content-Type: text/x");
        assertThat(answer.all("content-length")).containsExactly("2");
        assertThat(answer.header("date")).matches("\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT");
        assertThat(answer.all("trellis-trace-id")).isEmpty();
    }

    @Test
    void headers_ofTheConnection_areTheServersOwn() throws Exception {
        var answer = answer(response(
                200,
                "four",
                "Connection",
                "close",
                "Transfer-Encoding",
                "chunked",
                "Content-Length",
                "99",
                "Keep-Alive",
                "timeout=1",
                "Upgrade",
                "h2c",
                "date",
                "mine"));
        assertThat(answer.body()).isEqualTo("four");
        assertThat(answer.all("content-length")).containsExactly("4");
        assertThat(answer.all("date")).containsExactly("mine");
        assertThat(answer.headers()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "'a\r\nx: y', v",
        "a, 'v\r\nx: y'",
        "a, 'v\nx: y'",
        "a, 'v\0'",
        "'a b', v",
        "'', v",
        "'a:', v",
        "'\u00fc', v"
    })
    void header_thatIsNone_neverReachesTheWire(String name, String value) throws Exception {
        var answer = answer(response(200, "body", name, value));
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.all("x")).isEmpty();
        assertThat(answer.body()).contains("\"trace_id\"").doesNotContain("control");
    }

    @Test
    void header_beyondAscii_isSentAsUtf8() throws Exception {
        String value = answer(response(200, "", "x-name", "M\u00fcller \u20ac")).header("x-name");
        assertThat(new String(
                        value.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1),
                        java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo("M\u00fcller \u20ac");
    }

    @Test
    void headers_beyondTheirLimit_become500() throws Exception {
        assertThat(answer(response(200, "", "x", "y".repeat(Answer.HEADER_CHARACTERS_MAX)))
                        .status())
                .isEqualTo(500);
    }

    @ParameterizedTest
    @CsvSource({"0", "99", "100", "101", "199", "600", "1000", "-1"})
    void status_outOfRange_becomes500(int status) throws Exception {
        assertThat(answer(response(status, "x")).status()).isEqualTo(500);
    }

    @ParameterizedTest
    @CsvSource({"200", "299", "404", "418", "599"})
    void status_inRange_isSent(int status) throws Exception {
        assertThat(answer(response(status, "x")).status()).isEqualTo(status);
    }

    @Test
    void status_withoutBody_hasNone() throws Exception {
        var noContent = answer(response(204, "dropped", "content-length", "7"));
        assertThat(noContent.status()).isEqualTo(204);
        assertThat(noContent.all("content-length")).isEmpty();
        assertThat(noContent.all("transfer-encoding")).isEmpty();
        next = response(304, "dropped", "etag", "e");
        try (var client = server.client()) {
            var notModified = client.get("/").read(false);
            assertThat(notModified.status()).isEqualTo(304);
            next = response(200, "next");
            assertThat(client.get("/").read().body()).isEqualTo("next");
        }
    }

    @Test
    void head_dropsTheBodyAndKeepsItsLength() throws Exception {
        assertThat(answer("HEAD", response(200, "dropped")).all("content-length"))
                .containsExactly("7");
        assertThat(answer("HEAD", response(200, "", "content-length", "1234")).all("content-length"))
                .containsExactly("1234");
        assertThat(answer("HEAD", response(200, "", "content-length", "nonsense"))
                        .all("content-length"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "65535", "65536", "65537", "131072", "4194304"})
    void body_ofAnySize_arrivesWhole(int size) throws Exception {
        String body = "0123456789abcdef".repeat(size / 16 + 1).substring(0, size);
        var answer = answer(response(200, body));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().equals(body)).as("same body").isTrue();
    }

    @Test
    void body_beyondItsLimit_becomes502() throws Exception {
        assertThat(answer(response(200, "x".repeat(4 * MIB + 1))).status()).isEqualTo(502);
    }

    @Test
    void body_forSlowReader_isNotPiledUp() throws Exception {
        next = response(200, "x".repeat(4 * MIB));
        failure = Optional.empty();
        try (var client = server.client()) {
            for (int i = 0; i < 20; i++) {
                client.get("/");
            }
            // the first answer begins, and as nobody reads, none of the next is made
            assertThat(client.in().read()).isEqualTo('H');
            TestServer.await("one answer waits", () -> server.listener().inProgress() == 1);
            long before = server.listener().counters.bodyBytesOut.sum();
            assertThat(client.in().readNBytes(3 * MIB)).hasSize(3 * MIB);
            assertThat(server.listener().counters.bodyBytesOut.sum() - before).isLessThan(20L * 4 * MIB);
        }
        TestServer.await("nothing in progress", () -> server.listener().inProgress() == 0);
    }

    static Stream<Arguments> failures() {
        var lost = new ConnectionLost("hello", "secret-7");
        return Stream.of(
                Arguments.of(new Overloaded("hello", "secret-7"), 503, "1"),
                Arguments.of(new NoTarget("hello", "secret-7"), 503, "1"),
                Arguments.of(new Unavailable("redis", "secret-7"), 503, "1"),
                Arguments.of(lost, 503, "1"),
                Arguments.of(new ActorFailed("hello", "secret-7", Optional.of(lost)), 503, "1"),
                Arguments.of(
                        new ActorFailed(
                                "a",
                                "secret-7",
                                Optional.of(new ActorFailed("b", "x", Optional.of(new Unavailable("r", "secret-7"))))),
                        503,
                        "1"),
                Arguments.of(new DeadlineExceeded("hello", "secret-7"), 504, ""),
                Arguments.of(
                        new ActorFailed("a", "secret-7", Optional.of(new DeadlineExceeded("r", "secret-7"))), 504, ""),
                Arguments.of(new Trapped("hello", "secret-7"), 500, ""),
                Arguments.of(new ActorFailed("hello", "secret-7", Optional.empty()), 500, ""),
                Arguments.of(new ActorFailed("a", "secret-7", Optional.of(new PayloadTooLarge("r", "x"))), 500, ""),
                Arguments.of(new Malformed("reply", "secret-7"), 500, ""),
                Arguments.of(new NotLinked("http", "secret-7"), 500, ""),
                Arguments.of(new PayloadTooLarge("reply", "secret-7"), 502, ""));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failure_ofTheCall_hasItsStatus(InvocationFailure reason, int status, String retryAfter) throws Exception {
        failure = Optional.of(new InvocationException(reason));
        try (var client = server.client()) {
            var answer = client.get("/").read();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("retry-after")).isEqualTo(retryAfter);
            assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
            assertThat(answer.body()).contains("\"status\":" + status).doesNotContain("secret-7");
        }
    }

    @Test
    void failure_ofTheProgram_becomes500() throws Exception {
        failure = Optional.of(new IllegalStateException("secret-7"));
        try (var client = server.client()) {
            var answer = client.get("/").read();
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).doesNotContain("secret-7");
        }
    }

    @Test
    void reply_ofAnotherKind_becomes500() throws Exception {
        try (var other = TestServer.start(_ -> Payload.EMPTY, Map.of(), Timeouts.DEFAULTS);
                var client = other.client()) {
            assertThat(client.get("/").read().status()).isEqualTo(500);
        }
    }

    @Test
    void readOnly_otherMethods_areRefused() throws Exception {
        try (var readOnly = TestServer.start(
                        _ -> response(200, "x"), Map.of("READONLY_MODE", "true", "Cache_Control", "max-age=5"));
                var client = readOnly.client()) {
            var get = client.get("/").read();
            assertThat(get.status()).isEqualTo(200);
            assertThat(get.header("cache-control")).isEqualTo("max-age=5");
            var delete = client.send("DELETE / HTTP/1.1\r\nhost: x\r\n\r\n").read();
            assertThat(delete.status()).isEqualTo(405);
            assertThat(delete.header("allow")).isEqualTo("GET, HEAD");
        }
    }

    @Test
    void cors_preflight_isAnsweredHere() throws Exception {
        try (var cors = TestServer.start(
                        _ -> response(200, "x"),
                        Map.of(
                                "cors_allowed_origins",
                                "[\"https://a.example\", \"https://b.example\"]",
                                "cors_max_age_secs",
                                "60"));
                var client = cors.client()) {
            client.request(
                    "OPTIONS",
                    "/",
                    "origin: https://b.example",
                    "access-control-request-method: PUT",
                    "access-control-request-headers: x-a");
            var preflight = client.read();
            assertThat(preflight.status()).isEqualTo(204);
            assertThat(preflight.header("access-control-allow-origin")).isEqualTo("https://b.example");
            assertThat(preflight.header("access-control-allow-methods")).isEqualTo("PUT");
            assertThat(preflight.header("access-control-allow-headers")).isEqualTo("x-a");
            assertThat(preflight.header("access-control-max-age")).isEqualTo("60");
            assertThat(preflight.header("vary")).isEqualTo("origin");
            client.request("OPTIONS", "/", "origin: https://c.example", "access-control-request-method: PUT");
            assertThat(client.read().status()).isEqualTo(403);
            var get = client.get("/", "origin: https://a.example").read();
            assertThat(get.header("access-control-allow-origin")).isEqualTo("https://a.example");
            assertThat(client.get("/", "origin: https://c.example").read().all("access-control-allow-origin"))
                    .isEmpty();
        }
    }
}

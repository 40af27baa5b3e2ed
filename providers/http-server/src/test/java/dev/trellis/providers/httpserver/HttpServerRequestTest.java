package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.model.LinkName;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How what a client sends reaches the actor, and what never does. */
class HttpServerRequestTest {
    private static final BlockingQueue<Invocation> CALLS = new ArrayBlockingQueue<>(100);
    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        server = TestServer.start(
                invocation -> {
                    CALLS.add(invocation);
                    return new Payload.Typed(response(200, "hello, world!"));
                },
                Map.of("max_body_bytes", "100000"),
                Timeouts.DEFAULTS);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Invocation call() throws InterruptedException {
        var call = CALLS.poll(5, TimeUnit.SECONDS);
        if (call == null) {
            throw new AssertionError("the actor was not called");
        }
        return call;
    }

    private static HttpRequest sent(String raw) throws Exception {
        try (var client = server.client()) {
            assertThat(client.send(raw).read().status()).isEqualTo(200);
            return TestServer.request(call());
        }
    }

    private static int refused(String raw) throws Exception {
        try (var client = server.client()) {
            var response = client.send(raw).read();
            assertThat(CALLS).as("calls of the actor").isEmpty();
            return response.status();
        }
    }

    private static List<String> lines(HttpRequest request) {
        return request.getHeadersList().stream()
                .map(header -> header.getName() + ": " + header.getValue())
                .toList();
    }

    @Test
    void request_fromJavaClient_callsTheLinkedActor() throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            var response = http.send(
                    java.net.http.HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/a"))
                            .POST(java.net.http.HttpRequest.BodyPublishers.ofString("body"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("hello, world!");
        }
        var call = call();
        assertThat(call.source()).isEqualTo(TestServer.PROVIDER);
        assertThat(call.target()).isEqualTo(TestServer.ACTOR);
        assertThat(call.linkName()).isEqualTo(LinkName.DEFAULT);
        assertThat(call.contract()).isEqualTo(Contracts.HTTP_SERVER.id());
        assertThat(call.operation()).isEqualTo("HandleRequest");
        assertThat(TestServer.request(call).getBody().toStringUtf8()).isEqualTo("body");
    }

    @Test
    void head_ofRequest_isPassedOnAsReceived() throws Exception {
        var request = sent(String.join(
                "\r\n",
                "gEt /a%2Fb/%C3%BC?q=%20x&y=?z HTTP/1.1",
                "Host: h",
                "X-B: 1",
                "Accept: */*",
                "x-b: 2",
                "X-Latin: caf\u00e9",
                "X-Empty:",
                "",
                ""));
        assertThat(request.getMethod()).isEqualTo("GET");
        assertThat(request.getPath()).isEqualTo("/a%2Fb/%C3%BC");
        assertThat(request.getQuery()).isEqualTo("q=%20x&y=?z");
        assertThat(lines(request)).containsExactly("host: h", "x-b: 1", "accept: */*", "x-b: 2", "x-empty: ");
    }

    @ParameterizedTest
    @CsvSource({
        "http://other:81/p/q?a=1, /p/q, a=1",
        "http://other, /, ''",
        "http://other?a, /, a",
        "/?, /, ''",
        "//two, //two, ''",
    })
    void target_ofEachForm_isSplit(String target, String path, String query) throws Exception {
        var request = sent("GET " + target + " HTTP/1.1\r\nhost: x\r\n\r\n");
        assertThat(request.getPath()).isEqualTo(path);
        assertThat(request.getQuery()).isEqualTo(query);
    }

    @Test
    void options_withoutCors_reachTheActor() throws Exception {
        var request = sent("OPTIONS * HTTP/1.1\r\nhost: x\r\norigin: http://o\r\n\r\n");
        assertThat(request.getMethod()).isEqualTo("OPTIONS");
        assertThat(request.getPath()).isEqualTo("*");
    }

    @Test
    void trace_ofClient_isContinued() throws Exception {
        String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        sent("GET / HTTP/1.1\r\nhost: x\r\nTraceparent: " + parent + "\r\ntracestate: a=1\r\ntracestate: b=2\r\n\r\n");
        // sent() took the call; ask once more to look at the trace
        try (var client = server.client()) {
            client.get("/", "traceparent: " + parent, "tracestate: a=1", "tracestate: b=2")
                    .read();
        }
        var trace = call().trace();
        assertThat(trace.parent()).isEqualTo(parent);
        assertThat(trace.state()).isEqualTo("a=1,b=2");
    }

    @Test
    void trace_missingOrInvalid_isNew() throws Exception {
        try (var client = server.client()) {
            client.get("/").read();
            client.get("/", "traceparent: nonsense").read();
        }
        assertThat(call().trace().traceId())
                .hasSize(32)
                .isNotEqualTo(call().trace().traceId());
    }

    @Test
    void body_chunked_isJoined() throws Exception {
        var request = sent(
                "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
        assertThat(request.getBody().toStringUtf8()).isEqualTo("abcde");
    }

    @Test
    void body_atTheLimit_isTaken() throws Exception {
        String body = "x".repeat(100_000);
        assertThat(sent("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + body)
                        .getBody()
                        .size())
                .isEqualTo(100_000);
        TestServer.await("body bytes let go", () -> server.listener().bodyBytes() == 0);
    }

    @Test
    void body_announcedTooLarge_isRefusedUnread() throws Exception {
        try (var client = server.client()) {
            var response = client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100001\r\n\r\n")
                    .read();
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(response.header("content-type")).isEqualTo("application/problem+json");
            assertThat(response.body())
                    .matches("\\{\"type\":\"about:blank\",\"title\":\"Content Too Large\",\"status\":413,"
                            + "\"detail\":\"[^\"]+\",\"trace_id\":\"[0-9a-f]{32}\"}");
            assertThat(client.closedByServer()).isTrue();
        }
        assertThat(CALLS).isEmpty();
    }

    @Test
    void body_growingTooLarge_isRefused() throws Exception {
        try (var client = server.client()) {
            client.send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
            String chunk = "2710\r\n" + "x".repeat(10_000) + "\r\n";
            for (int i = 0; i < 11; i++) {
                client.send(chunk);
            }
            assertThat(client.read().status()).isEqualTo(413);
            assertThat(client.closedByServer()).isTrue();
        }
        assertThat(CALLS).isEmpty();
        TestServer.await("body bytes let go", () -> server.listener().bodyBytes() == 0);
        TestServer.await("request over", () -> server.listener().inProgress() == 0);
    }

    @Test
    void expectContinue_smallBody_getsContinue() throws Exception {
        try (var client = server.client()) {
            client.send("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(100);
            assertThat(client.send("ok").read().status()).isEqualTo(200);
        }
        assertThat(TestServer.request(call()).getBody().toStringUtf8()).isEqualTo("ok");
    }

    @Test
    void expectContinue_largeBody_getsRefusal() throws Exception {
        assertThat(refused("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 100001\r\n\r\n"))
                .isEqualTo(413);
        assertThat(refused("POST / HTTP/1.1\r\nhost: x\r\nexpect: something\r\ncontent-length: 1\r\n\r\n"))
                .isEqualTo(417);
    }

    @ParameterizedTest
    @CsvSource({
        "'GET', 400",
        "'GET / FTP/1.1', 501",
        "'G@T / HTTP/1.1', 400",
        "'GET /\u00fc HTTP/1.1', 400",
        "'GET nonsense HTTP/1.1', 400",
        "'CONNECT a:1 HTTP/1.1', 501",
    })
    void requestLine_malformed_isRefused(String line, int status) throws Exception {
        assertThat(refused(line + "\r\nhost: x\r\n\r\n")).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 400",
        "'host: a,host: b', 400",
        "'host: a,bad header: b', 400",
        "'host: a,content-length: x', 400",
        "'host: a,content-length: -1', 400",
        "'host: a,content-length: 1,content-length: 2', 400",
        "'host: a,transfer-encoding: gzip', 400",
        "'host: a,transfer-encoding: gzip;chunked', 400",
    })
    void headers_malformed_areRefused(String headers, int status) throws Exception {
        String lines = headers.isEmpty() ? "" : headers.replace(",", "\r\n") + "\r\n";
        assertThat(refused("GET / HTTP/1.1\r\n" + lines + "\r\n")).isEqualTo(status);
    }

    @Test
    void chunks_malformed_areRefused() throws Exception {
        assertThat(refused("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"))
                .isEqualTo(400);
        TestServer.await("request over", () -> server.listener().inProgress() == 0);
    }

    @Test
    void head_tooLong_isRefused() throws Exception {
        assertThat(refused("GET /" + "x".repeat(Worker.REQUEST_LINE_MAX) + " HTTP/1.1\r\nhost: x\r\n\r\n"))
                .isEqualTo(414);
        assertThat(refused("GET / HTTP/1.1\r\nhost: x\r\nx: " + "y".repeat(Worker.HEAD_MAX) + "\r\n\r\n"))
                .isEqualTo(431);
    }

    @Test
    void pipelined_requests_areAnsweredInOrder() throws Exception {
        var seen = new AtomicInteger();
        try (var echo = TestServer.start(request -> {
                    seen.incrementAndGet();
                    return response(200, request.getPath());
                });
                var client = echo.client()) {
            var all = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                all.append("POST /").append(i).append(" HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc");
            }
            client.send(all.toString());
            for (int i = 0; i < 50; i++) {
                assertThat(client.read().body()).isEqualTo("/" + i);
            }
        }
        assertThat(seen).hasValue(50);
    }

    @Test
    void http10_withoutKeepAlive_closes() throws Exception {
        try (var client = server.client()) {
            var response = client.send("GET / HTTP/1.0\r\n\r\n").read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("hello, world!");
            assertThat(client.closedByServer()).isTrue();
        }
        call();
    }

    @Test
    void http10_withKeepAlive_stays() throws Exception {
        try (var client = server.client()) {
            var response = client.send("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
                    .read();
            assertThat(response.header("connection")).isEqualToIgnoringCase("keep-alive");
            assertThat(client.send("GET / HTTP/1.0\r\n\r\n").read().status()).isEqualTo(200);
        }
        call();
        call();
    }

    @Test
    void connectionClose_fromClient_isObeyed() throws Exception {
        try (var client = server.client()) {
            assertThat(client.get("/", "connection: close").read().header("connection"))
                    .isEqualTo("close");
            assertThat(client.closedByServer()).isTrue();
        }
        call();
    }

    @Test
    void bytes_ofNoProtocol_neverReachTheActor() throws Exception {
        var random = new java.util.Random(20261120); // the seed that a failure is repeated with
        for (int i = 0; i < 50; i++) {
            byte[] bytes = new byte[random.nextInt(1, 400)];
            random.nextBytes(bytes);
            try (var client = server.client()) {
                client.socket.getOutputStream().write(bytes);
                client.send("\r\n\r\n");
                assertThat(client.read().status())
                        .as(HexFormat.of().formatHex(bytes))
                        .isEqualTo(400);
            }
        }
        assertThat(CALLS).isEmpty();
    }
}

package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.InvocationFailure.ConnectionLost;
import dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded;
import dev.trellis.lattice.contracts.InvocationFailure.PayloadTooLarge;
import dev.trellis.lattice.contracts.InvocationFailure.ProviderFailed;
import dev.trellis.lattice.contracts.InvocationFailure.Unavailable;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that do everything wrong. */
class HttpClientHostileTest {
    private static final long SEED = 4_711;

    private static void assertFails(
            String answer, Class<? extends InvocationFailure> kind, String text, String... settings) throws Exception {
        try (var server = RawServer.answering(answer);
                var client = TestClient.allowing(server.origin(), settings)) {
            InvocationFailure failure = client.failure(server.origin() + "/");

            assertThat(failure).as(failure.describe()).isInstanceOf(kind);
            assertThat(failure.message()).contains(text).contains(server.origin());
            assertThat(client.client().pool().size()).isZero();
            TestClient.await("the connection is dropped", () -> server.openConnections() == 0);
            assertThat(client.provider.memory().held()).isZero();
        }
    }

    static Stream<Arguments> brokenAnswers() {
        String ok = "HTTP/1.1 200 OK\r\n";
        return Stream.of(
                Arguments.of("", ConnectionLost.class, "before it answered"),
                Arguments.of("HTTP/1.1 200", ConnectionLost.class, "closed"),
                Arguments.of(ok + "a: b\r\n", ConnectionLost.class, "closed"),
                Arguments.of(ok + "content-length: 10\r\n\r\nshort", ConnectionLost.class, "middle of its answer"),
                Arguments.of(
                        ok + "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
                        ConnectionLost.class,
                        "middle of its answer"),
                Arguments.of(ok + "transfer-encoding: chunked\r\n\r\nzz\r\n", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of(
                        ok + "transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of(
                        ok + "transfer-encoding: chunked\r\n\r\n7fffffffffffffff\r\nx", InvocationFailure.class, ""),
                Arguments.of(ok + "content-length: -1\r\n\r\n", ProviderFailed.class, ""),
                Arguments.of(ok + "content-length: 1, 2\r\n\r\nab", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of(
                        ok + "content-length: 1\r\ncontent-length: 2\r\n\r\nab", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of(ok + "content-length: abc\r\n\r\n", ProviderFailed.class, ""),
                Arguments.of(ok + "a\u0000b: c\r\n\r\n", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of("hello\r\n\r\n", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of("SSH-2.0-OpenSSH_9.2\r\n", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of("HTTP/2.0 200 OK\r\n\r\n", ProviderFailed.class, "not as HTTP/1.1"),
                Arguments.of("HTTP/1.1 99 Low\r\n\r\n", ProviderFailed.class, "status 99"),
                Arguments.of("HTTP/1.1 1000 High\r\n\r\n", ProviderFailed.class, "status 1000"),
                Arguments.of("HTTP/1.1 -1 No\r\n\r\n", ProviderFailed.class, ""),
                Arguments.of("HTTP/1.1 abc No\r\n\r\n", ProviderFailed.class, "not HTTP/1.1"),
                Arguments.of(
                        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
                        ProviderFailed.class,
                        "status 101"),
                Arguments.of("HTTP/1.1 100 Continue\r\n\r\n".repeat(9), ProviderFailed.class, "interim"),
                Arguments.of("HTTP/1.1 100 Continue\r\n\r\n", ConnectionLost.class, "middle of its answer"),
                Arguments.of(ok + "a: b\r\n".repeat(300) + "\r\n", ProviderFailed.class, "header lines"),
                Arguments.of(ok + "a: " + "x".repeat(20_000) + "\r\n\r\n", PayloadTooLarge.class, "max_header_bytes"),
                Arguments.of("HTTP/1.1 200 " + "x".repeat(20_000) + "\r\n\r\n", PayloadTooLarge.class, "head larger"),
                Arguments.of(ok + "content-length: 5000000\r\n\r\n", PayloadTooLarge.class, "max_response_bytes"),
                Arguments.of(
                        ok + "content-length: 99999999999999\r\n\r\n", PayloadTooLarge.class, "max_response_bytes"));
    }

    @ParameterizedTest
    @MethodSource("brokenAnswers")
    void send_brokenAnswer_failsWithTheReason(String answer, Class<? extends InvocationFailure> kind, String text)
            throws Exception {
        assertFails(answer, kind, text);
    }

    @Test
    void send_interimAnswers_arePassedOver() throws Exception {
        try (var server = RawServer.answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
                        + "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
                var client = TestClient.allowing(server.origin())) {
            HttpResponse response = client.get(server.origin() + "/");

            assertThat(response.getStatus()).isEqualTo(200);
            assertThat(response.getBody().toStringUtf8()).isEqualTo("hi");
            assertThat(TestClient.header(response, "link")).isEmpty();
        }
    }

    @Test
    void send_answerThatEndsWithTheConnection_isTaken() throws Exception {
        try (var server = RawServer.answering("HTTP/1.0 200 OK\r\nx-a: \u00c3\u00a4\r\nx-b: \u00e4\r\n\r\nhi");
                var client = TestClient.allowing(server.origin())) {
            HttpResponse response = client.get(server.origin() + "/");

            assertThat(response.getBody().toStringUtf8()).isEqualTo("hi");
            assertThat(TestClient.header(response, "x-a")).containsExactly("\u00e4");
            assertThat(TestClient.header(response, "x-b")).containsExactly("\u00e4");
        }
    }

    @Test
    void send_endlessHead_isDroppedAtTheBound() throws Exception {
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\n");
                    while (true) {
                        peer.write("x-y: " + "z".repeat(100) + "\r\n");
                    }
                });
                var client = TestClient.allowing(server.origin())) {
            assertThat(client.failure(server.origin() + "/")).isInstanceOf(PayloadTooLarge.class);
            TestClient.await("the connection is dropped", () -> server.openConnections() == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "transfer-encoding: chunked\r\n"})
    void send_endlessBody_isDroppedAtTheBound(String framing) throws Exception {
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\n" + framing + "\r\n");
                    while (true) {
                        peer.write(framing.isEmpty() ? "x".repeat(1_000) : "3e8\r\n" + "x".repeat(1_000) + "\r\n");
                    }
                });
                var client = TestClient.allowing(server.origin(), "max_response_bytes", "100000")) {
            assertThat(client.failure(server.origin() + "/")).isInstanceOf(PayloadTooLarge.class);
            TestClient.await("the connection is dropped", () -> server.openConnections() == 0);
            assertThat(client.provider.memory().held()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"
            })
    void send_answerThatDrips_endsWithTheTime(String start) throws Exception {
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write(start);
                    peer.awaitEnd();
                });
                var client = TestClient.allowing(server.origin(), "timeout_ms", "150")) {
            assertThat(client.failure(server.origin() + "/")).isInstanceOf(DeadlineExceeded.class);
            TestClient.await("the connection is dropped", () -> server.openConnections() == 0);
            assertThat(client.provider.memory().held()).isZero();
        }
    }

    @Test
    void send_serverThatDoesNotRead_endsWithTheTime() throws Exception {
        try (var server =
                        RawServer.start(peer -> peer.connection.getInputStream().readNBytes(10_000_000));
                var client =
                        TestClient.allowing(server.origin(), "timeout_ms", "150", "max_request_bytes", "9000000")) {
            assertThat(client.failure(
                            TestClient.request("POST", server.origin() + "/", "x".repeat(9_000_000)), TestClient.AMPLE))
                    .isInstanceOf(DeadlineExceeded.class);
        }
    }

    @Test
    void send_nobodyListens_isUnavailable() throws Exception {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            port = socket.getLocalPort();
        }
        try (var client = TestClient.allowing("http://127.0.0.1:" + port)) {
            assertThat(client.failure("http://127.0.0.1:" + port))
                    .isInstanceOf(Unavailable.class)
                    .satisfies(failure -> assertThat(failure.message())
                            .startsWith("connection-refused: ")
                            .contains("refused the connection"));
        }
    }

    @Test
    void send_idleConnectionThatTheServerClosed_isReplacedForQuestions() throws Exception {
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
                    peer.readHead(); // takes the next request, and closes without a word
                });
                var client = TestClient.allowing(server.origin())) {
            assertThat(client.get(server.origin() + "/").getStatus()).isEqualTo(200);
            assertThat(client.get(server.origin() + "/").getStatus()).isEqualTo(200);
            assertThat(server.connections).hasValue(2);
            assertThat(server.heads).hasSize(3);

            assertThat(client.failure(TestClient.request("POST", server.origin() + "/", "x"), TestClient.AMPLE))
                    .isInstanceOf(ConnectionLost.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("it may have acted"));
            assertThat(server.heads).hasSize(4);
        }
    }

    @Test
    void send_answerThatNobodyAskedFor_isNeverGivenToTheNextRequest() throws Exception {
        var count = new AtomicInteger();
        try (var server = RawServer.start(peer -> {
                    while (!peer.readHead().isEmpty()) {
                        String body = "answer " + count.incrementAndGet();
                        String answer = "HTTP/1.1 200 OK\r\ncontent-length: " + body.length() + "\r\n\r\n" + body;
                        peer.write(answer + "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
                    }
                });
                var client = TestClient.allowing(server.origin())) {
            for (int i = 1; i <= 20; i++) {
                assertThat(client.get(server.origin() + "/").getBody().toStringUtf8())
                        .startsWith("answer");
            }
        }
    }

    @Test
    void send_randomAnswers_endInTimeAndLeaveNothing() throws Exception {
        var random = new Random(SEED);
        String[] parts = {
            "HTTP/1.1 ",
            "HTTP/1.0 ",
            "200",
            "204",
            "304",
            "100",
            "302",
            " OK",
            "\r\n",
            "\r\n\r\n",
            "\n",
            "\r",
            "content-length: ",
            "transfer-encoding: ",
            "chunked",
            "gzip, chunked",
            "5",
            "0",
            "-1",
            "99999999999999999999",
            "location: ",
            "/",
            "http://169.254.169.254/",
            "hello",
            "\u0000",
            ": ",
            ";ext",
            "connection: close",
            "5\r\nhello\r\n",
            "0\r\n\r\n"
        };
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    var answer = new StringBuilder();
                    synchronized (random) {
                        answer.append(random.nextBoolean() ? "HTTP/1.1 200 OK\r\n" : "");
                        for (int i = random.nextInt(12); i > 0; i--) {
                            answer.append(parts[random.nextInt(parts.length)]);
                        }
                    }
                    peer.write(answer.toString());
                });
                var client = TestClient.allowing(server.origin(), "max_redirects", "2")) {
            int answered = 0;
            for (int i = 0; i < 1_500; i++) {
                try {
                    client.send(TestClient.request("GET", server.origin() + "/", ""), Duration.ofSeconds(5));
                    answered++;
                } catch (dev.trellis.lattice.contracts.InvocationException e) {
                    assertThat(e.failure()).as("seed %d", SEED).isNotInstanceOf(DeadlineExceeded.class);
                }
            }
            assertThat(answered).isPositive();
            assertThat(client.client().inProgress()).isZero();
            TestClient.await("memory given back", () -> client.provider.memory().held() == 0);
            TestClient.await("connections dropped", () -> server.openConnections() == 0);
        }
    }

    /** Whatever a guest asks for: it is refused, or it is one request on the wire with nothing behind it. */
    @Test
    void send_randomRequests_areOneRequestOnTheWireOrNone() throws Exception {
        var random = new Random(SEED);
        String[] parts = {
            "GET",
            "POST",
            " ",
            "/",
            "\r\n",
            "\n",
            "\r",
            "\u0000",
            ":",
            "x",
            "host",
            "content-length",
            "transfer-encoding",
            "chunked",
            "0",
            "5",
            "\u00e4",
            "\u560d\u560a",
            "HTTP/1.1",
            "GET / HTTP/1.1\r\n\r\n",
            "connection",
            "close",
            "%0d%0a",
            "\t",
            "#",
            "?",
            "a=1"
        };
        var leftover = new AtomicInteger();
        try (var server = RawServer.start(peer -> {
                    String head = peer.readHead();
                    var length = java.util.regex.Pattern.compile("content-length: (\\d+)")
                            .matcher(head);
                    peer.in.readNBytes(length.find() ? Integer.parseInt(length.group(1)) : 0);
                    peer.write("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
                    while (peer.in.read() >= 0) {
                        leftover.incrementAndGet();
                    }
                });
                var client = TestClient.allowing(server.origin())) {
            int sent = 0;
            for (int i = 0; i < 3_000; i++) {
                var request = TestClient.request(
                        random.nextInt(3) > 0 ? "POST" : text(random, parts, 2),
                        server.origin() + "/" + text(random, parts, 3),
                        text(random, parts, 4),
                        random.nextBoolean() ? "x-a" : text(random, parts, 2),
                        text(random, parts, 3));
                int before = server.heads.size();
                try {
                    client.send(request);
                } catch (dev.trellis.lattice.contracts.InvocationException e) {
                    assertThat(e.failure())
                            .as("%s, seed %d", request, SEED)
                            .isInstanceOf(InvocationFailure.Malformed.class);
                    assertThat(server.heads).hasSize(before);
                    continue;
                }
                sent++;
                assertThat(server.heads).as("%s, seed %d", request, SEED).hasSize(before + 1);
                String[] lines = server.heads.getLast().split("\r\n", -1);
                assertThat(lines[0]).endsWith(" HTTP/1.1").matches("[!-~]+ /[!-~]* HTTP/1.1");
                assertThat(lines).filteredOn(line -> line.startsWith("host: ")).hasSize(1);
                assertThat(lines)
                        .noneMatch(line -> line.contains("\n") || line.contains("\r") || line.contains("\u0000"));
                assertThat(lines).noneMatch(line -> line.startsWith("transfer-encoding:"));
            }
            assertThat(sent).isGreaterThan(100);
            TestClient.await("connections dropped", () -> server.openConnections() == 0);
            assertThat(leftover).hasValue(0);
        }
    }

    private static String text(Random random, String[] parts, int max) {
        var text = new StringBuilder();
        for (int i = random.nextInt(max + 1); i > 0; i--) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return text.toString();
    }
}

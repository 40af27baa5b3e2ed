package dev.trellis.providers.httpserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that move while the actor runs. */
@Timeout(60)
class HttpServerStreamTest {
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final HttpResponse OK =
            HttpResponse.newBuilder().setStatus(200).build();

    /** An actor that uses the exchange. */
    private interface Streaming {
        Payload handle(HttpRequest request, HttpExchange exchange, Deadline deadline) throws InterruptedException;
    }

    private static Invoker invoker(Streaming actor) {
        return invocation -> {
            var streamed = (Payload.Streamed) invocation.payload();
            return actor.handle((HttpRequest) streamed.message(), streamed.exchange(), invocation.deadline());
        };
    }

    private static TestServer start(Streaming actor, String... config) throws Exception {
        return start(Timeouts.DEFAULTS, actor, config);
    }

    private static TestServer start(Timeouts timeouts, Streaming actor, String... config) throws Exception {
        var settings = new HashMap<>(Map.of("timeout_ms", "20000", "body_buffer_bytes", "64k"));
        for (int i = 0; i < config.length; i += 2) {
            settings.put(config[i], config[i + 1]);
        }
        return TestServer.start(invoker(actor), settings, timeouts);
    }

    private static Payload echo(HttpRequest request, HttpExchange exchange, Deadline deadline)
            throws InterruptedException {
        exchange.respond(OK);
        HttpBodies.write(exchange, request.getBody(), deadline);
        while (HttpBodies.awaitReadable(exchange, deadline)) {
            ByteString part = exchange.read(HttpExchange.PART_BYTES_MAX);
            if (part == null) {
                exchange.end(exchange.requestTrailers());
                return Payload.EMPTY;
            }
            HttpBodies.write(exchange, part, deadline);
        }
        throw new AssertionError("too late");
    }

    private static Payload count(HttpRequest request, HttpExchange exchange, Deadline deadline)
            throws InterruptedException {
        long bytes = request.getBody().size();
        while (HttpBodies.awaitReadable(exchange, deadline)) {
            ByteString part = exchange.read(HttpExchange.PART_BYTES_MAX);
            if (part == null) {
                break;
            }
            bytes += part.size();
        }
        return new Payload.Typed(TestServer.response(200, Long.toString(bytes)));
    }

    private static Streaming responding(HttpResponse head, String... parts) {
        return (_, exchange, deadline) -> {
            exchange.respond(head);
            for (String part : parts) {
                HttpBodies.write(exchange, ByteString.copyFromUtf8(part), deadline);
            }
            exchange.end(List.of());
            return Payload.EMPTY;
        };
    }

    private static Header header(String name, String value) {
        return Header.newBuilder().setName(name).setValue(value).build();
    }

    private static void awaitQuiet(TestServer server) {
        TestServer.await("place given back", () -> server.listener().inProgress() == 0);
        TestServer.await("memory given back", () -> server.listener().bodyBytes() == 0);
    }

    // ---- requests

    @Test
    void request_thatHasArrivedWhole_endsWithItsHead() throws Exception {
        try (var server = start((request, exchange, _) -> new Payload.Typed(TestServer.response(
                        200, exchange.requestEnded() + " " + request.getBody().toStringUtf8())));
                var client = server.client()) {
            assertThat(client.get("/").read().body()).isEqualTo("true ");
            assertThat(client.request("POST", "/", "content-length: 2")
                            .send("hi")
                            .read()
                            .body())
                    .isEqualTo("true hi");
            assertThat(client.request("POST", "/", "transfer-encoding: chunked")
                            .send("2\r\nhi\r\n0\r\n\r\n")
                            .read()
                            .body())
                    .isEqualTo("true hi");
        }
    }

    @Test
    void request_ofExactlyTheBuffer_arrivesWhole() throws Exception {
        try (var server = start((request, exchange, _) -> new Payload.Typed(TestServer.response(
                        200, exchange.requestEnded() + " " + request.getBody().size())));
                var client = server.client()) {
            assertThat(client.request("POST", "/", "content-length: 65536")
                            .send("x".repeat(65536))
                            .read()
                            .body())
                    .isEqualTo("true 65536");
        }
    }

    @Test
    void request_largerThanTheBuffer_isReadWhileItComes() throws Exception {
        try (var server = start(HttpServerStreamTest::count, "max_body_bytes", "8M");
                var client = server.client()) {
            client.request("POST", "/", "content-length: 3000000");
            for (int i = 0; i < 30; i++) {
                client.send("x".repeat(100_000));
            }
            assertThat(client.read().body()).isEqualTo("3000000");
            assertThat(client.get("/").read().body())
                    .as("the connection goes on")
                    .isEqualTo("0");
            awaitQuiet(server);
            assertThat(server.listener().counters.bodyBytesIn.sum()).isEqualTo(3_000_000);
        }
    }

    @Test
    void request_slowActor_holdsTheClientBack() throws Exception {
        long held = 0;
        var go = new CountDownLatch(1);
        try (var server = start(
                        (request, exchange, deadline) -> {
                            go.await();
                            return count(request, exchange, deadline);
                        },
                        "max_body_bytes",
                        "1G");
                var client = server.client()) {
            long size = 64L << 20;
            client.request("POST", "/", "content-length: " + size);
            var sent = new AtomicLong();
            var sending = CompletableFuture.runAsync(() -> {
                try {
                    String part = "x".repeat(1 << 20);
                    while (sent.get() < size) {
                        client.send(part);
                        sent.addAndGet(part.length());
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            TestServer.await("full", () -> server.listener().bodyBytes() >= 256 << 10);
            for (long look = 0, before = -1; before != sent.get() || look < 20; look++) {
                before = sent.get();
                held = Math.max(held, server.listener().bodyBytes());
                LockSupport.parkNanos(1_000_000);
            }
            assertThat(held).isLessThan(512 << 10);
            assertThat(sending).isNotDone();
            go.countDown();
            sending.get(30, TimeUnit.SECONDS);
            assertThat(client.read().body()).isEqualTo(Long.toString(size));
            awaitQuiet(server);
        }
    }

    @Test
    void request_growsBeyondItsLimit_isRefusedAndItsCallEnded() throws Exception {
        var failure = new CompletableFuture<InvocationFailure>();
        try (var server = start(
                        (request, exchange, deadline) -> {
                            try {
                                return count(request, exchange, deadline);
                            } catch (InvocationException e) {
                                failure.complete(e.failure());
                                throw e;
                            }
                        },
                        "max_body_bytes",
                        "100000");
                var client = server.client()) {
            client.request("POST", "/", "transfer-encoding: chunked");
            for (int i = 0; i < 2; i++) {
                client.send("11170\r\n" + "x".repeat(70_000) + "\r\n");
            }
            var answer = client.read();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(failure.get(5, TimeUnit.SECONDS)).isInstanceOf(InvocationFailure.PayloadTooLarge.class);
            awaitQuiet(server);
        }
    }

    @Test
    void request_moreThanItsActorTakes_gets413() throws Exception {
        try (var server = start(
                        (request, exchange, deadline) -> {
                            HttpBodies.wholeRequest(request, exchange, 100_000, deadline);
                            throw new AssertionError("not reached");
                        },
                        "max_body_bytes",
                        "1M");
                var client = server.client()) {
            client.request("POST", "/", "content-length: 200000").send("x".repeat(200_000));
            assertThat(client.read().status()).isEqualTo(413);
        }
    }

    @Test
    void request_stopsWhileItIsRead_gets408() throws Exception {
        try (var server = start(
                        new Timeouts(LONG, LONG, SHORT, LONG, LONG, LONG, SHORT, SHORT), HttpServerStreamTest::count);
                var client = server.client()) {
            client.request("POST", "/", "content-length: 100000").send("x".repeat(70_000));
            assertThat(client.read().status()).isEqualTo(408);
            assertThat(client.closedByServer()).isTrue();
            awaitQuiet(server);
        }
    }

    @Test
    void request_brokenWhileItIsRead_endsTheCall() throws Exception {
        var failed = new CountDownLatch(1);
        try (var server = start((request, exchange, deadline) -> {
                    try {
                        return count(request, exchange, deadline);
                    } finally {
                        failed.countDown();
                    }
                });
                var client = server.client()) {
            client.request("POST", "/", "transfer-encoding: chunked")
                    .send("11170\r\n" + "x".repeat(70_000) + "\r\nzz\r\n");
            assertThat(client.read().status()).isEqualTo(400);
            assertThat(failed.await(5, TimeUnit.SECONDS)).isTrue();
            awaitQuiet(server);
        }
    }

    @Test
    void request_clientLeaves_endsTheCallAsConnectionLost() throws Exception {
        var failure = new CompletableFuture<InvocationFailure>();
        var interrupted = new CompletableFuture<Boolean>();
        try (var server = start((request, exchange, _) -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.complete(true);
            }
            try {
                exchange.read(1);
            } catch (InvocationException e) {
                failure.complete(e.failure());
            }
            throw new InterruptedException();
        })) {
            try (var client = server.client()) {
                client.request("POST", "/", "content-length: 100000").send("x".repeat(70_000));
                TestServer.await("called", () -> server.listener().inProgress() == 1);
            }
            assertThat(interrupted.get(5, TimeUnit.SECONDS)).isTrue();
            assertThat(failure.get(5, TimeUnit.SECONDS)).isInstanceOf(InvocationFailure.ConnectionLost.class);
            TestServer.await("counted", () -> server.listener().counters.gone.sum() == 1);
            awaitQuiet(server);
        }
    }

    @Test
    void request_answeredBeforeItWasRead_isAnsweredAndTheConnectionClosed() throws Exception {
        try (var server = start((_, _, _) -> new Payload.Typed(TestServer.response(403, "no")));
                var client = server.client()) {
            client.request("POST", "/", "content-length: 500000").send("x".repeat(100_000));
            var answer = client.read();
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.closedByServer()).isTrue();
            awaitQuiet(server);
        }
    }

    @Test
    void request_withExpectation_isContinuedOnce() throws Exception {
        try (var server = start(HttpServerStreamTest::count, "body_buffer_bytes", "0");
                var client = server.client()) {
            client.request("POST", "/", "content-length: 100000", "expect: 100-continue");
            assertThat(client.read(false).status()).isEqualTo(100);
            client.send("x".repeat(100_000));
            assertThat(client.read().body()).isEqualTo("100000");
        }
    }

    @Test
    void trailers_ofChunkedRequests_reachTheirOwnRequest() throws Exception {
        try (var server = start((_, exchange, _) -> new Payload.Typed(TestServer.response(
                        200,
                        String.valueOf(exchange.requestTrailers().stream()
                                .map(line -> line.getName() + "=" + line.getValue())
                                .toList()))));
                var client = server.client()) {
            String chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n";
            client.send(chunked + "Digest: 1\r\nhost: evil\r\n\r\n" + chunked + "\r\n" + chunked + "x-last: 3\r\n\r\n");
            assertThat(client.read().body()).isEqualTo("[digest=1]");
            assertThat(client.read().body()).isEqualTo("[]");
            assertThat(client.read().body()).isEqualTo("[x-last=3]");
        }
    }

    @Test
    void trailers_afterAStreamedBody_comeWithItsEnd() throws Exception {
        try (var server = start(HttpServerStreamTest::echo, "body_buffer_bytes", "0");
                var client = server.client()) {
            client.request("POST", "/", "transfer-encoding: chunked").send("2\r\nhi\r\n0\r\ndigest: 1\r\n\r\n");
            var answer = client.read();
            assertThat(answer.body()).isEqualTo("hi");
        }
    }

    // ---- responses

    @Test
    void response_inParts_isChunkedWithTrailersAndTheConnectionGoesOn() throws Exception {
        var go = new CountDownLatch(1);
        try (var server = start((_, exchange, deadline) -> {
                    exchange.respond(OK.toBuilder()
                            .addHeaders(header("x-a", "1"))
                            .setBody(ByteString.copyFromUtf8("begin "))
                            .build());
                    go.await();
                    HttpBodies.write(exchange, ByteString.copyFromUtf8("end"), deadline);
                    exchange.end(List.of(header("digest", "abc"), header("content-length", "1"), header("a b", "c")));
                    return Payload.EMPTY;
                });
                var client = server.client()) {
            for (int i = 0; i < 2; i++) {
                client.get("/");
                if (i == 0) {
                    TestServer.await("begun", () -> server.listener().inProgress() == 1);
                    go.countDown();
                }
                var answer = client.read();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.header("x-a")).isEqualTo("1");
                assertThat(answer.header("date")).isNotEmpty();
                assertThat(answer.body()).isEqualTo("begin end");
                assertThat(answer.header("transfer-encoding")).isEqualTo("chunked");
                assertThat(answer.trailers()).containsExactly("digest: abc");
            }
            TestServer.await("counted", () -> server.listener().counters.answers(2) == 2);
            assertThat(server.listener().counters.bodyBytesOut.sum()).isEqualTo(18);
            awaitQuiet(server);
        }
    }

    @Test
    void response_headGoesOutBeforeTheCallEnds() throws Exception {
        var end = new CountDownLatch(1);
        try (var server = start((_, exchange, _) -> {
                    exchange.respond(OK);
                    exchange.write(ByteString.copyFromUtf8("first"));
                    end.await();
                    exchange.end(List.of());
                    return Payload.EMPTY;
                });
                var client = server.client()) {
            assertThat(client.get("/").read(false).status()).isEqualTo(200);
            assertThat(client.readChunk()).asString().isEqualTo("first");
            end.countDown();
            assertThat(client.readChunk()).isEmpty();
        }
    }

    @Test
    void response_withItsLength_keepsIt() throws Exception {
        var head = OK.toBuilder().addHeaders(header("content-length", "6")).build();
        try (var server = start(responding(head, "abc", "def"));
                var client = server.client()) {
            var answer = client.get("/").read();
            assertThat(answer.header("content-length")).isEqualTo("6");
            assertThat(answer.header("transfer-encoding")).isEmpty();
            assertThat(answer.body()).isEqualTo("abcdef");
            assertThat(client.get("/").read().body()).isEqualTo("abcdef");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "7"})
    void response_otherThanItsLength_isCutOff(String length) throws Exception {
        var head = OK.toBuilder().addHeaders(header("content-length", length)).build();
        try (var server = start(responding(head, "abc", "def"));
                var client = server.client()) {
            assertThat(client.get("/").read().body().length()).isLessThan(Integer.parseInt(length));
            assertThat(client.closedByServer()).isTrue();
            awaitQuiet(server);
            assertThat(server.listener().counters.answers(5)).isEqualTo(1);
        }
    }

    @Test
    void response_toHttp10_endsWithTheConnection() throws Exception {
        var go = new CountDownLatch(1);
        try (var server = start((_, exchange, _) -> {
                    exchange.respond(OK);
                    exchange.write(ByteString.copyFromUtf8("abc"));
                    go.await();
                    exchange.write(ByteString.copyFromUtf8("def"));
                    exchange.end(List.of(header("digest", "abc")));
                    return Payload.EMPTY;
                });
                var client = server.client()) {
            client.send("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
            var head = client.read(false);
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("transfer-encoding")).isEmpty();
            go.countDown();
            assertThat(client.in().readAllBytes()).asString().isEqualTo("abcdef");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 204, 304})
    void response_thatHasNoBody_leavesWhatIsWrittenOut(int status) throws Exception {
        var head = OK.toBuilder()
                .setStatus(status)
                .addHeaders(header("content-length", "6"))
                .build();
        try (var server = start(responding(head, "abc", "def"));
                var client = server.client()) {
            for (int i = 0; i < 2; i++) {
                var answer = client.request(status == 200 ? "HEAD" : "GET", "/").read(false);
                assertThat(answer.status()).isEqualTo(status);
                assertThat(answer.header("content-length")).isEqualTo(status == 204 ? "" : "6");
                assertThat(answer.header("transfer-encoding")).isEmpty();
            }
            awaitQuiet(server);
            assertThat(server.listener().counters.bodyBytesOut.sum()).isZero();
        }
    }

    @Test
    void response_headThatCannotBeSent_isRefusedToTheActor() throws Exception {
        try (var server = start(
                        (_, exchange, deadline) -> {
                            for (var bad : List.of(
                                    OK.toBuilder().setStatus(99).build(),
                                    OK.toBuilder()
                                            .addHeaders(header("a b", "c"))
                                            .build(),
                                    OK.toBuilder()
                                            .addHeaders(header("content-length", "2000"))
                                            .build())) {
                                assertThatExceptionOfType(InvocationException.class)
                                        .isThrownBy(() -> exchange.respond(bad));
                            }
                            return responding(OK, "fine").handle(HttpRequest.getDefaultInstance(), exchange, deadline);
                        },
                        "max_response_bytes",
                        "1000");
                var client = server.client()) {
            assertThat(client.get("/").read().body()).isEqualTo("fine");
        }
    }

    @Test
    void response_largerThanAllowed_isCutOff() throws Exception {
        try (var server = start(responding(OK, "x".repeat(900), "x".repeat(200)), "max_response_bytes", "1000");
                var client = server.client()) {
            client.get("/");
            assertCutOff(client);
            awaitQuiet(server);
        }
    }

    @Test
    void response_callFailsInTheMiddle_isCutOff() throws Exception {
        try (var server = start((_, exchange, _) -> {
                    exchange.respond(OK);
                    exchange.write(ByteString.copyFromUtf8("half"));
                    throw new InvocationException(new InvocationFailure.Trapped("hello", "unreachable"));
                });
                var client = server.client()) {
            client.get("/");
            assertCutOff(client);
            awaitQuiet(server);
            assertThat(server.listener().counters.answers(5)).isEqualTo(1);
            assertThat(server.listener().counters.answers(2)).isZero();
        }
    }

    @Test
    void response_callReturnsBeforeItsEnd_isCutOff() throws Exception {
        try (var server = start((_, exchange, _) -> {
                    exchange.respond(OK);
                    exchange.write(ByteString.copyFromUtf8("half"));
                    return Payload.EMPTY;
                });
                var client = server.client()) {
            client.get("/");
            assertCutOff(client);
            awaitQuiet(server);
        }
    }

    @Test
    void response_neitherReturnedNorWritten_gets500() throws Exception {
        try (var server = start((_, _, _) -> Payload.EMPTY);
                var client = server.client()) {
            assertThat(client.get("/").read().status()).isEqualTo(500);
        }
    }

    @Test
    void response_notWholeByTheDeadline_isCutOffAndItsCallEnded() throws Exception {
        var interrupted = new CountDownLatch(1);
        try (var server = start(
                        (_, exchange, _) -> {
                            exchange.respond(OK);
                            try {
                                new CountDownLatch(1).await();
                            } finally {
                                interrupted.countDown();
                            }
                            return Payload.EMPTY;
                        },
                        "timeout_ms",
                        "200");
                var client = server.client()) {
            client.get("/");
            assertCutOff(client);
            assertThat(interrupted.await(5, TimeUnit.SECONDS)).isTrue();
            awaitQuiet(server);
            assertThat(server.listener().counters.overdue.sum()).isEqualTo(1);
        }
    }

    @Test
    void response_clientTakesNothing_holdsTheActorBackAndIsCutOff() throws Exception {
        var written = new AtomicLong();
        var failure = new CompletableFuture<InvocationFailure>();
        try (var server = start(
                        new Timeouts(LONG, LONG, LONG, LONG, SHORT, LONG, SHORT, SHORT),
                        (_, exchange, deadline) -> {
                            exchange.respond(OK);
                            try {
                                while (HttpBodies.awaitWritable(exchange, deadline)) {
                                    int now = exchange.writable();
                                    exchange.write(ByteString.copyFrom(new byte[now]));
                                    written.addAndGet(now);
                                }
                            } catch (InvocationException e) {
                                failure.complete(e.failure());
                                throw e;
                            }
                            throw new AssertionError("too late");
                        },
                        "max_response_bytes",
                        "1T");
                var client = server.client()) {
            client.get("/");
            assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(InvocationFailure.ConnectionLost.class);
            assertThat(written.get()).as("what the sockets hold").isLessThan(64 << 20);
            TestServer.await("counted", () -> server.listener().counters.gone.sum() == 1);
            awaitQuiet(server);
        }
    }

    private static void assertCutOff(RawClient client) {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> {
                    assertThat(client.read(false).status()).isEqualTo(200);
                    while (client.readChunk().length > 0) {
                        // until the end, which must not come
                    }
                })
                .isInstanceOfAny(EOFException.class, java.net.SocketException.class);
    }

    // ---- both

    @Test
    void echo_64MiB_comesBackAsItWas() throws Exception {
        int size = 64 << 20;
        try (var server = start(HttpServerStreamTest::echo, "max_body_bytes", "1T", "max_response_bytes", "1T");
                var client = server.client()) {
            client.request("POST", "/", "content-length: " + size);
            var sending = CompletableFuture.runAsync(() -> {
                try (var pattern = new Pattern(size)) {
                    pattern.transferTo(client.socket.getOutputStream());
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(client.read(false).status()).isEqualTo(200);
            long bytes = 0;
            try (var expected = new Pattern(size)) {
                for (byte[] chunk = client.readChunk(); chunk.length > 0; chunk = client.readChunk()) {
                    assertThat(Arrays.equals(expected.readNBytes(chunk.length), chunk))
                            .as("what came at %d", bytes)
                            .isTrue();
                    bytes += chunk.length;
                }
            }
            sending.get(5, TimeUnit.SECONDS);
            assertThat(bytes).isEqualTo(size);
            awaitQuiet(server);
        }
    }

    @Test
    void echo_withoutBuffer_isAConversation() throws Exception {
        try (var server = start(HttpServerStreamTest::echo, "body_buffer_bytes", "0");
                var client = server.client()) {
            client.request("POST", "/", "transfer-encoding: chunked");
            assertThat(client.read(false).status()).isEqualTo(200);
            for (String word : List.of("who's", "there")) {
                client.send(Integer.toHexString(word.length()) + "\r\n" + word + "\r\n");
                assertThat(client.readChunk()).asString().isEqualTo(word);
            }
            client.send("0\r\nbye: 1\r\n\r\n");
            assertThat(client.readChunk()).isEmpty();
            assertThat(client.in().readNBytes(8)).asString().isEqualTo("bye: 1\r\n");
        }
    }

    @Test
    void echo_manyAtOnce_eachGetsItsOwn() throws Exception {
        try (var server = start(HttpServerStreamTest::echo, "max_body_bytes", "4M");
                var http = HttpClient.newHttpClient()) {
            var all = IntStream.range(0, 32)
                    .mapToObj(i -> {
                        byte[] body = new byte[300_000 + i];
                        Arrays.fill(body, (byte) i);
                        return http.sendAsync(
                                        java.net.http.HttpRequest.newBuilder(
                                                        URI.create("http://127.0.0.1:" + server.port() + "/"))
                                                .POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(body))
                                                .build(),
                                        BodyHandlers.ofByteArray())
                                .thenAccept(answer -> assertThat(answer.body()).isEqualTo(body));
                    })
                    .toList();
            for (var one : all) {
                one.get(30, TimeUnit.SECONDS);
            }
            awaitQuiet(server);
        }
    }

    /** So many bytes, each telling its place. */
    private static final class Pattern extends InputStream {
        private final long size;
        private long at;

        Pattern(long size) {
            this.size = size;
        }

        @Override
        public int read() {
            return at == size ? -1 : (byte) (at * 31 + (at++ >> 13)) & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (at == size) {
                return -1;
            }
            int count = (int) Math.min(length, size - at);
            for (int i = 0; i < count; i++) {
                into[offset + i] = (byte) read();
            }
            return count;
        }
    }
}

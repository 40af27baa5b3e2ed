package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bodies that move while the call runs. */
@Timeout(60)
class HttpClientStreamTest {
    private static final Deadline AMPLE = Deadline.in(Duration.ofMinutes(1));

    /** A call with an exchange, on a thread of its own; the test is the actor. */
    private static HttpPipe call(TestClient client, OutgoingRequest request, HttpPipe pipe) {
        Thread.startVirtualThread(() -> {
            var invocation = TestClient.invocation(request, TestClient.AMPLE)
                    .withPayload(new Payload.Streamed(request, pipe.exchange()));
            try {
                pipe.replied(client.provider.invoke(client.link, invocation));
            } catch (InvocationException e) {
                pipe.failed(e.failure());
            } catch (InterruptedException e) {
                pipe.failed(new InvocationFailure.ConnectionLost("test", "interrupted"));
            }
        });
        return pipe;
    }

    private static HttpPipe get(TestClient client, String url) {
        return call(client, TestClient.request("GET", url, ""), HttpPipe.ofWholeRequest());
    }

    private static HttpResponse response(HttpPipe pipe) throws InterruptedException {
        assertThat(HttpBodies.await(
                        pipe::onChange,
                        () -> pipe.responseReadable() || (pipe.responseLeft() >= 0) || pipe.response() != null,
                        AMPLE))
                .isTrue();
        HttpResponse head = pipe.response();
        if (head == null) {
            throw new AssertionError("no response");
        }
        return head;
    }

    private static String body(HttpPipe pipe) throws InterruptedException {
        ByteString all = ByteString.EMPTY;
        response(pipe);
        while (true) {
            assertThat(HttpBodies.await(pipe::onChange, pipe::responseReadable, AMPLE))
                    .isTrue();
            ByteString part = pipe.readResponse(HttpExchange.PART_BYTES_MAX);
            if (part == null) {
                return all.toStringUtf8();
            }
            all = all.concat(part);
        }
    }

    private static InvocationFailure failure(HttpPipe pipe) {
        var failed = catchThrowableOfType(InvocationException.class, () -> body(pipe));
        if (failed == null) {
            throw new AssertionError("the request did not fail");
        }
        return failed.failure();
    }

    private static void write(HttpPipe pipe, String part) throws InterruptedException {
        assertThat(HttpBodies.await(pipe::onChange, () -> pipe.requestWritable() >= part.length(), AMPLE))
                .isTrue();
        pipe.writeRequest(ByteString.copyFromUtf8(part));
    }

    private static String readUntil(RawServer.Peer peer, String end) throws IOException {
        var text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int c = peer.in.read();
            if (c < 0) {
                throw new AssertionError("the connection ended after " + text);
            }
            text.append((char) c);
        }
        return text.toString();
    }

    private static String header(RawServer server, String name) {
        return server.heads
                .getFirst()
                .lines()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
    }

    @Test
    void request_inParts_goesOutChunkedWithTrailersAsItComes() throws Exception {
        var firstSeen = new CountDownLatch(1);
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    String first = readUntil(peer, "hello\r\n");
                    firstSeen.countDown();
                    String rest = readUntil(peer, "digest: abc\r\n\r\n");
                    String said = first + rest;
                    peer.write("HTTP/1.1 200 OK\r\ncontent-length: " + said.length() + "\r\n\r\n" + said);
                });
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(client, TestClient.request("POST", server.origin() + "/", ""), new HttpPipe());
            write(pipe, "hello");
            assertThat(firstSeen.await(10, TimeUnit.SECONDS)).isTrue();
            write(pipe, "you");
            pipe.endRequest(List.of(
                    Header.newBuilder().setName("Digest").setValue("abc").build(),
                    Header.newBuilder().setName("host").setValue("evil").build()));

            assertThat(body(pipe)).isEqualTo("5\r\nhello\r\n3\r\nyou\r\n0\r\ndigest: abc\r\n\r\n");
            assertThat(header(server, "transfer-encoding")).isEqualTo("chunked");
            assertThat(header(server, "content-length")).isEmpty();
        }
    }

    @Test
    void request_withItsLength_keepsIt() throws Exception {
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    String said = new String(peer.in.readNBytes(8), StandardCharsets.US_ASCII);
                    peer.write("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n" + said);
                });
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(
                    client,
                    TestClient.request("PUT", server.origin() + "/", "he", "content-length", "8"),
                    new HttpPipe());
            write(pipe, "llo");
            write(pipe, "you");
            pipe.endRequest(List.of());

            assertThat(body(pipe)).isEqualTo("helloyou");
            assertThat(header(server, "content-length")).isEqualTo("8");
            assertThat(header(server, "transfer-encoding")).isEmpty();
        }
    }

    @Test
    void get_thatEndsItsEmptyBodyAfterItBegan_goesOutWithoutOne() throws Exception {
        try (var server = RawServer.answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(client, TestClient.request("GET", server.origin() + "/", ""), new HttpPipe());
            pipe.endRequest(List.of());

            assertThat(body(pipe)).isEqualTo("ok");
            assertThat(header(server, "transfer-encoding")).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"7", "9", "x"})
    void request_otherThanItsLength_failsAsMalformed(String length) throws Exception {
        try (var server = RawServer.start(RawServer.Peer::awaitEnd);
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(
                    client,
                    TestClient.request("PUT", server.origin() + "/", "he", "content-length", length),
                    new HttpPipe());
            if (!length.equals("x")) {
                write(pipe, "lloyou");
            }
            pipe.endRequest(List.of());

            assertThat(failure(pipe)).isInstanceOf(InvocationFailure.Malformed.class);
        }
    }

    @Test
    void request_serverTakesNothing_holdsTheActorBack() throws Exception {
        long sent = 0;
        var go = new CountDownLatch(1);
        int size = 32 << 20;
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    go.await();
                    long taken = peer.in.readNBytes(size).length;
                    peer.write("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + taken);
                });
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(
                    client,
                    TestClient.request("PUT", server.origin() + "/", "", "content-length", "" + size),
                    new HttpPipe());
            Deadline noMore = Deadline.in(Duration.ofMillis(500));
            var part = ByteString.copyFrom(new byte[64 << 10]);
            while (HttpBodies.await(pipe::onChange, () -> pipe.requestWritable() >= part.size(), noMore)) {
                pipe.writeRequest(part);
                sent += part.size();
            }
            assertThat(sent).as("what pipe and sockets hold").isLessThan(size / 2);
            go.countDown();
            while (sent < size) {
                assertThat(HttpBodies.await(pipe::onChange, () -> pipe.requestWritable() >= part.size(), AMPLE))
                        .isTrue();
                pipe.writeRequest(part);
                sent += part.size();
            }
            pipe.endRequest(List.of());
            assertThat(body(pipe)).isEqualTo(Integer.toString(size));
        }
    }

    @Test
    void response_inChunks_comesAsItIsSentWithTrailers() throws Exception {
        var taken = new CountDownLatch(1);
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 203 Yes\r\ntransfer-encoding: chunked\r\nx-a: 1\r\n\r\n5\r\nhello\r\n");
                    taken.await();
                    peer.write("3\r\nyou\r\n0\r\nDigest: abc\r\nconnection: close\r\n\r\n");
                    peer.awaitEnd();
                });
                var client = TestClient.allowing(server.origin())) {
            var pipe = get(client, server.origin() + "/");

            assertThat(response(pipe).getStatus()).isEqualTo(203);
            assertThat(TestClient.header(response(pipe), "x-a")).containsExactly("1");
            assertThat(HttpBodies.await(pipe::onChange, pipe::responseReadable, AMPLE))
                    .isTrue();
            assertThat(pipe.readResponse(100)).isEqualTo(ByteString.copyFromUtf8("hello"));
            taken.countDown();
            assertThat(body(pipe)).isEqualTo("you");
            assertThat(pipe.responseTrailers())
                    .containsExactly(Header.newBuilder()
                            .setName("digest")
                            .setValue("abc")
                            .build());
            TestClient.await("connection kept", () -> client.client().pool().size() == 1);
        }
    }

    @Test
    void response_actorTakesNothing_holdsTheServerBack() throws Exception {
        var written = new AtomicLong();
        long size = 64L << 20;
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\ncontent-length: " + size + "\r\n\r\n");
                    byte[] part = new byte[64 << 10];
                    while (written.get() < size) {
                        peer.out.write(part);
                        written.addAndGet(part.length);
                    }
                    peer.awaitEnd();
                });
                var client = TestClient.allowing(server.origin(), "max_response_bytes", "1")) {
            var pipe = get(client, server.origin() + "/");
            response(pipe);
            for (long before = -1; before != written.get(); ) {
                before = written.get();
                HttpBodies.await(_ -> {}, () -> false, Deadline.in(Duration.ofMillis(300)));
            }
            assertThat(written.get()).as("what pipe and sockets hold").isLessThan(size / 2);
            long taken = 0;
            while (true) {
                assertThat(HttpBodies.await(pipe::onChange, pipe::responseReadable, AMPLE))
                        .isTrue();
                ByteString part = pipe.readResponse(100_000);
                if (part == null) {
                    break;
                }
                taken += part.size();
            }
            assertThat(taken).isEqualTo(size);
            TestClient.await("connection kept", () -> client.client().pool().size() == 1);
        }
    }

    @Test
    void response_thatBreaksOff_failsAsConnectionLost() throws Exception {
        try (var server = RawServer.answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
                var client = TestClient.allowing(server.origin())) {
            assertThat(failure(get(client, server.origin() + "/")))
                    .isInstanceOf(InvocationFailure.ConnectionLost.class);
            assertThat(client.client().inProgress()).isZero();
        }
    }

    @Test
    void response_beforeTheRequestIsWhole_endsTheCall() throws Exception {
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 413 No\r\ncontent-length: 2\r\n\r\nno");
                    peer.awaitEnd();
                });
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(client, TestClient.request("POST", server.origin() + "/", ""), new HttpPipe());
            write(pipe, "hello");

            assertThat(response(pipe).getStatus()).isEqualTo(413);
            assertThat(body(pipe)).isEqualTo("no");
            TestClient.await("connection closed", () -> server.openConnections() == 0);
            TestClient.await("call over", () -> !pipe.requestOpen());
        }
    }

    @Test
    void call_givenUpByTheActor_closesTheConnection() throws Exception {
        var closed = new CountDownLatch(1);
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
                    peer.awaitEnd();
                    closed.countDown();
                });
                var client = TestClient.allowing(server.origin())) {
            var pipe = get(client, server.origin() + "/");
            response(pipe);
            pipe.failed(new InvocationFailure.ConnectionLost("actor", "is gone"));

            assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
            TestClient.await("call over", () -> client.client().inProgress() == 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"HTTP, first-byte", "HTTP/1.1 200 OK\\r\\ncontent-length: 9\\r\\n\\r\\nhalf, between-bytes"})
    void server_slowerThanTheActorAllows_failsAsDeadlineExceeded(String beginning, String which) throws Exception {
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write(beginning.replace("\\r\\n", "\r\n"));
                    peer.awaitEnd();
                });
                var client = TestClient.allowing(server.origin())) {
            var request = OutgoingRequest.newBuilder()
                    .setUrl(server.origin() + "/")
                    .setFirstByteTimeoutMs(which.equals("first-byte") ? 100 : 0)
                    .setBetweenBytesTimeoutMs(which.equals("between-bytes") ? 100 : 0)
                    .build();

            assertThat(failure(call(client, request, HttpPipe.ofWholeRequest())))
                    .isInstanceOf(InvocationFailure.DeadlineExceeded.class)
                    .extracting(InvocationFailure::message)
                    .asString()
                    .contains(which);
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false, 200", "true, false, 307", "false, true, 307"})
    void redirect_followedOnlyIfItCanBeAndMay(boolean inParts, boolean returned, int status) throws Exception {
        try (var server = RawServer.start(peer -> {
                    if (peer.readHead().startsWith("POST /a ")) {
                        peer.write(
                                "HTTP/1.1 307 There\r\nlocation: /b\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno");
                    } else {
                        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes");
                    }
                });
                var client = TestClient.allowing(server.origin())) {
            var request = TestClient.request("POST", server.origin() + "/a", "").toBuilder()
                    .setRedirectsReturned(returned)
                    .build();
            var pipe = call(client, request, inParts ? new HttpPipe() : HttpPipe.ofWholeRequest());

            assertThat(response(pipe).getStatus()).isEqualTo(status);
            pipe.endRequest(
                    List.of()); // not before: a body known to be whole when the request is sent could be sent again
            assertThat(body(pipe)).isEqualTo(status == 200 ? "yes" : "no");
        }
    }

    @Test
    void head_streamed_hasNoBody() throws Exception {
        try (var server = RawServer.answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n");
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(client, TestClient.request("HEAD", server.origin() + "/", ""), HttpPipe.ofWholeRequest());

            assertThat(TestClient.header(response(pipe), "content-length")).containsExactly("10");
            assertThat(body(pipe)).isEmpty();
        }
    }

    @Test
    void echo_32MiB_movesBothWaysAtOnce() throws Exception {
        int size = 32 << 20;
        try (var server = RawServer.start(peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\ncontent-length: " + size + "\r\n\r\n");
                    byte[] buffer = new byte[64 << 10];
                    for (int left = size; left > 0; ) {
                        int n = peer.in.read(buffer, 0, Math.min(left, buffer.length));
                        peer.out.write(buffer, 0, n);
                        left -= n;
                    }
                    peer.awaitEnd();
                });
                var client = TestClient.allowing(server.origin())) {
            var pipe = call(
                    client,
                    TestClient.request("POST", server.origin() + "/", "", "content-length", "" + size),
                    new HttpPipe());
            byte[] data = new byte[100_003];
            new java.util.Random(7).nextBytes(data);
            int given = 0;
            int taken = 0;
            while (!pipe.responseEnded()) {
                assertThat(HttpBodies.await(
                                pipe::onChange, () -> pipe.requestWritable() > 0 || pipe.responseReadable(), AMPLE))
                        .isTrue();
                int at = given % data.length;
                int now = Math.min(Math.min(size - given, pipe.requestWritable()), data.length - at);
                if (now > 0) {
                    pipe.writeRequest(ByteString.copyFrom(data, at, now));
                    given += now;
                }
                if (given == size) {
                    pipe.endRequest(List.of());
                }
                ByteString part = pipe.responseReadable() ? pipe.readResponse(50_000) : ByteString.EMPTY;
                for (int i = 0; part != null && i < part.size(); i++) {
                    if (part.byteAt(i) != data[taken++ % data.length]) {
                        throw new AssertionError("another byte came back at " + (taken - 1));
                    }
                }
            }
            assertThat(taken).isEqualTo(size);
        }
    }

    @Test
    void request_whereTheLinkDoesNotAllow_isRefusedBeforeAnythingMoves() throws Exception {
        try (var client = TestClient.with(
                _ -> List.of(InetAddress.ofLiteral("127.0.0.1")), "http://api.example.com, http://127.0.0.1:1")) {
            for (String url : List.of("http://other.example.com/", "https://api.example.com/", "http://127.0.0.1:2/")) {
                assertThat(failure(call(client, TestClient.request("POST", url, "begin"), new HttpPipe())))
                        .isInstanceOf(InvocationFailure.NotLinked.class)
                        .satisfies(failure -> assertThat(failure.message()).contains("is not in the allow-list"));
            }
            assertThat(failure(get(client, "http://api.example.com/")))
                    .isInstanceOf(InvocationFailure.NotLinked.class)
                    .satisfies(failure -> assertThat(failure.message()).startsWith("destination-IP-prohibited: "));
        }
    }
}

package dev.trellis.host.wasi;

import static dev.trellis.host.wasi.HttpGuest.get;
import static dev.trellis.host.wasi.HttpGuest.header;
import static dev.trellis.host.wasi.HttpGuest.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.engine.GuestException;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that guests make, answered by a stand-in for HTTP client providers. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class OutgoingHttpTest {
    private static final String PROBE = "actor-sdk/test-guests/http-probe/http-probe.wasm";

    /** Answers one request of a guest. */
    @FunctionalInterface
    private interface Server {
        Payload answer(OutgoingRequest request, HttpExchange exchange) throws InterruptedException;
    }

    /** The services of an actor whose requests go to a server within the test. */
    private static final class Requests extends NoServices {
        final LinkedBlockingQueue<OutgoingRequest> made = new LinkedBlockingQueue<>();
        final LinkedBlockingQueue<Thread> interrupted = new LinkedBlockingQueue<>();
        private final Server server;

        Requests(Server server) {
            this.server = server;
        }

        @Override
        public Payload call(Invocation parent, GuestCall call) throws InterruptedException {
            assertThat(call.namespace()).isEqualTo("wasmcloud:httpclient");
            assertThat(call.operation()).isEqualTo("Request");
            if (!(call.payload() instanceof Payload.Streamed(OutgoingRequest request, HttpExchange exchange))) {
                throw new AssertionError("not a streamed request: " + call.payload());
            }
            made.add(request);
            try {
                return server.answer(request, exchange);
            } catch (InterruptedException e) {
                interrupted.add(Thread.currentThread());
                throw e;
            }
        }
    }

    private static final Deadline PLENTY = Deadline.in(HttpGuest.PLENTY.plus(HttpGuest.PLENTY));

    private static String said(String target, NoServices services) throws InterruptedException {
        return response(HttpGuest.of(PROBE).handle(new Payload.Typed(get(target)), services))
                .getBody()
                .toStringUtf8();
    }

    private static Payload whole(int status, int bytes) {
        return new Payload.Typed(HttpResponse.newBuilder()
                .setStatus(status)
                .setBody(ByteString.copyFrom(new byte[bytes]))
                .build());
    }

    private static Payload never() throws InterruptedException {
        new CountDownLatch(1).await();
        throw new IllegalStateException("nobody counts down");
    }

    private static ByteString body(OutgoingRequest request, HttpExchange exchange) throws InterruptedException {
        return HttpBodies.readWhole(exchange, request.getBody(), Integer.MAX_VALUE, PLENTY);
    }

    // ---- what goes out and comes back

    @Test
    void request_goesOverTheLinkAsItWasMade() throws InterruptedException {
        var services = new Requests((_, exchange) -> {
            assertThat(exchange.requestEnded()).isTrue();
            return whole(204, 0);
        });
        assertThat(said("/out?to=example.org:81", services)).isEqualTo("204 0 closed None");
        OutgoingRequest request = services.made.remove();
        assertThat(request.getUrl()).isEqualTo("http://example.org:81/path?query");
        assertThat(request.getMethod()).isEqualTo("GET");
        assertThat(request.getRedirectsReturned()).isTrue();
    }

    @Test
    void responseInOnePiece_isReadAsAStream() throws InterruptedException {
        assertThat(said("/out?to=other", new Requests((_, _) -> whole(200, 300_000))))
                .isEqualTo("200 300000 closed None");
    }

    @Test
    void responseThroughTheExchange_isReadWithItsTrailers() throws InterruptedException {
        int bytes = 8 << 20;
        var services = new Requests((_, exchange) -> {
            exchange.respond(HttpResponse.newBuilder().setStatus(206).build());
            HttpBodies.write(exchange, ByteString.copyFrom(new byte[bytes]), PLENTY);
            exchange.end(List.of(header("x-end", "1"), header("connection", "close")));
            return Payload.EMPTY;
        });
        assertThat(said("/out?to=other", services)).isEqualTo("206 " + bytes + " closed Some(1)");
    }

    @Test
    void requestBody_movesWhileTheGuestWritesIt() throws InterruptedException {
        int bytes = 8 << 20;
        var services = new Requests((request, exchange) -> {
            ByteString body = body(request, exchange);
            List<Header> trailers = exchange.requestTrailers();
            assertThat(trailers).containsExactly(header("x-end", "yes"));
            return whole(200, body.size() / 1024);
        });
        assertThat(said("/out-body?bytes=" + bytes, services)).isEqualTo("true Ok(()) 200 8192 closed None");
    }

    @Test
    void answerBeforeTheBodyWasTaken_isTheAnswer() throws InterruptedException {
        assertThat(said("/out-body?bytes=8000000", new Requests((_, _) -> whole(413, 0))))
                .endsWith("413 0 closed None");
    }

    @Test
    void options_travelInMilliseconds() throws InterruptedException {
        var services = new Requests((_, _) -> whole(200, 0));
        assertThat(said("/out-options", services)).startsWith("200");
        OutgoingRequest request = services.made.remove();
        assertThat(request.getConnectTimeoutMs()).isEqualTo(2);
        assertThat(request.getFirstByteTimeoutMs()).isEqualTo(2000);
        assertThat(Integer.toUnsignedLong(request.getBetweenBytesTimeoutMs())).isEqualTo(0xffff_ffffL);
    }

    @Test
    void future_givesItsResponseOnce() throws InterruptedException {
        assertThat(said("/out-twice", new Requests((_, _) -> whole(201, 0)))).isEqualTo("Ok(201) true");
    }

    // ---- failures

    static List<List<Object>> failures() {
        return List.of(
                List.of(new InvocationFailure.NotLinked("actor", "has no link"), "HttpRequestDenied"),
                List.of(
                        new InvocationFailure.Unavailable("http", "connection-refused: nobody listens"),
                        "ConnectionRefused"),
                List.of(
                        new InvocationFailure.Unavailable("http", "DNS-error: no such host"),
                        "DnsError(DnsErrorPayload { rcode: None, info-code: None })"),
                List.of(new InvocationFailure.Unavailable("http", "closed"), "DestinationUnavailable"),
                List.of(
                        new InvocationFailure.NotLinked("http", "destination-IP-prohibited: it is private"),
                        "DestinationIpProhibited"),
                List.of(new InvocationFailure.DeadlineExceeded("http", "late"), "HttpResponseTimeout"),
                List.of(new InvocationFailure.ConnectionLost("http", "lost"), "ConnectionTerminated"),
                List.of(new InvocationFailure.Overloaded("http", "busy"), "ConnectionLimitReached"),
                List.of(new InvocationFailure.PayloadTooLarge("http", "large"), "HttpResponseBodySize(None)"),
                List.of(new InvocationFailure.TooDeep("http", 33), "LoopDetected"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failedCall_isAnErrorCode(List<Object> failure) throws InterruptedException {
        var services = new Requests((_, _) -> {
            throw new InvocationException((InvocationFailure) failure.get(0));
        });
        assertThat(said("/out?to=other", services)).isEqualTo("ErrorCode::" + failure.get(1));
    }

    @Test
    void noLink_isLoggedForTheOperator() throws InterruptedException {
        var services = new NoServices();
        assertThat(said("/out?to=other", services)).isEqualTo("ErrorCode::HttpRequestDenied");
        assertThat(services.lines)
                .containsExactly("WARN an HTTP request was refused: has no link 'default' for contract"
                        + " wasmcloud:httpclient");
    }

    @Test
    void failureWithinTheBody_isToldByTheStream() throws InterruptedException {
        var services = new Requests((_, exchange) -> {
            exchange.respond(HttpResponse.newBuilder()
                    .setStatus(200)
                    .setBody(ByteString.copyFromUtf8("half"))
                    .build());
            assertThat(HttpBodies.await(
                            exchange::onChange, () -> exchange.writable() == HttpExchange.PART_BYTES_MAX, PLENTY))
                    .isTrue();
            throw new InvocationException(new InvocationFailure.ConnectionLost("http", "lost"));
        });
        assertThat(said("/out?to=other", services))
                .endsWith("Some(ErrorCode::ConnectionTerminated) ErrorCode::ConnectionTerminated")
                .startsWith("200");
    }

    @Test
    void noAuthority_isRefusedBeforeAnythingGoesOut() throws InterruptedException {
        var services = new Requests((_, _) -> whole(200, 0));
        assertThat(said("/out", services)).isEqualTo("refused ErrorCode::HttpRequestUriInvalid");
        assertThat(services.made).isEmpty();
    }

    // ---- ends

    private static void assertInterrupted(Requests services) throws InterruptedException {
        Thread thread = services.interrupted.poll(HttpGuest.PLENTY.toSeconds(), TimeUnit.SECONDS);
        assertThat(thread).isNotNull();
    }

    @Test
    void futureDropped_endsTheRequest() throws InterruptedException {
        var services = new Requests((_, _) -> never());
        assertThat(said("/out-dropped", services)).isEqualTo("dropped");
        assertInterrupted(services);
    }

    @Test
    void callEnded_endsTheRequestsThatWereLeft() throws InterruptedException {
        var services = new Requests((_, _) -> never());
        assertThat(said("/out-left", services)).isEqualTo("left");
        assertInterrupted(services);
    }

    @Test
    void responseDropped_endsTheRequest() throws InterruptedException {
        var services = new Requests((_, exchange) -> {
            exchange.respond(HttpResponse.newBuilder().setStatus(200).build());
            return never();
        });
        assertThat(said("/out-response-dropped", services)).isEqualTo("dropped");
        assertInterrupted(services);
    }

    @Test
    void bodyDropped_failsTheRequest() throws InterruptedException {
        var services = new Requests(
                (request, exchange) -> whole(200, body(request, exchange).size()));
        assertThat(said("/out-body-dropped?bytes=100000", services)).isEqualTo("ErrorCode::HttpProtocolError");
    }

    @Test
    void bodyOfAnotherLength_failsTheRequest() throws InterruptedException {
        var services = new Requests(
                (request, exchange) -> whole(200, body(request, exchange).size()));
        assertThat(said("/out-length?bytes=5", services)).isEqualTo("Ok(()) 200 5 closed None");
        assertThat(said("/out-length?bytes=4", services))
                .isEqualTo("Err(ErrorCode::HttpRequestBodySize(Some(4))) ErrorCode::HttpProtocolError");
        assertThat(said("/out-length?bytes=6", services)).startsWith("Err(ErrorCode::HttpRequestBodySize(Some(6)))");
    }

    @Test
    void requestsAboveTheBound_areRefused() throws InterruptedException {
        var services = new Requests((_, _) -> never());
        assertThat(said("/out-many?count=66", services))
                .isEqualTo("64 ErrorCode::ConnectionLimitReached ErrorCode::ConnectionLimitReached");
    }

    @Test
    void requestsBeyondHostCallsMax_endTheCall() {
        var services = new Requests((_, _) -> whole(200, 0));
        var limits = HttpGuest.LIMITS.withHostCallsMax(3);
        assertThatExceptionOfType(CallEndedException.class)
                .isThrownBy(
                        () -> HttpGuest.of(PROBE).handle(new Payload.Typed(get("/out-many?count=4")), services, limits))
                .withMessageContaining("host-calls-max");
    }

    @Test
    void guestOutOfTime_endsWhatItWaitsFor() throws InterruptedException {
        var services = new Requests((_, _) -> never());
        assertThatExceptionOfType(CallEndedException.class).isThrownBy(() -> HttpGuest.of(PROBE)
                .handle(
                        new Payload.Typed(get("/out?to=other")),
                        services,
                        HttpGuest.LIMITS,
                        java.time.Duration.ofMillis(200)));
        assertInterrupted(services);
    }

    @Test
    void futureBeforeItsPollable_isATrap() {
        var services = new Requests((_, _) -> never());
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> said("/out-future-before-pollable", services))
                .withMessageContaining("a resource ends after those made of it");
    }
}

package dev.trellis.host.wasi;

import static dev.trellis.host.wasi.HttpGuest.get;
import static dev.trellis.host.wasi.HttpGuest.header;
import static dev.trellis.host.wasi.HttpGuest.response;
import static dev.trellis.host.wasi.HttpGuest.streamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class IncomingHttpTest {
    private static final String HELLO = "actor-sdk/samples/hello-http/hello-http.wasm";
    private static final String STREAMING = "actor-sdk/samples/streaming-echo/streaming-echo.wasm";
    private static final String PROBE = "actor-sdk/test-guests/http-probe/http-probe.wasm";
    private static final int LARGE = 64 << 20;

    /** An exchange that nobody may touch. */
    private static HttpExchange untouched() {
        return (HttpExchange) Proxy.newProxyInstance(
                HttpExchange.class.getClassLoader(), new Class<?>[] {HttpExchange.class}, (_, method, _) -> {
                    throw new AssertionError("the exchange was touched: " + method);
                });
    }

    /** A call that runs beside the test, whose end of the pipe is here. */
    private static final class Running {
        final HttpPipe pipe;
        final CompletableFuture<Payload> reply = new CompletableFuture<>();

        Running(String guest, HttpRequest request, HttpPipe pipe) throws InterruptedException {
            this(guest, request, pipe, new NoServices());
        }

        Running(String guest, HttpRequest request, HttpPipe pipe, NoServices services) throws InterruptedException {
            this.pipe = pipe;
            HttpGuest known = HttpGuest.of(guest);
            Thread.ofVirtual().start(() -> {
                try {
                    Payload answer = known.handle(streamed(request, pipe.exchange()), services);
                    reply.complete(answer);
                    pipe.replied(answer);
                } catch (InvocationException e) {
                    reply.completeExceptionally(e);
                    pipe.failed(e.failure());
                } catch (Throwable e) {
                    reply.completeExceptionally(e);
                    pipe.failed(new InvocationFailure.Trapped("guest", String.valueOf(e.getMessage())));
                }
            });
        }

        HttpResponse head() throws InterruptedException {
            assertThat(HttpBodies.await(pipe::onChange, () -> pipe.response() != null, Deadline.in(HttpGuest.PLENTY)))
                    .isTrue();
            return Objects.requireNonNull(pipe.response());
        }

        @Nullable
        ByteString next(int max) throws InterruptedException {
            assertThat(HttpBodies.await(pipe::onChange, pipe::responseReadable, Deadline.in(HttpGuest.PLENTY)))
                    .isTrue();
            return pipe.readResponse(max);
        }

        String text() throws InterruptedException {
            return Objects.requireNonNull(next(1000)).toStringUtf8();
        }

        String rest() throws InterruptedException {
            ByteString whole = ByteString.EMPTY;
            for (ByteString part = next(1000); part != null; part = next(1000)) {
                whole = whole.concat(part);
            }
            return whole.toStringUtf8();
        }

        InvocationFailure failure() throws InterruptedException {
            try {
                reply.get();
                throw new AssertionError("the call has not failed");
            } catch (ExecutionException e) {
                return ((InvocationException) Objects.requireNonNull(e.getCause())).failure();
            }
        }
    }

    private static HttpResponse probe(String target) throws InterruptedException {
        return HttpGuest.of(PROBE).answer(get(target));
    }

    // ---- whole

    @Test
    void handle_smallResponse_isTheReplyAndTheExchangeIsNotTouched() throws InterruptedException {
        HttpResponse response = response(HttpGuest.of(HELLO).handle(streamed(get("/hello"), untouched())));
        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getBody().toStringUtf8()).isEqualTo("Hello, World!");
        assertThat(response.getHeadersList())
                .containsExactly(header("content-type", "text/plain; charset=utf-8"), header("x-method", "GET"));
    }

    @Test
    void handle_requestInOnePiece_isAnsweredInOnePiece() throws InterruptedException {
        HttpResponse response = HttpGuest.of(HELLO).answer(get("/a%20b?c=d&e"));
        assertThat(response.getBody().toStringUtf8()).isEqualTo("GET /a%20b?c=d&e\n");
    }

    @Test
    void handle_unknownMethod_reachesTheGuest() throws InterruptedException {
        HttpResponse response = HttpGuest.of(HELLO)
                .answer(get("/").toBuilder().setMethod("BREW").build());
        assertThat(response.getHeadersList()).contains(header("x-method", "BREW"));
    }

    @Test
    void handle_noBodyTaken_isAResponseWithoutOne() throws InterruptedException {
        HttpResponse response = response(HttpGuest.of(PROBE).handle(streamed(get("/status?code=418"), untouched())));
        assertThat(response.getStatus()).isEqualTo(418);
        assertThat(response.getBody().isEmpty()).isTrue();
    }

    @Test
    void handle_noExchange_keepsTheResponseUpToTheLimitOfPayloads() throws InterruptedException {
        assertThat(probe("/write?bytes=1048576").getBody().size()).isEqualTo(1 << 20);
        assertThatExceptionOfType(CallEndedException.class)
                .isThrownBy(() -> probe("/write?bytes=1048577"))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.PayloadTooLarge.class));
    }

    @Test
    void handle_requestAboveTheLimitOfPayloads_isRefused() {
        HttpRequest request = get("/").toBuilder()
                .setBody(ByteString.copyFrom(new byte[(1 << 20) + 1]))
                .build();
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> HttpGuest.of(PROBE).answer(request))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.PayloadTooLarge.class));
    }

    @Test
    void handle_guestExitsAfterItsResponse_isAnswered() throws InterruptedException {
        assertThat(probe("/exit-after").getBody().toStringUtf8()).isEqualTo("said");
        assertThatExceptionOfType(GuestException.class).isThrownBy(() -> probe("/exit-before"));
    }

    // ---- streamed

    @Test
    void handle_guestWaitsAfterItSetTheResponse_sendsWhatThereIsBefore() throws InterruptedException {
        var running = new Running(PROBE, get("/wait-between"), HttpPipe.ofWholeRequest());
        assertThat(running.head().getStatus()).isEqualTo(200);
        assertThat(running.text()).isEqualTo("before ");
        assertThat(running.rest()).isEqualTo("after");
        assertThat(running.reply.join()).isSameAs(Payload.EMPTY);
    }

    @Test
    void handle_guestFlushesLate_sendsAtOnce() throws InterruptedException {
        var running = new Running(PROBE, get("/late-flush"), HttpPipe.ofWholeRequest());
        assertThat(running.rest()).isEqualTo("late");
        assertThat(running.reply.join()).isSameAs(Payload.EMPTY);
    }

    @Test
    void handle_trailers_goThroughTheExchange() throws InterruptedException {
        var running = new Running(PROBE, get("/trailers"), HttpPipe.ofWholeRequest());
        assertThat(running.rest()).isEqualTo("text");
        assertThat(running.pipe.responseTrailers()).containsExactly(header("x-sum", "4"));
    }

    @Test
    void handle_slowConsumer_holdsTheGuestBack() throws InterruptedException {
        var running = new Running(STREAMING, get("/big?bytes=" + LARGE), HttpPipe.ofWholeRequest());
        assertThat(running.head().getStatus()).isEqualTo(200);
        long received = 0;
        for (ByteString part = running.next(100_000); part != null; part = running.next(100_000)) {
            assertThat(part.byteAt(0)).isEqualTo((byte) (received % 251));
            received += part.size();
        }
        assertThat(received).isEqualTo(LARGE);
        assertThat(running.reply.join()).isSameAs(Payload.EMPTY);
    }

    @Test
    void handle_echoOfABodyThatMoves_takesAndGivesPieceByPiece() throws InterruptedException {
        for (String path : List.of("/echo", "/splice")) {
            var running = new Running(
                    STREAMING,
                    get(path).toBuilder()
                            .setMethod("POST")
                            .setBody(ByteString.copyFromUtf8("begin "))
                            .build(),
                    new HttpPipe());
            assertThat(running.text()).isEqualTo("begin ");
            for (int i = 0; i < 100; i++) {
                String piece = "piece " + i;
                running.pipe.writeRequest(ByteString.copyFromUtf8(piece));
                StringBuilder back = new StringBuilder();
                while (back.length() < piece.length()) {
                    back.append(running.text());
                }
                assertThat(back).hasToString(piece);
            }
            running.pipe.endRequest(List.of(header("x-end", "yes")));
            assertThat(running.rest()).isEmpty();
            assertThat(running.pipe.responseTrailers()).containsExactly(header("x-end", "yes"));
            assertThat(running.reply.join()).isSameAs(Payload.EMPTY);
        }
    }

    @Test
    void handle_largeRequestBody_isReadInConstantMemory() throws InterruptedException {
        var running = new Running(
                STREAMING, get("/sink").toBuilder().setMethod("POST").build(), new HttpPipe());
        ByteString part = ByteString.copyFrom(new byte[HttpExchange.PART_BYTES_MAX / 2]);
        HttpPipe pipe = running.pipe;
        for (long sent = 0; sent < LARGE; sent += part.size()) {
            assertThat(HttpBodies.await(
                            pipe::onChange, () -> pipe.requestWritable() >= part.size(), Deadline.in(HttpGuest.PLENTY)))
                    .isTrue();
            pipe.writeRequest(part);
        }
        pipe.endRequest(List.of());
        assertThat(running.rest()).isEqualTo(LARGE + " bytes\n");
    }

    @Test
    void handle_requestBodyNotRead_isAnsweredAllTheSame() throws InterruptedException {
        var running =
                new Running(HELLO, get("/hello").toBuilder().setMethod("POST").build(), new HttpPipe());
        assertThat(running.rest()).isEqualTo("Hello, World!");
    }

    // ---- time

    @Test
    void handle_guestThatWaits_usesNoneOfItsBudget() throws InterruptedException {
        Payload request = new Payload.Typed(get("/slow?pieces=6&millis=250"));
        Payload reply = HttpGuest.of(STREAMING)
                .handle(
                        request,
                        new NoServices(),
                        HttpGuest.LIMITS,
                        Duration.ofSeconds(1),
                        Deadline.in(HttpGuest.PLENTY));
        assertThat(response(reply).getBody().toStringUtf8()).endsWith("piece 6\n");
    }

    @Test
    void handle_guestThatWaitsBeyondTheDeadline_isEndedThen() {
        Payload request = new Payload.Typed(get("/slow?pieces=2&millis=100000"));
        assertThatExceptionOfType(CallEndedException.class)
                .isThrownBy(() -> HttpGuest.of(STREAMING)
                        .handle(
                                request,
                                new NoServices(),
                                HttpGuest.LIMITS,
                                HttpGuest.PLENTY,
                                Deadline.in(Duration.ofMillis(300))))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.DeadlineExceeded.class));
    }

    @Test
    void handle_guestThatRunsOnAfterItWaited_isEndedByItsBudget() {
        Payload request = new Payload.Typed(get("/wait-then-run"));
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> HttpGuest.of(PROBE)
                        .handle(
                                request,
                                new NoServices(),
                                HttpGuest.LIMITS,
                                Duration.ofMillis(200),
                                Deadline.in(HttpGuest.PLENTY)))
                .satisfies(e -> assertThat(e.failure()).isEqualTo(new GuestFailure.TimedOut(Duration.ofMillis(200))));
    }

    // ---- failures

    @Test
    void handle_noResponse_failsSayingSo() {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> probe("/no-response"))
                .satisfies(e -> {
                    assertThat(e.failure()).isInstanceOf(InvocationFailure.ActorFailed.class);
                    assertThat(e.failure().message()).contains("response-outparam.set");
                });
    }

    @Test
    void handle_errorCode_failsWithItsName() {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> probe("/error"))
                .satisfies(e -> assertThat(e.failure())
                        .isInstanceOf(InvocationFailure.ActorFailed.class)
                        .extracting(InvocationFailure::message)
                        .isEqualTo("it answered with error-code DNS-error[NXDOMAIN, 3]"));
    }

    @Test
    void handle_bodyNotFinished_failsWhetherItWasSentOrNot() throws InterruptedException {
        for (String target : List.of("/body-dropped", "/body-kept?bytes=10", "/body-kept?bytes=100000")) {
            var running = new Running(PROBE, get(target), HttpPipe.ofWholeRequest());
            assertThat(running.failure())
                    .isInstanceOf(InvocationFailure.ActorFailed.class)
                    .extracting(InvocationFailure::message)
                    .asString()
                    .contains("outgoing-body.finish");
        }
    }

    @Test
    void handle_trapAfterTheHeadWasSent_failsTheCall() throws InterruptedException {
        var running = new Running(PROBE, get("/trap-after?bytes=1000000"), HttpPipe.ofWholeRequest());
        assertThat(running.head().getStatus()).isEqualTo(200);
        assertThatExceptionOfType(InvocationException.class).isThrownBy(running::rest);
        assertThat(running.reply)
                .failsWithin(HttpGuest.PLENTY)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(GuestException.class);
    }

    @Test
    void handle_callerGone_isToldToTheGuestAndFailsTheCall() throws InterruptedException {
        var services = new NoServices();
        var running = new Running(PROBE, get("/write-then-say?bytes=10000000"), HttpPipe.ofWholeRequest(), services);
        running.head();
        running.pipe.failed(new InvocationFailure.ConnectionLost("caller", "went away"));
        assertThat(running.failure()).isInstanceOf(InvocationFailure.ConnectionLost.class);
        assertThat(services.lines).containsExactly("INFO Some(ErrorCode::ConnectionTerminated)");
    }
}

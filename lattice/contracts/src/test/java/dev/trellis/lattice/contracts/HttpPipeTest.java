package dev.trellis.lattice.contracts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class HttpPipeTest {
    private static final Header TRAILER =
            Header.newBuilder().setName("digest").setValue("abc").build();
    private static final HttpResponse OK =
            HttpResponse.newBuilder().setStatus(200).build();

    private final HttpPipe pipe = new HttpPipe();
    private final HttpExchange exchange = pipe.exchange();

    @Test
    void request_givenInParts_isReadToItsEndWithTrailers() {
        pipe.writeRequest(bytes("hello"));
        pipe.endRequest(List.of(TRAILER));

        assertThat(exchange.read(2)).isEqualTo(bytes("he"));
        assertThat(exchange.requestEnded()).isFalse();
        assertThat(exchange.read(100)).isEqualTo(bytes("llo"));
        assertThat(exchange.requestEnded()).isTrue();
        assertThat(exchange.read(1)).isNull();
        assertThat(exchange.requestTrailers()).containsExactly(TRAILER);
    }

    @Test
    void request_nothingGivenYet_readsEmpty() {
        assertThat(exchange.readable()).isFalse();
        assertThat(exchange.read(1)).isEqualTo(ByteString.EMPTY);
    }

    @Test
    void request_whole_hasEnded() {
        assertThat(HttpPipe.ofWholeRequest().exchange().requestEnded()).isTrue();
    }

    @Test
    void request_readerSlow_takesNoMoreThanItsRoom() {
        pipe.writeRequest(zeros(HttpExchange.PART_BYTES_MAX));

        assertThat(pipe.requestWritable()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> pipe.writeRequest(zeros(1)));
        assertThat(exchange.read(10)).hasSize(10);
        assertThat(pipe.requestWritable()).isEqualTo(10);
    }

    @Test
    void response_writtenThroughTheExchange_isReadToItsEndWithTrailers() {
        assertThat(pipe.response()).isNull();
        assertThat(exchange.writable()).isZero();
        exchange.respond(OK.toBuilder().setBody(bytes("a")).build());
        exchange.write(bytes("b"));
        exchange.end(List.of(TRAILER));
        pipe.replied(Payload.EMPTY);

        assertThat(pipe.response()).isEqualTo(OK);
        assertThat(pipe.readResponse(9)).isEqualTo(bytes("a"));
        assertThat(pipe.readResponse(9)).isEqualTo(bytes("b"));
        assertThat(pipe.responseEnded()).isTrue();
        assertThat(pipe.readResponse(9)).isNull();
        assertThat(pipe.responseTrailers()).containsExactly(TRAILER);
    }

    @Test
    void response_asReplyOfTheCall_isReadLikeAny() {
        var body = zeros(HttpExchange.PART_BYTES_MAX + 1);
        pipe.replied(new Payload.Typed(OK.toBuilder().setBody(body).build()));

        assertThat(pipe.response()).isEqualTo(OK);
        assertThat(pipe.readResponse(Integer.MAX_VALUE)).hasSize(HttpExchange.PART_BYTES_MAX);
        assertThat(pipe.readResponse(Integer.MAX_VALUE)).hasSize(1);
        assertThat(pipe.readResponse(Integer.MAX_VALUE)).isNull();
    }

    @Test
    void response_writerTooFast_takesNoMoreThanItsRoom() {
        exchange.respond(OK);
        exchange.write(zeros(exchange.writable()));

        assertThat(exchange.writable()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> exchange.write(zeros(1)));
        pipe.readResponse(10);
        assertThat(exchange.writable()).isEqualTo(10);
    }

    @Test
    void response_begunTwiceOrWrittenAfterItsEnd_isRefused() {
        exchange.respond(OK);
        assertThatIllegalStateException().isThrownBy(() -> exchange.respond(OK));
        exchange.end(List.of());
        assertThatIllegalStateException().isThrownBy(() -> exchange.write(bytes("a")));
        assertThatIllegalStateException().isThrownBy(() -> exchange.end(List.of()));
    }

    @Test
    void response_headRefusedByTheMaker_canBeAnotherOne() {
        var strict = new HttpPipe(head -> {
            if (head.getStatus() != 200) {
                throw new InvocationException(new InvocationFailure.Malformed("response", "status"));
            }
        });

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> strict.exchange().respond(HttpResponse.getDefaultInstance()));
        assertThat(strict.response()).isNull();
        strict.exchange().respond(OK);
        assertThat(strict.response()).isEqualTo(OK);
    }

    @Test
    void responseLeft_endGiven_saysHowMuchIsToCome() {
        exchange.respond(OK.toBuilder().setBody(bytes("abc")).build());
        assertThat(pipe.responseLeft()).isEqualTo(-1);
        exchange.end(List.of());
        assertThat(pipe.responseLeft()).isEqualTo(3);
    }

    @Test
    void replied_responseNotEnded_failsTheMaker() {
        exchange.respond(OK);
        exchange.write(bytes("half"));
        pipe.replied(Payload.EMPTY);

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> pipe.readResponse(9))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.Malformed.class));
    }

    @Test
    void replied_callOver_exchangeThrowsAndRequestGoesNowhere() {
        exchange.respond(OK);
        exchange.end(List.of());
        pipe.replied(Payload.EMPTY);

        assertThatExceptionOfType(InvocationException.class).isThrownBy(() -> exchange.read(1));
        assertThat(pipe.requestOpen()).isFalse();
        assertThat(pipe.requestWritable()).isPositive();
        pipe.writeRequest(bytes("nobody reads this"));
    }

    @Test
    void failed_callUnderWay_bothEndsThrowItAgainAndAgain() {
        pipe.writeRequest(bytes("x"));
        exchange.respond(OK);
        pipe.failed(new InvocationFailure.ConnectionLost("client", "is gone"));

        for (int i = 0; i < 2; i++) {
            assertThat(exchange.readable()).isTrue();
            assertThatExceptionOfType(InvocationException.class).isThrownBy(() -> exchange.read(1));
            assertThatExceptionOfType(InvocationException.class).isThrownBy(exchange::writable);
            assertThatExceptionOfType(InvocationException.class).isThrownBy(() -> exchange.write(bytes("a")));
            assertThatExceptionOfType(InvocationException.class).isThrownBy(() -> exchange.end(List.of()));
            assertThat(pipe.responseReadable()).isTrue();
            assertThatExceptionOfType(InvocationException.class).isThrownBy(pipe::response);
            assertThatExceptionOfType(InvocationException.class).isThrownBy(() -> pipe.readResponse(1));
        }
    }

    @Test
    void failed_responseWholeBefore_canStillBeRead() {
        exchange.respond(OK);
        exchange.write(bytes("whole"));
        exchange.end(List.of());
        pipe.failed(new InvocationFailure.DeadlineExceeded("actor", "went on for too long"));

        assertThat(pipe.response()).isEqualTo(OK);
        assertThat(pipe.readResponse(9)).isEqualTo(bytes("whole"));
        assertThat(pipe.readResponse(9)).isNull();
    }

    @Test
    void onChange_eachStep_tellsTheOtherEnd() {
        var toHandler = new AtomicInteger();
        var toMaker = new AtomicInteger();
        exchange.onChange(toHandler::incrementAndGet);
        pipe.onChange(toMaker::incrementAndGet);

        pipe.writeRequest(bytes("x"));
        pipe.endRequest(List.of());
        assertThat(toHandler).hasValue(2);
        exchange.read(1);
        exchange.respond(OK);
        exchange.write(bytes("y"));
        exchange.end(List.of());
        assertThat(toMaker).hasValue(4);
        pipe.readResponse(1);
        assertThat(toHandler).hasValue(3);
    }

    @Test
    void bodies_largerThanTheRoom_moveBothWaysBetweenTwoThreads() throws Exception {
        int size = 8 * HttpExchange.PART_BYTES_MAX + 7;
        Deadline deadline = Deadline.in(Duration.ofSeconds(10));
        var handler = CompletableFuture.runAsync(() -> {
            try {
                exchange.respond(OK);
                while (HttpBodies.awaitReadable(exchange, deadline)) {
                    ByteString part = exchange.read(100_000);
                    if (part == null) {
                        break;
                    }
                    HttpBodies.write(exchange, part, deadline);
                }
                exchange.end(exchange.requestTrailers());
                pipe.replied(Payload.EMPTY);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        int given = 0;
        int taken = 0;
        while (!pipe.responseEnded()) {
            assertThat(HttpBodies.await(
                            pipe::onChange, () -> pipe.requestWritable() > 0 || pipe.responseReadable(), deadline))
                    .isTrue();
            int next = Math.min(size - given, pipe.requestWritable());
            if (next > 0) {
                pipe.writeRequest(zeros(next));
                given += next;
            } else if (given == size) {
                pipe.endRequest(List.of(TRAILER));
            }
            if (pipe.responseReadable()) {
                ByteString part = pipe.readResponse(50_000);
                taken += part == null ? 0 : part.size();
            }
        }
        handler.get(10, TimeUnit.SECONDS);
        assertThat(taken).isEqualTo(size);
        assertThat(pipe.responseTrailers()).containsExactly(TRAILER);
    }

    @Test
    void await_nothingComes_endsWithTheDeadline() throws InterruptedException {
        assertThat(HttpBodies.awaitReadable(exchange, Deadline.in(Duration.ofMillis(5))))
                .isFalse();
    }

    @Test
    void await_interrupted_throws() throws Exception {
        var waiting = new CompletableFuture<Void>();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                HttpBodies.awaitReadable(exchange, Deadline.in(Duration.ofSeconds(20)));
                waiting.complete(null);
            } catch (InterruptedException e) {
                waiting.completeExceptionally(e);
            }
        });
        thread.interrupt();

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                .withCauseInstanceOf(InterruptedException.class);
    }

    @Test
    void wholeRequest_restComesInParts_hasAllOfIt() throws InterruptedException {
        pipe.writeRequest(bytes("ll"));
        pipe.writeRequest(bytes("o"));
        pipe.endRequest(List.of());
        var head = HttpRequest.newBuilder().setBody(bytes("he")).build();

        assertThat(HttpBodies.wholeRequest(head, exchange, 5, Deadline.in(Duration.ofSeconds(5)))
                        .getBody())
                .isEqualTo(bytes("hello"));
    }

    @Test
    void wholeRequest_moreThanIsTaken_failsAsTooLargeAboutTheBody() {
        pipe.writeRequest(bytes("llo"));
        var head = HttpRequest.newBuilder().setBody(bytes("he")).build();

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> HttpBodies.wholeRequest(head, exchange, 4, Deadline.in(Duration.ofSeconds(5))))
                .satisfies(e -> assertThat(e.failure())
                        .isInstanceOf(InvocationFailure.PayloadTooLarge.class)
                        .extracting(InvocationFailure::subject)
                        .isEqualTo(HttpBodies.REQUEST_BODY));
    }

    @Test
    void wholeRequest_restDoesNotCome_failsByTheDeadline() {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> HttpBodies.wholeRequest(
                        HttpRequest.getDefaultInstance(), exchange, 4, Deadline.in(Duration.ofMillis(5))))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.DeadlineExceeded.class));
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private static ByteString zeros(int count) {
        return ByteString.copyFrom(new byte[count]);
    }
}

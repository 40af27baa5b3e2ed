package dev.trellis.providers.httpclient;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * One request whose bodies move while its call runs: on the call's thread, between the exchange of the caller and a
 * {@link HttpPipe} whose other end is a connection's {@link WireEnd}.
 */
final class StreamedRequest {
    private static final InvocationFailure OVER =
            new InvocationFailure.ConnectionLost("HTTP request", "its call is over");

    private final String subject;
    private final Origin origin;
    private final Sending sending;
    private final HttpExchange exchange;
    private final HttpPipe pipe = new HttpPipe();
    private final WireEnd wire;
    private final long length;
    private long given;
    private boolean begun;
    private boolean ended;

    /** @param delivered which answers go to the caller; others are gathered */
    StreamedRequest(
            String subject, Origin origin, Sending sending, HttpExchange exchange, Predicate<HttpResponse> delivered) {
        this.subject = subject;
        this.origin = origin;
        this.sending = sending;
        this.exchange = exchange;
        OutgoingHead head = sending.head();
        this.length = head.whole() ? -1 : head.length();
        this.given = head.body().size();
        if (head.whole()) {
            pipe.endRequest(List.of());
        }
        this.wire = new WireEnd(pipe, head.whole(), length, delivered);
    }

    WireEnd wire() {
        return wire;
    }

    /**
     * Moves until the answer has been delivered, or gathered.
     *
     * @throws TimeoutException if the deadline passed; the server may have acted
     * @throws InvocationException if either side failed
     */
    Answer.Received run(Answer answer, Deadline deadline)
            throws Answer.ClosedBeforeAnswerException, TimeoutException, InterruptedException {
        Thread thread = Thread.currentThread();
        var _ = answer.result().whenComplete((_, _) -> LockSupport.unpark(thread));
        exchange.onChange(() -> LockSupport.unpark(thread));
        Deadline step = within(sending.firstByteTimeout(), deadline);
        try {
            checkLength(false);
            while (true) {
                boolean moved = moveRequest();
                if (answer.ended() && !begun && pipe.response() == null) {
                    return answer.received(); // gathered, or failed
                }
                if (answer.failed()) {
                    return answer.received(); // throws
                }
                if (moveAnswer()) {
                    moved = true;
                    step = within(sending.betweenBytesTimeout(), deadline);
                }
                if (ended && answer.ended()) {
                    return answer.received();
                }
                if (!moved) {
                    // the server's time does not run while it is the caller who takes nothing
                    Deadline until = begun && heldBack() ? deadline : step;
                    if (!HttpBodies.await(pipe::onChange, () -> movable(answer), until)) {
                        throw late(deadline);
                    }
                }
            }
        } finally {
            pipe.failed(OVER);
        }
    }

    private static Deadline within(Duration timeout, Deadline deadline) {
        return timeout.isZero() ? deadline : deadline.orEarlier(Deadline.in(timeout));
    }

    private InvocationException late(Deadline deadline) throws TimeoutException {
        if (deadline.passed()) {
            throw new TimeoutException();
        }
        return new InvocationException(new InvocationFailure.DeadlineExceeded(
                subject,
                begun
                        ? Reason.READ_TIMEOUT.of(origin + " sent nothing more of its answer within "
                                + sending.betweenBytesTimeout().toMillis() + " ms (between-bytes timeout)")
                        : origin + " did not begin to answer within "
                                + sending.firstByteTimeout().toMillis() + " ms (first-byte timeout)"));
    }

    private boolean heldBack() {
        return pipe.responseReadable() && exchange.writable() == 0;
    }

    private boolean movable(Answer answer) {
        if (ended) {
            return answer.ended(); // which comes right after its last byte
        }
        return (answer.ended() && !begun)
                || answer.failed()
                || requestMovable()
                || (begun ? pipe.responseReadable() && exchange.writable() > 0 : pipe.response() != null);
    }

    private boolean requestMovable() {
        return pipe.requestOpen() && pipe.requestWritable() > 0 && exchange.readable();
    }

    private boolean moveRequest() {
        if (!requestMovable()) {
            return false;
        }
        ByteString part = exchange.read(pipe.requestWritable());
        if (part == null) {
            checkLength(true);
            pipe.endRequest(exchange.requestTrailers());
        } else if (!part.isEmpty()) {
            given += part.size();
            checkLength(false);
            pipe.writeRequest(part);
        }
        return true;
    }

    private void checkLength(boolean whole) {
        if (length >= 0 && (given > length || (whole && given < length))) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    "HttpClient.Request",
                    "content-length is " + length + ", the body has " + (whole ? "" : "at least ") + given + " bytes"));
        }
    }

    private boolean moveAnswer() {
        boolean moved = false;
        if (!begun) {
            HttpResponse head = pipe.response();
            if (head == null) {
                return false;
            }
            exchange.respond(head);
            begun = true;
            moved = true;
        }
        while (!ended) {
            int room = exchange.writable();
            if (room == 0 || !pipe.responseReadable()) {
                return moved;
            }
            ByteString part = pipe.readResponse(room);
            if (part == null) {
                exchange.end(pipe.responseTrailers());
                ended = true;
            } else {
                exchange.write(part);
            }
            moved = true;
        }
        return moved;
    }
}

package dev.trellis.providers.httpclient;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one request as it comes in, piece by piece, bounded in every direction. All on the connection's event
 * loop but {@link #result}.
 */
final class Answer {
    /** Interim answers (status 1xx) before the real one; more fail the request. */
    static final int INTERIM_MAX = 8;

    /** Header lines of one answer; more fail the request. */
    static final int LINES_MAX = 256;

    private static final int STATUS_MAX = 999;
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int BODY_ROOM_MIN = 4 << 10;

    /** About the connection, which ends here. */
    private static final Set<String> NOT_PASSED_ON =
            Set.of("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade");

    /**
     * How it ended.
     *
     * @param reusable whether the connection may carry another request
     */
    record Received(HttpResponse response, boolean reusable) {}

    /** Nothing of an answer came before the connection ended. */
    static final class ClosedBeforeAnswerException extends Exception {
        private static final long serialVersionUID = 1L;

        ClosedBeforeAnswerException() {
            super("connection closed before the answer", null, false, false);
        }
    }

    /** Takes an answer that is not gathered, as it comes in. On the event loop. */
    interface Delivery {
        /** Whether the answer that begins so is delivered; else it is gathered like any other. */
        boolean wants(HttpResponse head);

        /** Delivers the head. */
        void begin(HttpResponse head);

        /** Delivers bytes of the body; they are the caller's again afterwards. */
        void part(ByteBuf bytes);

        /** Delivers the end. */
        void end(HttpHeaders trailing);
    }

    private final String subject;
    private final Origin origin;
    private final boolean toHead;
    private final int bodyBytesMax;
    private final int headerBytesMax;
    private final AnswerMemory memory;
    private final @Nullable Delivery delivery;
    private boolean delivered;
    private final CompletableFuture<Received> result = new CompletableFuture<>();

    private final HttpResponse.Builder response = HttpResponse.newBuilder();
    private byte[] body = {};
    private int bodyLength;
    private int interims;
    private boolean interim;
    private boolean begun;
    private boolean endsWithConnection;
    private boolean keepAlive;

    /**
     * @param toHead whether the request was HEAD, whose answer declares a body that does not come
     * @param delivery null to gather whatever comes
     */
    Answer(
            String subject,
            Origin origin,
            boolean toHead,
            HttpClientSettings settings,
            AnswerMemory memory,
            @Nullable Delivery delivery) {
        this.subject = subject;
        this.origin = origin;
        this.toHead = toHead;
        this.bodyBytesMax = settings.maxResponseBytes();
        this.headerBytesMax = settings.maxHeaderBytes();
        this.memory = memory;
        this.delivery = delivery;
    }

    /** The answer, or {@link InvocationException}, or {@link ClosedBeforeAnswerException}. */
    CompletableFuture<Received> result() {
        return result;
    }

    boolean ended() {
        return result.isDone();
    }

    boolean failed() {
        return result.isCompletedExceptionally();
    }

    /**
     * The answer that has {@link #ended}: without body if it was delivered.
     *
     * @throws ClosedBeforeAnswerException if the connection was closed before anything of an answer came
     * @throws InvocationException if the answer is refused
     */
    Received received() throws ClosedBeforeAnswerException {
        switch (result.isCompletedExceptionally() ? result.exceptionNow() : null) {
            case null -> {
                return result.resultNow();
            }
            case ClosedBeforeAnswerException closed -> throw closed;
            case InvocationException failure -> throw failure;
            case Throwable other -> throw new IllegalStateException("an answer ended in an unknown way", other);
        }
    }

    /**
     * Takes the next piece.
     *
     * @param written whether the request is out as a whole
     * @param truncatable whether the connection ended, if it did, in a way that an attacker may bring about
     */
    void take(HttpObject piece, boolean written, boolean truncatable) {
        if (ended()) {
            return;
        }
        DecoderResult decoded = piece.decoderResult();
        if (decoded.cause() instanceof PrematureChannelClosureException) {
            fail(lost("closed the connection in the middle of its answer"));
            return;
        }
        if (decoded.isFailure()) {
            fail(undecodable(decoded.cause()));
            return;
        }
        if (piece instanceof io.netty.handler.codec.http.HttpResponse head) {
            takeHead(head);
        }
        if (!ended() && piece instanceof HttpContent content) {
            takeContent(content, written, truncatable);
        }
    }

    private void takeHead(io.netty.handler.codec.http.HttpResponse head) {
        int status = head.status().code();
        if (!head.protocolVersion().protocolName().equals("HTTP")
                || head.protocolVersion().majorVersion() != 1) {
            fail(failed("answered as " + HttpSyntax.shown(head.protocolVersion().text()) + ", not as HTTP/1.1"));
        } else if (status < 100 || status > STATUS_MAX || status == SWITCHING_PROTOCOLS) {
            fail(failed("answered with status " + status + ", which cannot be an answer to this request"));
        } else if (status < 200) {
            interim = true;
            if (++interims > INTERIM_MAX) {
                fail(failed("sent more than " + INTERIM_MAX + " interim answers"));
            }
        } else {
            begun = true;
            takeFinalHead(head, status);
        }
    }

    private void takeFinalHead(io.netty.handler.codec.http.HttpResponse head, int status) {
        long declared;
        try {
            declared = HttpUtil.getContentLength(head, -1L);
        } catch (NumberFormatException e) {
            fail(failed("answered with a content-length that is no number"));
            return;
        }
        boolean bodiless = toHead || status == 204 || status == 304;
        if (head.headers().size() > LINES_MAX) {
            fail(failed("answered with more than " + LINES_MAX + " header lines"));
            return;
        }
        keepAlive = HttpUtil.isKeepAlive(head);
        endsWithConnection = !bodiless && declared < 0 && !HttpUtil.isTransferEncodingChunked(head);
        response.setStatus(status);
        for (Map.Entry<String, String> line : head.headers()) {
            String name = line.getKey().toLowerCase(Locale.ROOT);
            if (!NOT_PASSED_ON.contains(name)) {
                response.addHeaders(Header.newBuilder().setName(name).setValue(HttpSyntax.fromWire(line.getValue())));
            }
        }
        if (delivery != null) {
            HttpResponse built = response.build();
            delivered = delivery.wants(built);
            if (delivered) {
                delivery.begin(built);
            }
        }
        if (!delivered && !bodiless && declared > bodyBytesMax) {
            fail(tooLarge("an answer of " + declared + " bytes"));
        }
    }

    private void takeContent(HttpContent content, boolean written, boolean truncatable) {
        boolean last = content instanceof LastHttpContent;
        if (interim) {
            interim = !last;
            return;
        }
        if (delivery != null && delivered) {
            delivery.part(content.content());
        } else {
            append(content.content());
        }
        if (!last || ended()) {
            return;
        }
        if (endsWithConnection && truncatable) {
            fail(lost("ended TLS without the goodbye that says that its answer is whole"));
            return;
        }
        ByteString whole = bodyLength == 0 ? ByteString.EMPTY : UnsafeByteOperations.unsafeWrap(body, 0, bodyLength);
        boolean reusable = keepAlive && !endsWithConnection && written;
        var received = new Received(response.setBody(whole).build(), reusable);
        memory.letGo(bodyLength);
        if (delivery != null && delivered) {
            delivery.end(((LastHttpContent) content).trailingHeaders());
        }
        result.complete(received);
    }

    private void append(ByteBuf piece) {
        int more = piece.readableBytes();
        if (more > bodyBytesMax - bodyLength) {
            fail(tooLarge("an answer of more than " + bodyBytesMax + " bytes"));
            return;
        }
        if (!memory.hold(more)) {
            fail(failed("sent an answer for which the provider has no memory left; " + AnswerMemory.BYTES_MAX
                    + " bytes of answers are being received"));
            return;
        }
        if (more > body.length - bodyLength) {
            // doubled, so that room is taken as bytes arrive and not as a header promises them
            body = Arrays.copyOf(
                    body,
                    Math.min(bodyBytesMax, Math.max(BODY_ROOM_MIN, Math.max(bodyLength + more, 2 * body.length))));
        }
        piece.getBytes(piece.readerIndex(), body, bodyLength, more);
        bodyLength += more;
    }

    /** The connection is closed; that is the end, if the answer had not ended before. */
    void connectionClosed() {
        if (!ended()) {
            if (begun || interims > 0) {
                fail(lost("closed the connection in the middle of its answer"));
            } else {
                end(new ClosedBeforeAnswerException());
            }
        }
    }

    /** The connection broke. */
    void broken(Throwable cause) {
        if (cause instanceof io.netty.handler.codec.DecoderException
                && !(cause.getCause() instanceof java.io.IOException)) {
            fail(undecodable(cause));
        } else {
            connectionClosed();
        }
    }

    void fail(InvocationFailure failure) {
        end(new InvocationException(failure));
    }

    private void end(Exception failure) {
        if (!ended()) {
            memory.letGo(bodyLength);
            result.completeExceptionally(failure);
        }
    }

    private InvocationFailure undecodable(Throwable cause) {
        return cause instanceof TooLongHttpHeaderException || cause instanceof TooLongHttpLineException
                ? new InvocationFailure.PayloadTooLarge(
                        subject,
                        Reason.ANSWER_HEAD_TOO_LARGE.of(origin + " sent a head larger than " + headerBytesMax
                                + " bytes (max_header_bytes); the connection was dropped"))
                : failed(
                        "sent something that is not HTTP/1.1: " + HttpSyntax.shown(String.valueOf(cause.getMessage())));
    }

    private InvocationFailure tooLarge(String what) {
        return new InvocationFailure.PayloadTooLarge(
                subject,
                origin + " sent " + what + ", above the limit of " + bodyBytesMax
                        + " (max_response_bytes); the connection was dropped");
    }

    private InvocationFailure failed(String what) {
        return new InvocationFailure.ProviderFailed(subject, origin + " " + what);
    }

    private InvocationFailure lost(String what) {
        return new InvocationFailure.ConnectionLost(subject, origin + " " + what);
    }
}

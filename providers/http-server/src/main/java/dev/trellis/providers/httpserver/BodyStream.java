package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of a request whose call is under way, on their way between the client's connection and the {@link HttpPipe}
 * that the call has the other end of. All on the event loop, but what says otherwise. Costs nothing but its memory while
 * the call does not touch the pipe.
 */
final class BodyStream {
    private static final int RESUME_ROOM = HttpExchange.PART_BYTES_MAX / 2;
    private static final InvocationFailure OVER =
            new InvocationFailure.ConnectionLost("HTTP exchange", "the request has been answered");

    /** What this tells the request that it belongs to. */
    interface Events {
        /** The response begins. */
        void onBegin(Answer head, boolean chunked, long length);

        /** The response is whole; its last bytes go out right after this. */
        void onEnd();

        /** The last bytes of the response are out, or will never be. */
        void onWritten();

        /** The response cannot be completed. */
        void onBroken(InvocationFailure why);
    }

    private final Events events;
    private final Listener listener;
    private final Executor loop;
    private final HttpServerRequest request;
    private final String method;
    private final long responseBytesMax;
    private final HttpPipe pipe = new HttpPipe(this::check);
    private final AtomicBoolean woken = new AtomicBoolean();
    private volatile boolean over;
    private volatile @Nullable Answer accepted;

    private ByteString overflow = ByteString.EMPTY;
    private int held;
    private boolean paused;
    private long pausedSince;
    private long pausedNanos;

    private boolean begun;
    private boolean bodiless;
    private long declared = -1;
    private long sent;
    private long stalledSince;

    BodyStream(
            Events events,
            Listener listener,
            Executor loop,
            HttpServerRequest request,
            String method,
            long responseBytesMax) {
        this.events = events;
        this.listener = listener;
        this.loop = loop;
        this.request = request;
        this.method = method;
        this.responseBytesMax = responseBytesMax;
        pipe.onChange(this::wake);
    }

    /** The call's end. */
    HttpExchange exchange() {
        return pipe.exchange();
    }

    /** Whether the call has given the head of its response. From any thread. */
    boolean begun() {
        return accepted != null;
    }

    // ---- the request's body

    /** Hands bytes of the request on; false if there is no memory for them. */
    boolean take(Buffer chunk) {
        int more = chunk.length();
        if (!listener.hold(more)) {
            return false;
        }
        held += more;
        ByteString bytes = UnsafeByteOperations.unsafeWrap(chunk.getBytes());
        overflow = overflow.isEmpty() ? bytes : overflow.concat(bytes);
        moveRequest();
        return true;
    }

    /** The request's body is whole. */
    void endRequest(List<Header> trailers) {
        pipe.endRequest(trailers);
    }

    private void moveRequest() {
        try {
            int now = Math.min(overflow.size(), pipe.requestWritable());
            if (now > 0) {
                pipe.writeRequest(overflow.substring(0, now));
                overflow = overflow.substring(now);
            }
        } catch (InvocationException e) {
            overflow = ByteString.EMPTY; // it goes nowhere any more
        }
        int holding = overflow.size() + pipe.requestHeld();
        listener.letGo(held - holding);
        held = holding;
        if (!overflow.isEmpty()) {
            pause();
        } else if (paused && pipe.requestWritable() >= RESUME_ROOM) {
            resume();
        }
    }

    private void pause() {
        if (!paused) {
            paused = true;
            pausedSince = System.nanoTime();
            request.pause();
        }
    }

    private void resume() {
        if (paused) {
            paused = false;
            pausedNanos += System.nanoTime() - pausedSince;
            request.resume();
        }
    }

    /** Whether the client is kept from sending more, so that it cannot be late. */
    boolean paused() {
        return paused;
    }

    /** How long it has been, in all. */
    long pausedNanos() {
        return pausedNanos;
    }

    // ---- the response

    /** On the call's thread. */
    private void check(HttpResponse head) {
        try {
            accepted = Answer.begunWith(head, responseBytesMax);
        } catch (Answer.UnfitException e) {
            String why = "cannot be sent: " + e.getMessage();
            throw new InvocationException(
                    e.tooLarge()
                            ? new InvocationFailure.PayloadTooLarge("HTTP response", why)
                            : new InvocationFailure.Malformed("HTTP response", why));
        }
    }

    /** Has the event loop look after the pipe. From any thread. */
    private void wake() {
        if (!over && woken.compareAndSet(false, true)) {
            try {
                loop.execute(this::move);
            } catch (RejectedExecutionException e) {
                over = true; // the event loop has ended, and with it the connection
            }
        }
    }

    private void move() {
        woken.set(false);
        if (!over) {
            moveRequest();
        }
        moveResponse();
    }

    private void moveResponse() {
        Answer head = accepted;
        if (over || head == null) {
            return;
        }
        try {
            if (!begun) {
                begun = true;
                begin(head);
            }
            while (!over && !stalled()) {
                int left = pipe.responseLeft();
                ByteString part = pipe.readResponse(Exchange.PIECE_BYTES);
                if (part != null && part.isEmpty()) {
                    sendHead();
                    return;
                }
                send(part == null ? ByteString.EMPTY : part, part == null || part.size() == left);
            }
        } catch (InvocationException e) {
            // who let the pipe fail ends the response
        }
    }

    /** Lets the client know the head before there is any body; where its length is not told, Vert.x would say chunked. */
    private void sendHead() {
        HttpServerResponse response = request.response();
        if (!response.headWritten() && !bodiless && (response.isChunked() || declared >= 0)) {
            var _ = response.writeHead();
        }
    }

    private void begin(Answer head) {
        bodiless = head.bodiless(method);
        declared = head.declaredLength();
        int left = pipe.responseLeft();
        if (declared < 0 && left >= 0 && pipe.responseTrailers().isEmpty()) {
            declared = left; // all of it is here already
        }
        boolean chunked = !bodiless && declared < 0;
        events.onBegin(head, chunked, bodiless ? head.declaredLength() : declared);
    }

    /** Whether the client has to take what it was sent before it gets more. */
    private boolean stalled() {
        HttpServerResponse response = request.response();
        boolean full = response.writeQueueFull();
        if (full) {
            if (stalledSince == 0) {
                stalledSince = System.nanoTime();
            }
            response.drainHandler(_ -> moveResponse());
        } else {
            stalledSince = 0;
        }
        return full;
    }

    private void send(ByteString part, boolean last) {
        long all = sent + part.size();
        if (!bodiless && all > responseBytesMax) {
            events.onBroken(new InvocationFailure.PayloadTooLarge(
                    "HTTP response", "its body is larger than max_response_bytes " + responseBytesMax));
        } else if (!bodiless && declared >= 0 && (all > declared || (last && all < declared))) {
            events.onBroken(new InvocationFailure.Malformed(
                    "HTTP response",
                    "its content-length is " + declared + ", its body " + (last ? "" : "at least ") + all + " bytes"));
        } else {
            sent = bodiless ? 0 : all;
            if (last) {
                finish(part);
            } else if (!bodiless) {
                var _ = request.response().write(Buffer.buffer(part.toByteArray()));
            }
        }
    }

    private void finish(ByteString part) {
        HttpServerResponse response = request.response();
        if (response.isChunked()) {
            addTrailers(pipe.responseTrailers(), response.trailers());
        }
        over = true;
        events.onEnd();
        // The connection may turn to its next request within end().
        response.end(Buffer.buffer(bodiless ? new byte[0] : part.toByteArray())).onComplete(_ -> events.onWritten());
    }

    private static void addTrailers(List<Header> from, MultiMap to) {
        long characters = 0;
        for (Header trailer : from) {
            String name = trailer.getName();
            characters += name.length() + trailer.getValue().length();
            if (characters <= Answer.HEADER_CHARACTERS_MAX
                    && HeaderRules.token(name)
                    && HeaderRules.trailing(name)
                    && HeaderRules.validValue(trailer.getValue())) {
                to.add(name, HeaderRules.wire(trailer.getValue()));
            }
        }
    }

    /** Bytes of the response's body that went out. */
    long sent() {
        return sent;
    }

    /** Since when the client has taken nothing of what waits for it; 0 if nothing waits. */
    long stalledSince() {
        return stalledSince;
    }

    // ---- the end

    /** The call has returned; false if it left its response unfinished. */
    boolean callReturned() {
        boolean whole = pipe.responseLeft() >= 0;
        pipe.replied(Payload.EMPTY);
        return whole;
    }

    /** The call is not to go on: its end fails from now on. */
    void fail(InvocationFailure why) {
        over = true;
        pipe.failed(why);
    }

    /** Nothing moves from now on; what the client still sends is for others to throw away. */
    void close() {
        fail(OVER);
        overflow = ByteString.EMPTY;
        if (held > 0) {
            listener.letGo(held);
            held = 0;
        }
        resume();
    }
}

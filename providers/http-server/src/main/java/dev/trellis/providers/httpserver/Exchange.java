package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.TraceContext;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer. All of it runs on the event loop of its connection, except {@link #run}: the call of the
 * actor, on a virtual thread of its own, which hands its outcome back to the event loop. What of the bodies is not there
 * when the call begins or returns moves through a {@link BodyStream}.
 */
final class Exchange implements Runnable, BodyStream.Events {
    /** Answers up to this size go out in one piece; longer ones in pieces of it, as fast as the client takes them. */
    static final int PIECE_BYTES = 64 << 10;

    /** Time past its deadline after which a call that has not ended is given up; with a sweep on top still < 250 ms. */
    static final long OVERDUE_NANOS = 100_000_000L;

    /** Status noted in the access log for a client that left before it was answered; never sent. */
    static final int STATUS_CLIENT_GONE = 499;

    /** Status noted for a response that was begun and could not be completed; never sent. */
    static final int STATUS_CUT_OFF = 500;

    private static final RequestHead NO_HEAD = new RequestHead("-", "-", "");

    private static final InvocationFailure CLIENT_GONE =
            new InvocationFailure.ConnectionLost("HTTP client", "has closed its connection");
    private static final InvocationFailure CLIENT_SLOW =
            new InvocationFailure.ConnectionLost("HTTP client", "was too slow and has been cut off");

    private static final ThreadFactory CALLS =
            Thread.ofVirtual().inheritInheritableThreadLocals(false).factory();

    private enum State {
        /** The request's body arrives. */
        READING,
        /** The call runs; nothing of an answer is out. */
        CALLING,
        /** The head of the call's response is out, its body follows. */
        STREAMING,
        /** A whole answer goes out. */
        WRITING,
        DONE
    }

    private final Worker worker;
    private final Listener listener;
    private final ClientConnection connection;
    private final HttpServerRequest request;
    private final long startedNanos = System.nanoTime();

    private State state = State.READING;
    private RequestHead head = NO_HEAD;
    private final RequestSpan span;
    private final TraceContext trace;
    private @Nullable Route route;
    private boolean entered;

    private boolean bodyPending;
    private final GatheredBody gathered;
    private long bodyBytesMax;
    private long bodyReceived;
    private long bodyAnnounced = -1;
    private long bodyProgressNanos;
    private @Nullable BodyStream stream; // from the beginning of the call

    private @Nullable Thread call;
    private boolean callRunning;
    private Deadline deadline = new Deadline(startedNanos);

    private ByteString answerBody = ByteString.EMPTY;
    private int answerOffset;
    private int answerStatus;
    private boolean answerCloses;
    private long writeProgressNanos;

    Exchange(Worker worker, ClientConnection connection, HttpServerRequest request) {
        this.worker = worker;
        this.listener = worker.listener();
        this.gathered = new GatheredBody(listener);
        this.connection = connection;
        this.request = request;
        this.span = new RequestSpan(listener.telemetry, RequestHead.trace(request.headers()));
        this.trace = span.context();
    }

    // ---- the request's head

    /** Handles a request whose head has arrived. */
    void begin() {
        listener.counters.requests.increment();
        connection.begins(this);
        MultiMap headers = request.headers();
        bodyPending = RequestHead.bodied(headers);
        var given = RequestHead.of(request);
        if (given == null) {
            refuse(Problem.MALFORMED);
            return;
        }
        head = given;
        var refusal = RequestHead.refusal(request, headers);
        if (refusal != null) {
            refuse(refusal);
            return;
        }
        var to = listener.route();
        route = to;
        if (to == null) {
            refuse(Problem.NOT_LINKED);
            return;
        }
        var preflight = to.settings().cors().preflight(head.method(), headers, trace.traceId());
        if (preflight != null) {
            answer(preflight, bodyPending);
            return;
        }
        if (to.settings().readOnly()
                && !head.method().equals("GET")
                && !head.method().equals("HEAD")) {
            refuse(Problem.READ_ONLY);
            return;
        }
        if (!listener.enter(to.settings().maxRequests())) {
            listener.counters.refused.increment();
            refuse(Problem.BUSY);
            return;
        }
        entered = true;
        if (bodyPending) {
            readBody(to, headers);
        } else {
            startCall(to);
        }
    }

    /** Answers a request that Vert.x could not make sense of. */
    void refuseMalformed() {
        listener.counters.requests.increment();
        connection.begins(this);
        bodyPending = true;
        var cause = request.decoderResult().cause();
        if (cause instanceof TooLongHttpLineException) {
            refuse(Problem.TARGET_TOO_LONG);
        } else if (cause instanceof TooLongHttpHeaderException || cause instanceof TooLongFrameException) {
            refuse(Problem.HEADERS_TOO_LARGE);
        } else {
            refuse(Problem.MALFORMED);
        }
    }

    // ---- the request's body

    private void readBody(Route to, MultiMap headers) {
        bodyBytesMax = to.settings().maxBodyBytes();
        String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
        if (length != null) {
            try {
                bodyAnnounced = Long.parseLong(length.strip());
            } catch (NumberFormatException e) {
                refuse(Problem.MALFORMED);
                return;
            }
        }
        if (bodyAnnounced > bodyBytesMax) {
            refuse(Problem.BODY_TOO_LARGE);
            return;
        }
        String expectation = headers.get(HttpHeaderNames.EXPECT);
        if (expectation != null && !expectation.strip().equalsIgnoreCase("100-continue")) {
            refuse(Problem.EXPECTATION);
            return;
        }
        bodyProgressNanos = startedNanos;
        request.handler(this::onChunk);
        request.endHandler(_ -> onBodyEnd());
        request.exceptionHandler(this::onBodyBroken);
        if (expectation != null && request.version() == HttpVersion.HTTP_1_1) {
            request.response().writeContinue();
        }
        if (to.settings().bodyBufferBytes() == 0) {
            startCall(to);
        }
    }

    private void onChunk(Buffer chunk) {
        int more = chunk.length();
        if (state == State.WRITING || state == State.DONE) {
            connection.discarded(more);
            return;
        }
        listener.counters.bodyBytesIn.add(more);
        if (more > bodyBytesMax - bodyReceived) {
            tooLarge();
            return;
        }
        bodyReceived += more;
        bodyProgressNanos = System.nanoTime();
        var streaming = stream;
        if (streaming == null ? !gathered.add(chunk, bodyBytesMax) : !streaming.take(chunk)) {
            listener.counters.refused.increment();
            giveUp(
                    Problem.BUSY,
                    new InvocationFailure.Overloaded(listener.provider.value(), "too many bodies at once"));
            return;
        }
        var to = route;
        if (streaming == null
                && to != null
                && gathered.length() >= to.settings().bodyBufferBytes()
                && bodyReceived != bodyAnnounced) {
            startCall(to);
        }
    }

    private void tooLarge() {
        giveUp(
                Problem.BODY_TOO_LARGE,
                new InvocationFailure.PayloadTooLarge(
                        HttpBodies.REQUEST_BODY, "is larger than max_body_bytes " + bodyBytesMax));
    }

    private void onBodyEnd() {
        bodyPending = false;
        switch (state) {
            case READING -> {
                var to = route;
                if (to != null) {
                    startCall(to);
                }
            }
            case CALLING, STREAMING -> {
                var streaming = stream;
                if (streaming != null) {
                    streaming.endRequest(connection.takeTrailers(request));
                }
            }
            case WRITING, DONE -> {
                if (connection.closing()) {
                    connection.close();
                }
            }
        }
    }

    /** The body cannot be decoded. Vert.x closes the connection right after this. */
    private void onBodyBroken(Throwable failure) {
        if (!(failure instanceof HttpClosedException)) {
            giveUp(Problem.MALFORMED, new InvocationFailure.Malformed(HttpBodies.REQUEST_BODY, "cannot be decoded"));
        }
    }

    /** Ends the request because of its client: with an answer, if none is on its way. */
    private void giveUp(Problem problem, InvocationFailure why) {
        switch (state) {
            case READING -> refuse(problem);
            case CALLING -> {
                failStream(why);
                refuse(problem);
            }
            case STREAMING -> {
                connection.cut();
                gone(why);
            }
            case WRITING, DONE -> {
                // it is answered
            }
        }
    }

    private void failStream(InvocationFailure why) {
        var streaming = stream;
        if (streaming != null) {
            streaming.fail(why);
        }
        interruptCall();
    }

    // ---- the call

    private void startCall(Route to) {
        state = State.CALLING;
        deadline = Deadline.in(to.settings().timeout());
        var streaming = new BodyStream(
                this,
                listener,
                connection.channel().eventLoop(),
                request,
                head.method(),
                to.settings().maxResponseBytes());
        if (!bodyPending) {
            streaming.endRequest(connection.takeTrailers(request));
        }
        stream = streaming;
        callRunning = true;
        var thread = CALLS.newThread(this);
        call = thread;
        thread.start();
    }

    /** The call, on its own virtual thread. */
    @Override
    public void run() {
        var to = route;
        var streaming = stream;
        if (to == null || streaming == null) {
            return; // never: set before the thread is started
        }
        Answer outcome = new RequestCall(
                        listener, to, head, request.headers(), gathered.toByteString(), streaming, deadline, trace)
                .make();
        try {
            connection.channel().eventLoop().execute(() -> onOutcome(outcome));
        } catch (RejectedExecutionException e) {
            listener.leave(); // the event loop has ended, and with it the connection
        }
    }

    private void onOutcome(@Nullable Answer outcome) {
        callRunning = false;
        call = null;
        switch (state) {
            case CALLING -> answer(outcome == null ? Problem.BROKEN.answer(trace.traceId()) : outcome, bodyPending);
            case STREAMING -> {
                var streaming = stream;
                boolean whole = streaming != null && streaming.callReturned();
                if (outcome != null && !whole) {
                    cutOff(null); // its failure has been logged
                } else if (!whole) {
                    cutOff(new InvocationFailure.Malformed("HTTP response", "the call returned before its end"));
                }
            }
            case DONE -> leave();
            case READING, WRITING -> {
                // answered meanwhile; the call is left with the last byte
            }
        }
    }

    // ---- the answer, in parts

    @Override
    public void onBegin(Answer answer, boolean chunked, long length) {
        state = State.STREAMING;
        answerStatus = answer.status();
        var response = writeHead(answer);
        if (length >= 0) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, Long.toString(length));
        }
        if (chunked && request.version() == HttpVersion.HTTP_1_1) {
            response.setChunked(true);
        } else if (chunked) {
            answerCloses = true; // HTTP/1.0 has no chunks: the end of the connection is that of the body
        }
        if (answerCloses || listener.closing()) {
            response.headers().set(HttpHeaderNames.CONNECTION, "close");
        }
    }

    @Override
    public void onEnd() {
        if (bodyPending) {
            connection.startClosing();
        }
        var streaming = stream;
        finish(answerStatus, streaming == null ? 0 : streaming.sent());
    }

    @Override
    public void onWritten() {
        if (connection.closing()) {
            connection.linger();
        } else if (answerCloses) {
            connection.close();
        }
    }

    @Override
    public void onBroken(InvocationFailure why) {
        cutOff(why);
    }

    /** Ends a response that is not whole so that it does not look so: with the connection. */
    private void cutOff(@Nullable InvocationFailure why) {
        var to = route;
        if (why != null && to != null) {
            listener.failureLog.failed(
                    to.actor().value(),
                    head.method(),
                    STATUS_CUT_OFF,
                    trace.traceId(),
                    "its response was cut off: " + why.describe());
        }
        failStream(
                why == null ? new InvocationFailure.ConnectionLost("HTTP exchange", "the response was cut off") : why);
        var streaming = stream;
        connection.cut();
        finish(STATUS_CUT_OFF, streaming == null ? 0 : streaming.sent());
    }

    // ---- the answer

    /** Answers with an error; ends the connection too if the request has not been read to its end. */
    private void refuse(Problem problem) {
        answer(problem.answer(trace.traceId()), bodyPending);
    }

    private void answer(Answer answer, boolean closes) {
        state = State.WRITING;
        writeProgressNanos = System.nanoTime();
        answerStatus = answer.status();
        answerCloses = closes;
        if (closes) {
            connection.startClosing();
        }
        var streaming = stream;
        if (streaming != null) {
            streaming.close();
        }
        HttpServerResponse response = writeHead(answer);
        MultiMap headers = response.headers();
        int size = answer.body().size();
        if (head.method().equals("HEAD") || answer.status() == 304) {
            long length = size > 0 ? size : answer.declaredLength();
            if (length >= 0) {
                headers.set(HttpHeaderNames.CONTENT_LENGTH, Long.toString(length));
            }
        } else if (answer.status() != 204 && answer.status() != 205) {
            answerBody = answer.body();
            headers.set(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(size));
        }
        if (closes || listener.closing()) {
            headers.set(HttpHeaderNames.CONNECTION, "close");
        }
        write();
    }

    private HttpServerResponse writeHead(Answer answer) {
        HttpServerResponse response = request.response();
        response.setStatusCode(answer.status());
        MultiMap headers = response.headers();
        List<String> own = answer.headers();
        for (int i = 0; i < own.size(); i += 2) {
            headers.add(own.get(i), own.get(i + 1));
        }
        var to = route;
        if (to != null) {
            addSettingsHeaders(to.settings(), answer, headers);
        }
        if (!answer.dated()) {
            headers.add(HttpHeaderNames.DATE, worker.date());
        }
        return response;
    }

    private void addSettingsHeaders(HttpServerSettings settings, Answer answer, MultiMap headers) {
        if (!settings.cacheControl().isEmpty()
                && !answer.cacheRuled()
                && answer.status() < 400
                && (head.method().equals("GET") || head.method().equals("HEAD"))) {
            headers.add(HttpHeaderNames.CACHE_CONTROL, settings.cacheControl());
        }
        if (settings.cors().on()) {
            settings.cors().addTo(headers, request.headers().get(HttpHeaderNames.ORIGIN));
        }
    }

    /** Writes as much of the answer as the client takes now. */
    private void write() {
        if (state != State.WRITING) {
            return;
        }
        HttpServerResponse response = request.response();
        int size = answerBody.size();
        while (true) {
            // Also before a small answer: a client that sends requests and reads nothing must not fill the memory.
            if (response.writeQueueFull()) {
                response.drainHandler(_ -> write());
                return;
            }
            writeProgressNanos = System.nanoTime();
            int left = size - answerOffset;
            if (left <= PIECE_BYTES) {
                var last = left == size ? answerBody : answerBody.substring(answerOffset);
                finish(answerStatus, size);
                // The connection may turn to its next request within end().
                var written = response.end(Buffer.buffer(last.toByteArray()));
                if (answerCloses) {
                    written.onComplete(_ -> connection.linger());
                }
                return;
            }
            response.write(Buffer.buffer(answerBody
                    .substring(answerOffset, answerOffset + PIECE_BYTES)
                    .toByteArray()));
            answerOffset += PIECE_BYTES;
        }
    }

    private void finish(int status, long bytes) {
        state = State.DONE;
        connection.ends(this);
        listener.counters.answered(status);
        listener.counters.bodyBytesOut.add(bytes);
        var streaming = stream;
        if (streaming != null) {
            streaming.close();
        }
        span.answered(head.method(), head.path(), bodyReceived, status, bytes);
        var accessLog = listener.accessLog;
        if (accessLog.on()) {
            accessLog.add(
                    head.method(),
                    head.path(),
                    status,
                    bytes,
                    System.nanoTime() - startedNanos,
                    trace.traceId(),
                    connection.channel().remoteAddress());
        }
        if (!callRunning) {
            leave();
        }
    }

    /** Gives back what the listener lent. Not before the call has ended, even if the answer went out earlier. */
    private void leave() {
        gathered.letGo();
        if (entered) {
            entered = false;
            listener.leave();
        }
    }

    // ---- what goes wrong meanwhile

    /** The connection is closed. */
    void onClientGone() {
        if (state != State.DONE) {
            gone(CLIENT_GONE);
        }
    }

    private void gone(InvocationFailure why) {
        listener.counters.gone.increment();
        failStream(why);
        var streaming = stream;
        finish(STATUS_CLIENT_GONE, state == State.STREAMING && streaming != null ? streaming.sent() : answerOffset);
    }

    private void interruptCall() {
        var thread = call;
        if (thread != null) {
            thread.interrupt();
        }
    }

    boolean overdue(long now) {
        return switch (state) {
            case READING -> slow(now);
            case CALLING -> late(now) || slow(now);
            case STREAMING -> late(now) || slow(now) || stalled(now);
            case WRITING ->
                now - writeProgressNanos > listener.timeouts.writeStall().toNanos();
            case DONE -> false;
        };
    }

    private boolean late(long now) {
        return callRunning && now - deadline.nanoTime() > OVERDUE_NANOS;
    }

    /** Whether the client sends its body too slowly. It is not its fault while it is kept from sending. */
    private boolean slow(long now) {
        var streaming = stream;
        if (!bodyPending || (streaming != null && streaming.paused())) {
            return false;
        }
        var timeouts = listener.timeouts;
        long allowed = timeouts.body().toNanos()
                + (streaming == null ? 0 : streaming.pausedNanos())
                + bodyReceived * (1_000_000_000L / Timeouts.BODY_BYTES_PER_SECOND_MIN);
        return now - bodyProgressNanos > timeouts.bodyIdle().toNanos() || now - startedNanos > allowed;
    }

    private boolean stalled(long now) {
        var streaming = stream;
        long since = streaming == null ? 0 : streaming.stalledSince();
        return since != 0 && now - since > listener.timeouts.writeStall().toNanos();
    }

    void expire(long now) {
        if (!overdue(now)) {
            return;
        }
        switch (state) {
            case READING -> refuse(Problem.CLIENT_SLOW);
            case CALLING -> {
                if (late(now)) {
                    expireCall();
                    refuse(Problem.TIMEOUT);
                } else {
                    giveUp(Problem.CLIENT_SLOW, CLIENT_SLOW);
                }
            }
            case STREAMING -> {
                if (late(now)) {
                    expireCall();
                    cutOff(null);
                } else {
                    giveUp(Problem.CLIENT_SLOW, CLIENT_SLOW);
                }
            }
            case WRITING -> connection.cut();
            case DONE -> {
                // nothing is waited for
            }
        }
    }

    private void expireCall() {
        listener.counters.overdue.increment();
        var to = route;
        if (to != null) {
            String reply = state == State.STREAMING ? "no whole response" : "no reply";
            String what = reply + " within " + to.settings().timeout().toMillis() + " ms";
            failStream(new InvocationFailure.DeadlineExceeded(to.actor().value(), what));
            listener.failureLog.failed(
                    to.actor().value(), head.method(), Problem.TIMEOUT.status(), trace.traceId(), what);
        }
    }
}

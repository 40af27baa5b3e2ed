package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.TraceContext;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer. All of it runs on the event loop of its connection, except {@link #run}: the call of the
 * actor, on a virtual thread of its own, which hands its outcome back to the event loop.
 */
final class Exchange implements Runnable {
    /** Answers up to this size go out in one piece; longer ones in pieces of it, as fast as the client takes them. */
    static final int PIECE_BYTES = 64 << 10;

    /** Time past its deadline after which a call that has not ended is given up; with a sweep on top still < 250 ms. */
    static final long OVERDUE_NANOS = 100_000_000L;

    /** Status noted in the access log for a client that left before it was answered; never sent. */
    static final int STATUS_CLIENT_GONE = 499;

    private static final int METHOD_LENGTH_MAX = 32;
    private static final int BODY_ROOM_MIN = 4 << 10;
    private static final byte[] NO_BYTES = {};
    private static final String OPERATION = "HandleRequest";

    private static final ThreadFactory CALLS =
            Thread.ofVirtual().inheritInheritableThreadLocals(false).factory();

    private enum State {
        READING,
        CALLING,
        WRITING,
        DONE
    }

    private final Worker worker;
    private final Listener listener;
    private final ClientConnection connection;
    private final HttpServerRequest request;
    private final long startedNanos = System.nanoTime();

    private State state = State.READING;
    private String method = "-";
    private String path = "-";
    private String query = "";
    private final RequestSpan span;
    private final TraceContext trace;
    private @Nullable Route route;
    private boolean entered;

    private boolean bodyPending;
    private byte[] body = NO_BYTES;
    private int bodyLength;
    private int bodyHeld;
    private long bodyProgressNanos;

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
        this.connection = connection;
        this.request = request;
        this.span = new RequestSpan(listener.telemetry, readTrace(request.headers()));
        this.trace = span.context();
    }

    // ---- the request's head

    /** Handles a request whose head has arrived. */
    void begin() {
        listener.counters.requests.increment();
        connection.begins(this);
        MultiMap headers = request.headers();
        bodyPending = headers.contains(HttpHeaderNames.TRANSFER_ENCODING)
                || !"0"
                        .equals(
                                headers.contains(HttpHeaderNames.CONTENT_LENGTH)
                                        ? headers.get(HttpHeaderNames.CONTENT_LENGTH)
                                        : "0");
        String name = request.method().name();
        if (name.length() > METHOD_LENGTH_MAX || !HeaderRules.token(name) || !readTarget(request.uri())) {
            refuse(Problem.MALFORMED);
            return;
        }
        method = upperCase(name);
        var refusal = headRefusal(headers);
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
        if (preflight(to.settings().cors(), headers)) {
            return;
        }
        if (to.settings().readOnly() && !method.equals("GET") && !method.equals("HEAD")) {
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
            readBody(headers, to.settings().maxBodyBytes());
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

    private static String upperCase(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= 'a') {
                return name.toUpperCase(Locale.ROOT);
            }
        }
        return name;
    }

    /** Splits the request target: a path with query, an absolute URI, or {@code *}. */
    private boolean readTarget(String target) {
        if (!HeaderRules.target(target)) {
            return false;
        }
        int start = 0;
        if (target.charAt(0) != '/' && !target.equals("*")) {
            int authority = target.indexOf("://");
            if (authority < 1) {
                return HttpMethod.CONNECT.equals(request.method());
            }
            start = authority + 3;
            while (start < target.length() && target.charAt(start) != '/' && target.charAt(start) != '?') {
                start++;
            }
        }
        int end = target.indexOf('#', start);
        if (end < 0) {
            end = target.length();
        }
        int mark = target.indexOf('?', start);
        if (mark < 0 || mark > end) {
            mark = end;
        } else {
            query = target.substring(mark + 1, end);
        }
        path = mark == start ? "/" : target.substring(start, mark);
        return true;
    }

    private static @Nullable TraceContext readTrace(MultiMap headers) {
        String parent = headers.get(TraceContext.PARENT_HEADER);
        if (parent == null || headers.getAll(TraceContext.PARENT_HEADER).size() > 1) {
            return null;
        }
        List<String> states = headers.getAll(TraceContext.STATE_HEADER);
        String state = String.join(",", states);
        return TraceContext.parse(parent.strip(), HeaderRules.ascii(state) ? state : "")
                .orElse(null);
    }

    /** What is wrong with the head; {@code null} if nothing is. */
    private @Nullable Problem headRefusal(MultiMap headers) {
        boolean hostNeeded = request.version() == HttpVersion.HTTP_1_1;
        String host = headers.get(HttpHeaderNames.HOST);
        if ((host == null && hostNeeded)
                || (host != null && headers.getAll(HttpHeaderNames.HOST).size() > 1)) {
            return Problem.MALFORMED;
        }
        if (HttpMethod.CONNECT.equals(request.method())) {
            return Problem.NOT_IMPLEMENTED;
        }
        String coding = headers.get(HttpHeaderNames.TRANSFER_ENCODING);
        if (coding != null) {
            boolean alone = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING).size() == 1;
            if (!alone || !coding.strip().equalsIgnoreCase("chunked")) {
                return Problem.NOT_IMPLEMENTED;
            }
            if (!hostNeeded) {
                return Problem.MALFORMED; // HTTP/1.0 has no chunks (RFC 9112 section 6.1)
            }
        }
        return null;
    }

    // ---- CORS

    /** Answers a preflight request if CORS is on; false if it is none. */
    private boolean preflight(Cors cors, MultiMap headers) {
        if (!cors.on() || !method.equals("OPTIONS")) {
            return false;
        }
        String origin = headers.get(HttpHeaderNames.ORIGIN);
        String asked = headers.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
        if (origin == null || asked == null || !HeaderRules.ascii(asked)) {
            return false;
        }
        if (!cors.allows(origin)) {
            refuse(Problem.ORIGIN_REFUSED);
            return true;
        }
        String askedHeaders = headers.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
        String allowedHeaders = cors.headers().isEmpty()
                ? askedHeaders != null && HeaderRules.ascii(askedHeaders) ? askedHeaders : ""
                : String.join(", ", cors.headers());
        answer(
                Answer.own(
                        204,
                        List.of(
                                "access-control-allow-methods",
                                cors.methods().isEmpty() ? asked : String.join(", ", cors.methods()),
                                "access-control-allow-headers",
                                allowedHeaders,
                                "access-control-max-age",
                                Long.toString(cors.maxAge().toSeconds())),
                        ByteString.EMPTY),
                bodyPending);
        return true;
    }

    private static void addCors(Cors cors, @Nullable String origin, MultiMap headers) {
        if (origin == null || !cors.allows(origin) || headers.contains("access-control-allow-origin")) {
            return;
        }
        if (cors.origins().contains("*")) {
            headers.add("access-control-allow-origin", "*");
        } else {
            headers.add("access-control-allow-origin", origin);
            headers.add("vary", "origin");
        }
        if (!cors.exposed().isEmpty()) {
            headers.add("access-control-expose-headers", String.join(", ", cors.exposed()));
        }
    }

    // ---- the request's body

    private void readBody(MultiMap headers, int max) {
        long announced = 0;
        String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
        if (length != null) {
            try {
                announced = Long.parseLong(length.strip());
            } catch (NumberFormatException e) {
                refuse(Problem.MALFORMED);
                return;
            }
        }
        if (announced > max) {
            refuse(Problem.BODY_TOO_LARGE);
            return;
        }
        String expectation = headers.get(HttpHeaderNames.EXPECT);
        if (expectation != null && !expectation.strip().equalsIgnoreCase("100-continue")) {
            refuse(Problem.EXPECTATION);
            return;
        }
        bodyProgressNanos = startedNanos;
        request.handler(chunk -> onChunk(chunk, max));
        request.endHandler(_ -> onBodyEnd());
        request.exceptionHandler(this::onBodyBroken);
        if (expectation != null && request.version() == HttpVersion.HTTP_1_1) {
            request.response().writeContinue();
        }
    }

    private void onChunk(Buffer chunk, int max) {
        int more = chunk.length();
        if (state != State.READING) {
            connection.discarded(more);
            return;
        }
        listener.counters.bodyBytesIn.add(more);
        if (more > max - bodyLength) {
            refuse(Problem.BODY_TOO_LARGE);
            return;
        }
        if (!listener.hold(more)) {
            listener.counters.refused.increment();
            refuse(Problem.BUSY);
            return;
        }
        bodyHeld += more;
        bodyProgressNanos = System.nanoTime();
        if (more > body.length - bodyLength) {
            // doubled, so that room is taken as bytes arrive and not as a header promises them
            int room = Math.min(max, Math.max(BODY_ROOM_MIN, Math.max(bodyLength + more, 2 * body.length)));
            body = Arrays.copyOf(body, room);
        }
        chunk.getBytes(body, bodyLength);
        bodyLength += more;
    }

    private void onBodyEnd() {
        bodyPending = false;
        if (state == State.READING) {
            var to = route;
            if (to != null) {
                startCall(to);
            }
        } else if (connection.closing()) {
            connection.close();
        }
    }

    /** The body cannot be decoded. Vert.x closes the connection right after this. */
    private void onBodyBroken(Throwable failure) {
        if (state == State.READING && !(failure instanceof HttpClosedException)) {
            refuse(Problem.MALFORMED);
        }
    }

    // ---- the call

    private void startCall(Route to) {
        state = State.CALLING;
        deadline = Deadline.in(to.settings().timeout());
        callRunning = true;
        var thread = CALLS.newThread(this);
        call = thread;
        thread.start();
    }

    /** The call, on its own virtual thread. */
    @Override
    public void run() {
        var to = route;
        if (to == null) {
            return; // never: set before the thread is started
        }
        Answer outcome = call(to);
        try {
            connection.channel().eventLoop().execute(() -> onOutcome(outcome));
        } catch (RejectedExecutionException e) {
            listener.leave(); // the event loop has ended, and with it the connection
        }
    }

    private Answer call(Route to) {
        try {
            var invocation = Invocation.first(
                    listener.provider,
                    to.actor(),
                    to.link().name(),
                    Contracts.HTTP_SERVER.id(),
                    OPERATION,
                    new Payload.Typed(message()),
                    deadline,
                    trace);
            return answerOf(to, to.invoker().invoke(invocation));
        } catch (InvocationException e) {
            return failed(to, e.failure());
        } catch (InterruptedException e) {
            // by this exchange (client gone, deadline), or because the host ends
            return (deadline.passed() ? Problem.TIMEOUT : Problem.UNAVAILABLE).answer(trace.traceId());
        } catch (RuntimeException | Error e) {
            listener.failureLog.failed(
                    to.actor().value(), method, Problem.BROKEN.status(), trace.traceId(), "unexpected failure", e);
            return Problem.BROKEN.answer(trace.traceId());
        }
    }

    private HttpRequest message() {
        var builder = HttpRequest.newBuilder().setMethod(method).setPath(path).setQuery(query);
        if (bodyLength > 0) {
            // nobody writes to the array any more
            builder.setBody(UnsafeByteOperations.unsafeWrap(body, 0, bodyLength));
        }
        for (Map.Entry<String, String> header : request.headers()) {
            String value = header.getValue();
            if (HeaderRules.ascii(value)) {
                builder.addHeaders(Header.newBuilder()
                        .setName(HeaderRules.lowerCase(header.getKey()))
                        .setValue(value));
            }
        }
        return builder.build();
    }

    private Answer answerOf(Route to, Payload reply) {
        if (!(reply instanceof Payload.Typed(HttpResponse response))) {
            return failed(to, new InvocationFailure.Malformed("reply of " + to.actor(), "is not an HttpResponse"));
        }
        try {
            return Answer.of(response, to.settings().maxResponseBytes());
        } catch (Answer.UnfitException e) {
            var problem = e.tooLarge() ? Problem.RESPONSE_TOO_LARGE : Problem.BROKEN;
            listener.failureLog.failed(
                    to.actor().value(),
                    method,
                    problem.status(),
                    trace.traceId(),
                    "its response cannot be sent: " + e.getMessage());
            return problem.answer(trace.traceId());
        }
    }

    private Answer failed(Route to, InvocationFailure failure) {
        var problem = Problem.of(failure);
        listener.failureLog.failed(to.actor().value(), method, problem.status(), trace.traceId(), failure.describe());
        return problem.answer(trace.traceId());
    }

    private void onOutcome(Answer outcome) {
        callRunning = false;
        call = null;
        if (state == State.CALLING) {
            answer(outcome, false);
        } else if (state == State.DONE) {
            leave();
        }
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
        boolean head = method.equals("HEAD");
        int size = answer.body().size();
        if (head || answer.status() == 304) {
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

    private void addSettingsHeaders(HttpServerSettings settings, Answer answer, MultiMap headers) {
        if (!settings.cacheControl().isEmpty()
                && !answer.cacheRuled()
                && answer.status() < 400
                && (method.equals("GET") || method.equals("HEAD"))) {
            headers.add(HttpHeaderNames.CACHE_CONTROL, settings.cacheControl());
        }
        if (settings.cors().on()) {
            addCors(settings.cors(), request.headers().get(HttpHeaderNames.ORIGIN), headers);
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
        span.answered(method, path, bodyLength, status, bytes);
        var accessLog = listener.accessLog;
        if (accessLog.on()) {
            accessLog.add(
                    method,
                    path,
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
        if (bodyHeld > 0) {
            listener.letGo(bodyHeld);
            bodyHeld = 0;
        }
        if (entered) {
            entered = false;
            listener.leave();
        }
    }

    // ---- what goes wrong meanwhile

    /** The connection is closed. */
    void onClientGone() {
        if (state == State.DONE) {
            return;
        }
        listener.counters.gone.increment();
        interruptCall();
        finish(STATUS_CLIENT_GONE, answerOffset);
    }

    private void interruptCall() {
        var thread = call;
        if (thread != null) {
            thread.interrupt();
        }
    }

    boolean overdue(long now) {
        var timeouts = listener.timeouts;
        return switch (state) {
            case READING -> {
                long allowed =
                        timeouts.body().toNanos() + bodyLength * (1_000_000_000L / Timeouts.BODY_BYTES_PER_SECOND_MIN);
                yield now - bodyProgressNanos > timeouts.bodyIdle().toNanos() || now - startedNanos > allowed;
            }
            case CALLING -> now - deadline.nanoTime() > OVERDUE_NANOS;
            case WRITING -> now - writeProgressNanos > timeouts.writeStall().toNanos();
            case DONE -> false;
        };
    }

    void expire(long now) {
        if (!overdue(now)) {
            return;
        }
        switch (state) {
            case READING -> refuse(Problem.CLIENT_SLOW);
            case CALLING -> {
                listener.counters.overdue.increment();
                interruptCall();
                var to = route;
                if (to != null) {
                    listener.failureLog.failed(
                            to.actor().value(),
                            method,
                            Problem.TIMEOUT.status(),
                            trace.traceId(),
                            "no reply within " + to.settings().timeout().toMillis() + " ms");
                }
                refuse(Problem.TIMEOUT);
            }
            case WRITING -> connection.cut();
            case DONE -> {
                // nothing is waited for
            }
        }
    }
}

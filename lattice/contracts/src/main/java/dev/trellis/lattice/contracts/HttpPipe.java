package dev.trellis.lattice.contracts;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The two ends of an HTTP call within one process. Its handler gets {@link #exchange()}; whoever made the call holds the
 * pipe itself: gives the request's body, takes the response, and says with {@link #replied} or {@link #failed} how the
 * call went. Holds at most {@link HttpExchange#PART_BYTES_MAX} bytes each way, beside the part that a response begins
 * with.
 *
 * <p>No method blocks. Each end is used by one thread at a time. Once the call has failed, or its maker gave up, the
 * exchange throws that failure, and so do {@link #response}, {@link #readResponse} and {@link #writeRequest}, unless the
 * response had come to its end before.
 */
public final class HttpPipe {
    private final Object lock = new Object(); // guards all that follows
    private final Flow request = new Flow();
    private final Flow response = new Flow();
    private @Nullable HttpResponse head;
    private @Nullable InvocationFailure failure;
    private boolean returned;
    private Runnable handlerListener = HttpPipe::nobody;
    private Runnable makerListener = HttpPipe::nobody;

    private final HttpExchange exchange = new HandlersEnd();
    private final Consumer<HttpResponse> check;

    /** A pipe for a request of whose body more comes than what its head holds. */
    public HttpPipe() {
        this(_ -> {});
    }

    /**
     * A pipe for a request of whose body more comes than what its head holds.
     *
     * @param check called with the head of the response, on the handler's thread under the pipe's lock, before it is
     *     taken; what it throws the handler gets, which may try another one
     */
    public HttpPipe(Consumer<HttpResponse> check) {
        this.check = check;
    }

    /** A pipe for a request whose body its head holds as a whole. */
    public static HttpPipe ofWholeRequest() {
        var pipe = new HttpPipe();
        pipe.endRequest(List.of());
        return pipe;
    }

    /** The handler's end. */
    public HttpExchange exchange() {
        return exchange;
    }

    // ---- the maker's end: request

    /**
     * Whether the handler may still read the request's body. It may not once the call is over or the body is ended; what
     * is written then is thrown away.
     */
    public boolean requestOpen() {
        synchronized (lock) {
            return !returned && failure == null && !request.ended;
        }
    }

    /** How many bytes {@link #writeRequest} takes now; 0 after {@link #endRequest}. */
    public int requestWritable() {
        synchronized (lock) {
            if (request.ended) {
                return 0;
            }
            return returned || failure != null ? HttpExchange.PART_BYTES_MAX : request.room();
        }
    }

    /** Bytes of the request's body that the handler has not read yet. */
    public int requestHeld() {
        synchronized (lock) {
            return request.held;
        }
    }

    /**
     * Gives the next bytes of the request's body.
     *
     * @throws IllegalStateException if they are more than {@link #requestWritable}
     * @throws InvocationException if the call has failed
     */
    public void writeRequest(ByteString part) {
        Runnable listener;
        synchronized (lock) {
            check();
            if (part.size() > requestWritable()) {
                throw new IllegalStateException(
                        "request part of " + part.size() + " bytes, only " + requestWritable() + " are taken now");
            }
            if (returned) {
                return;
            }
            request.add(part);
            listener = handlerListener;
        }
        listener.run();
    }

    /** Ends the request's body; further calls change nothing. */
    public void endRequest(List<Header> trailers) {
        Runnable listener;
        synchronized (lock) {
            if (request.ended) {
                return;
            }
            request.end(trailers);
            listener = handlerListener;
        }
        listener.run();
    }

    // ---- the maker's end: response

    /**
     * The response's head, without body; null as long as there is none.
     *
     * @throws InvocationException if the call has failed
     */
    public @Nullable HttpResponse response() {
        synchronized (lock) {
            if (!response.ended) {
                check();
            }
            return head;
        }
    }

    /** Whether {@link #readResponse} has something to say: bytes, the end, or a failure. */
    public boolean responseReadable() {
        synchronized (lock) {
            return failure != null || (head != null && response.readable());
        }
    }

    /**
     * Takes the next bytes of the response's body.
     *
     * @param max at least 1
     * @return at most {@code max} bytes; empty if none have come yet; null at the end
     * @throws InvocationException if the call has failed
     */
    public @Nullable ByteString readResponse(int max) {
        Runnable listener;
        ByteString part;
        synchronized (lock) {
            if (!response.ended) {
                check();
            }
            part = response.take(max);
            listener = handlerListener;
        }
        if (part != null && !part.isEmpty()) {
            listener.run();
        }
        return part;
    }

    /** Whether the response is whole and nothing of its body is left to read. */
    public boolean responseEnded() {
        synchronized (lock) {
            return response.done();
        }
    }

    /** Bytes that are left to read of a response that has been given to its end; -1 if it has not. */
    public int responseLeft() {
        synchronized (lock) {
            return response.ended ? response.held : -1;
        }
    }

    /** The response's trailers; empty before its end. */
    public List<Header> responseTrailers() {
        synchronized (lock) {
            return response.trailers;
        }
    }

    /**
     * The call has returned {@code reply}: the whole response, or {@link Payload#EMPTY} if it went through the exchange.
     * What came before it can be read on; if that is not whole, the call has failed.
     */
    public void replied(Payload reply) {
        Runnable listener;
        synchronized (lock) {
            if (returned || failure != null) {
                return;
            }
            returned = true;
            request.clear();
            if (head == null && reply instanceof Payload.Typed(HttpResponse whole)) {
                begin(whole);
                response.end(List.of());
            } else if (!response.ended) {
                fail(new InvocationFailure.Malformed(
                        "HTTP response",
                        head == null ? "the call ended without one" : "the call ended before its end"));
            }
            listener = makerListener;
        }
        listener.run();
    }

    /** The call has failed, or its maker gives it up. What comes later than this or {@link #replied} changes nothing. */
    public void failed(InvocationFailure why) {
        Runnable maker;
        Runnable handler;
        synchronized (lock) {
            if (returned || failure != null) {
                return;
            }
            fail(why);
            maker = makerListener;
            handler = handlerListener;
        }
        maker.run();
        handler.run();
    }

    /**
     * Has {@code listener} called whenever what the methods of the maker's end say may have changed, from any thread,
     * also without cause. It must not block. Replaces the one before.
     */
    public void onChange(Runnable listener) {
        synchronized (lock) {
            makerListener = listener;
        }
    }

    /** Who listens as long as nobody does. */
    private static void nobody() {}

    // ---- both, under the lock

    private void begin(HttpResponse given) {
        head = given.toBuilder().clearBody().build();
        response.add(given.getBody());
    }

    private void fail(InvocationFailure why) {
        failure = why;
        request.clear();
        if (!response.ended) {
            response.clear();
        }
    }

    private void check() {
        if (failure != null) {
            throw new InvocationException(failure);
        }
    }

    /** The bytes of one direction that are on their way. */
    private static final class Flow {
        private @Nullable ArrayDeque<ByteString> parts; // most calls need none
        private int held;
        private boolean ended;
        private List<Header> trailers = List.of();

        int room() {
            return Math.max(0, HttpExchange.PART_BYTES_MAX - held);
        }

        void add(ByteString part) {
            if (!part.isEmpty()) {
                if (parts == null) {
                    parts = new ArrayDeque<>();
                }
                parts.add(part);
                held += part.size();
            }
        }

        void end(List<Header> with) {
            ended = true;
            trailers = List.copyOf(with);
        }

        boolean readable() {
            return ended || held > 0;
        }

        boolean done() {
            return ended && held == 0;
        }

        @Nullable
        ByteString take(int max) {
            if (max < 1) {
                throw new IllegalArgumentException("max must be at least 1, was " + max);
            }
            ByteString next = parts == null ? null : parts.poll();
            if (parts == null || next == null) {
                return ended ? null : ByteString.EMPTY;
            }
            int most = Math.min(max, HttpExchange.PART_BYTES_MAX);
            if (next.size() > most) {
                parts.addFirst(next.substring(most));
                next = next.substring(0, most);
            }
            held -= next.size();
            return next;
        }

        void clear() {
            parts = null;
            held = 0;
        }
    }

    private final class HandlersEnd implements HttpExchange {
        @Override
        public boolean requestEnded() {
            synchronized (lock) {
                return request.done();
            }
        }

        @Override
        public boolean readable() {
            synchronized (lock) {
                return failure != null || request.readable();
            }
        }

        @Override
        public @Nullable ByteString read(int max) {
            Runnable listener;
            ByteString part;
            synchronized (lock) {
                checkRunning();
                part = request.take(max);
                listener = makerListener;
            }
            if (part != null && !part.isEmpty()) {
                listener.run();
            }
            return part;
        }

        @Override
        public List<Header> requestTrailers() {
            synchronized (lock) {
                return request.trailers;
            }
        }

        @Override
        public void respond(HttpResponse given) {
            Runnable listener;
            synchronized (lock) {
                checkRunning();
                if (head != null) {
                    throw new IllegalStateException("the response has begun already");
                }
                if (given.getBody().size() > PART_BYTES_MAX) {
                    throw new IllegalStateException("the response begins with "
                            + given.getBody().size() + " bytes, at most " + PART_BYTES_MAX + " may come with its head");
                }
                check.accept(given);
                begin(given);
                listener = makerListener;
            }
            listener.run();
        }

        @Override
        public int writable() {
            synchronized (lock) {
                checkRunning();
                return head == null || response.ended ? 0 : response.room();
            }
        }

        @Override
        public void write(ByteString part) {
            Runnable listener;
            synchronized (lock) {
                if (part.size() > writable()) {
                    throw new IllegalStateException(
                            "response part of " + part.size() + " bytes, only " + writable() + " are taken now");
                }
                response.add(part);
                listener = makerListener;
            }
            listener.run();
        }

        @Override
        public void end(List<Header> trailers) {
            Runnable listener;
            synchronized (lock) {
                checkRunning();
                if (head == null || response.ended) {
                    throw new IllegalStateException("the response " + (head == null ? "has not begun" : "has ended"));
                }
                response.end(trailers);
                listener = makerListener;
            }
            listener.run();
        }

        @Override
        public void onChange(Runnable listener) {
            synchronized (lock) {
                handlerListener = listener;
            }
        }

        private void checkRunning() {
            check();
            if (returned) {
                throw new InvocationException(
                        new InvocationFailure.ConnectionLost("HTTP exchange", "its call is over"));
            }
        }
    }
}

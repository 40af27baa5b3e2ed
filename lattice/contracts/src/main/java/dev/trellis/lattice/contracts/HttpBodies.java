package dev.trellis.lattice.contracts;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Waits on {@link HttpExchange} and {@link HttpPipe}, for threads that may block. Each method takes the place of the
 * exchange's listener.
 */
public final class HttpBodies {
    /** What a {@link InvocationFailure.PayloadTooLarge} is about if the request's body is more than its handler takes. */
    public static final String REQUEST_BODY = "HTTP request body";

    private HttpBodies() {}

    /**
     * Waits until {@code ready}, which is asked on this thread, again after each call of the listener given to
     * {@code onChange}.
     *
     * @return whether it is, else {@code deadline} has passed
     */
    public static boolean await(Consumer<Runnable> onChange, BooleanSupplier ready, Deadline deadline)
            throws InterruptedException {
        if (ready.getAsBoolean()) {
            return true;
        }
        Thread waiting = Thread.currentThread();
        onChange.accept(() -> LockSupport.unpark(waiting));
        while (!ready.getAsBoolean()) {
            if (Thread.interrupted()) {
                throw new InterruptedException("while waiting for an HTTP body");
            }
            long nanos = deadline.remainingNanos();
            if (nanos <= 0) {
                return false;
            }
            LockSupport.parkNanos(onChange, nanos);
        }
        return true;
    }

    /** Waits until {@code exchange} is readable; false if {@code deadline} has passed. */
    public static boolean awaitReadable(HttpExchange exchange, Deadline deadline) throws InterruptedException {
        return await(exchange::onChange, exchange::readable, deadline);
    }

    /**
     * Waits until {@code exchange} is writable; false if {@code deadline} has passed.
     *
     * @throws InvocationException once the other side is gone
     */
    public static boolean awaitWritable(HttpExchange exchange, Deadline deadline) throws InterruptedException {
        return await(exchange::onChange, () -> exchange.writable() > 0, deadline);
    }

    /**
     * Reads what is left of the request's body.
     *
     * @param beginning what came with the head
     * @throws InvocationException with {@link InvocationFailure.PayloadTooLarge} about {@link #REQUEST_BODY} if all of it
     *     is more than {@code bytesMax}, with {@link InvocationFailure.DeadlineExceeded}, or what the exchange throws
     */
    public static ByteString readWhole(HttpExchange exchange, ByteString beginning, int bytesMax, Deadline deadline)
            throws InterruptedException {
        var whole = ByteString.newOutput(Math.max(beginning.size(), 1 << 10));
        long bytes = 0;
        ByteString part = beginning;
        while (part != null) {
            bytes += part.size();
            if (bytes > bytesMax) {
                throw new InvocationException(
                        new InvocationFailure.PayloadTooLarge(REQUEST_BODY, "is larger than " + bytesMax + " bytes"));
            }
            append(part, whole);
            if (!awaitReadable(exchange, deadline)) {
                throw new InvocationException(
                        new InvocationFailure.DeadlineExceeded(REQUEST_BODY, "had not come as a whole in time"));
            }
            part = exchange.read(HttpExchange.PART_BYTES_MAX);
        }
        return whole.toByteString();
    }

    private static void append(ByteString part, ByteString.Output to) {
        try {
            part.writeTo(to);
        } catch (java.io.IOException e) {
            throw new IllegalStateException("memory is no file", e);
        }
    }

    /**
     * The request with its whole body, for handlers that take it in one piece.
     *
     * @throws InvocationException as {@link #readWhole}
     */
    public static HttpRequest wholeRequest(HttpRequest head, HttpExchange exchange, int bytesMax, Deadline deadline)
            throws InterruptedException {
        if (exchange.requestEnded()) {
            return head;
        }
        return head.toBuilder()
                .setBody(readWhole(exchange, head.getBody(), bytesMax, deadline))
                .build();
    }

    /**
     * Writes all of {@code bytes} to the response, as fast as the other side takes them.
     *
     * @throws InvocationException with {@link InvocationFailure.DeadlineExceeded}, or what the exchange throws
     */
    public static void write(HttpExchange exchange, ByteString bytes, Deadline deadline) throws InterruptedException {
        int written = 0;
        while (written < bytes.size()) {
            if (!awaitWritable(exchange, deadline)) {
                throw new InvocationException(
                        new InvocationFailure.DeadlineExceeded("HTTP response body", "was not taken in time"));
            }
            int next = Math.min(bytes.size() - written, exchange.writable());
            exchange.write(bytes.substring(written, written + next));
            written += next;
        }
    }

    /** {@link HttpExchange#end} without trailers. */
    public static void end(HttpExchange exchange) {
        exchange.end(List.<Header>of());
    }
}

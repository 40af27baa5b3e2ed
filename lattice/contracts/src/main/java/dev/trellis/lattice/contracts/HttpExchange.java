package dev.trellis.lattice.contracts;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of an HTTP call that move while it runs: whoever handles the call reads the request's body from it and
 * writes the response to it. Given along with the call's head ({@link Payload.Streamed}).
 *
 * <p>No method blocks; {@link HttpBodies} waits. Used by one thread at a time, and only until the call ends; who made
 * the call gives up on what is not whole by then. Once the other side is gone, {@link #readable} is true, and
 * {@link #read}, {@link #respond}, {@link #writable}, {@link #write} and {@link #end} throw {@link InvocationException},
 * again and again: with {@link InvocationFailure.ConnectionLost} or another reason.
 */
public interface HttpExchange {
    /** Parts are not longer than this, in either direction. */
    int PART_BYTES_MAX = 256 << 10;

    // ---- request

    /** Whether nothing of the request's body is left to read, because all was read or came with the head. */
    boolean requestEnded();

    /** Whether {@link #read} has something to say: bytes, the end, or a failure. */
    boolean readable();

    /**
     * Takes the next bytes of the request's body, those after what came with the head.
     *
     * @param max at least 1
     * @return at most {@code max} bytes; empty if none have come yet; null at the end
     */
    @Nullable
    ByteString read(int max);

    /** The request's trailers; empty before its end. */
    List<Header> requestTrailers();

    // ---- response

    /**
     * Begins the response; once. The body in {@code head}, at most {@link #PART_BYTES_MAX}, is its first part, taken
     * whatever {@link #writable} says. Without this the reply of the call is the whole response.
     *
     * @throws InvocationException also with {@link InvocationFailure.Malformed} if this head cannot be sent
     */
    void respond(HttpResponse head);

    /**
     * How many bytes {@link #write} takes now, at most {@link #PART_BYTES_MAX}; 0 before {@link #respond}, after
     * {@link #end}, and while the other side has not taken what it was given.
     */
    int writable();

    /**
     * Gives the next bytes of the response's body.
     *
     * @throws IllegalStateException if they are more than {@link #writable}
     */
    void write(ByteString part);

    /**
     * Ends the response's body; once, after {@link #respond}. The response is not whole without it.
     *
     * @param trailers what does not fit the connection is left out; empty for none
     */
    void end(List<Header> trailers);

    // ---- waiting

    /**
     * Has {@code listener} called whenever {@link #readable} or {@link #writable} may have changed, from any thread, also
     * without cause. It must not block. Replaces the one before.
     */
    void onChange(Runnable listener);
}

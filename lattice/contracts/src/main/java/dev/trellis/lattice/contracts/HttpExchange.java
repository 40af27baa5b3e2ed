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
 * <p>No method blocks. Only the thread that handles the call uses it, and only until the call ends; who made the call
 * gives up on what is not whole by then. Every method but {@link #onChange} throws {@link InvocationException}, again
 * and again, once the other side is gone: with {@link InvocationFailure.ConnectionLost} or another reason.
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
     * Begins the response; once. The body in {@code head} is its first part. Without it the reply of the call is the
     * whole response.
     */
    void respond(HttpResponse head);

    /** How many bytes {@link #write} takes now; 0 if the other side has not yet taken what it was given. */
    int writable();

    /**
     * Gives the next bytes of the response's body.
     *
     * @throws IllegalStateException before {@link #respond}, after {@link #end}, or if they are more than {@link #writable}
     */
    void write(ByteString part);

    /** Ends the response's body; once. The response is not whole without it. */
    void end(List<Header> trailers);

    // ---- waiting

    /**
     * Has {@code listener} called whenever {@link #readable} or {@link #writable} may have changed, from any thread, also
     * without cause. It must not block. Replaces the one before.
     */
    void onChange(Runnable listener);
}

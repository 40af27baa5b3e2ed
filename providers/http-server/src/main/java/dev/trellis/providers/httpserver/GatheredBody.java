package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/** What has arrived of a request's body before the call begins. On the event loop of its connection. */
final class GatheredBody {
    private static final int ROOM_MIN = 4 << 10;
    private static final byte[] NO_BYTES = {};

    private final Listener listener;
    private byte[] bytes = NO_BYTES;
    private int length;
    private int held;

    GatheredBody(Listener listener) {
        this.listener = listener;
    }

    /**
     * Adds what has arrived; false if there is no memory for it.
     *
     * @param max of the whole body
     */
    boolean add(Buffer chunk, long max) {
        int more = chunk.length();
        if (!listener.hold(more)) {
            return false;
        }
        held += more;
        if (more > bytes.length - length) {
            // doubled, so that room is taken as bytes arrive and not as a header promises them
            bytes = Arrays.copyOf(
                    bytes, (int) Math.min(max, Math.max(ROOM_MIN, Math.max(length + more, 2L * bytes.length))));
        }
        chunk.getBytes(bytes, length);
        length += more;
        return true;
    }

    int length() {
        return length;
    }

    /** All of it, shared: nothing may be added afterwards. */
    ByteString toByteString() {
        return length == 0 ? ByteString.EMPTY : UnsafeByteOperations.unsafeWrap(bytes, 0, length);
    }

    /** Gives its share of the listener's memory back. */
    void letGo() {
        if (held > 0) {
            listener.letGo(held);
            held = 0;
        }
    }
}

package dev.trellis.lattice.contracts;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;

/**
 * What a call carries: a message of a contract that Trellis knows, passed as an object while it stays in one process,
 * or the bytes of one that it does not know, passed through untouched.
 */
public sealed interface Payload {
    /** The payload of an operation that takes or returns nothing. */
    Payload EMPTY = new Opaque(ByteString.EMPTY);

    /** The bytes that travel between hosts. */
    ByteString toBytes();

    /** A message of a known contract. Immutable, as protobuf messages are. */
    record Typed(MessageLite message) implements Payload {
        @Override
        public ByteString toBytes() {
            return message.toByteString();
        }
    }

    /** Bytes that only the two ends understand. */
    record Opaque(ByteString bytes) implements Payload {
        @Override
        public ByteString toBytes() {
            return bytes;
        }
    }

    /**
     * A request of HTTP whose bodies may move while the call runs. The reply to it is either the whole response, as
     * {@link Typed}, or {@link #EMPTY} if the response went through {@code exchange}.
     *
     * @param message the head: an {@code HttpRequest} or {@code OutgoingRequest} with the beginning of its body
     */
    record Streamed(MessageLite message, HttpExchange exchange) implements Payload {
        /** Only the head: the exchange stays where it is. */
        @Override
        public ByteString toBytes() {
            return message.toByteString();
        }
    }
}

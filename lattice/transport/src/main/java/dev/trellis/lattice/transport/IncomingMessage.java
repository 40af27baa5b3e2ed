package dev.trellis.lattice.transport;

/** A message that a subscription received, with the way back to who sent it. */
public interface IncomingMessage {
    /** The message. */
    Message message();

    /** Whether the sender waits for a reply. */
    boolean expectsReply();

    /**
     * Replies; does nothing if no reply is expected. May be called later and from any thread, once.
     *
     * @throws TransportException if the payload is larger than {@link LatticeTransport#PAYLOAD_BYTES_MAX}
     */
    void reply(byte[] payload);
}

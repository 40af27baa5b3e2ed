package dev.trellis.lattice.transport;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A connection to the lattice: publish, request, subscribe, and stores of keys. All implementations pass the same
 * contract test and behave as core NATS and JetStream KV do: subjects of tokens, {@code *} and {@code >} in
 * subscriptions, queue groups, at-most-once delivery, in order per publisher and subject (requests that are under way at
 * once may overtake each other). What {@link MessageRules} forbids is refused by all alike, before anything is sent.
 *
 * <p>Safe for concurrent use. Payload arrays belong to the transport once handed over, in both directions, and must
 * not change afterwards. Methods that wait are to be called from virtual threads.
 */
public interface LatticeTransport extends AutoCloseable {
    /**
     * Largest payload of a message, chunks put together. A larger one is refused with
     * {@link TransportFailure.PayloadTooLarge} before anything is sent, whatever the server's own limit.
     */
    int PAYLOAD_BYTES_MAX = 16 << 20;

    /** Messages that wait for one slow subscriber; further ones are dropped and counted in a warning. */
    int SUBSCRIPTION_QUEUE_MAX = 65_536;

    /**
     * Sends a message to whoever subscribes now; nobody may. Returns once it is handed to the connection. While
     * disconnected it is dropped, since what is published is stale when the lattice is back.
     *
     * @throws TransportException with {@link TransportFailure.PayloadTooLarge}; with {@link TransportFailure.Refused} if
     *     subject or headers are not valid; with {@link TransportFailure.Disconnected} once the transport is closed
     */
    void publish(String subject, Map<String, String> headers, byte[] payload);

    /** {@link #publish(String, Map, byte[])} without headers. */
    default void publish(String subject, byte[] payload) {
        publish(subject, Map.of(), payload);
    }

    /**
     * Sends a request and waits for the first reply. Never sends twice.
     *
     * @throws TransportException with {@link TransportFailure.NoResponders} at once if nobody subscribes,
     *     {@link TransportFailure.TimedOut} after {@code timeout}, {@link TransportFailure.Disconnected} at once if
     *     there is no connection (nothing was sent) or when it breaks while waiting (it may have been handled; the
     *     failure says which), {@link TransportFailure.PayloadTooLarge}
     * @throws InterruptedException if the calling thread was interrupted while waiting
     */
    Message request(String subject, Map<String, String> headers, byte[] payload, Duration timeout)
            throws InterruptedException;

    /** {@link #request(String, Map, byte[], Duration)} without headers. */
    default Message request(String subject, byte[] payload, Duration timeout) throws InterruptedException {
        return request(subject, Map.of(), payload, timeout);
    }

    /**
     * Ends the requests under way to subjects that {@code which} accepts, with {@link TransportFailure.Disconnected}
     * (sent): whoever learns that nobody will answer them spares those who wait the rest of their time. Never blocks.
     */
    void abandon(Predicate<String> which);

    /**
     * Sends a request that several may answer and collects replies for all of {@code window}, or until
     * {@code repliesMax} have come. Empty if nobody subscribes.
     *
     * @throws TransportException as {@link #request}, but never for want of replies
     */
    List<Message> requestMany(String subject, byte[] payload, Duration window, int repliesMax)
            throws InterruptedException;

    /**
     * Subscribes to {@code subject}, which may hold {@code *} and {@code >}. {@code handler} is called for one message
     * at a time, in order, on a thread of the transport; it must not block, and what it throws is logged. Survives
     * reconnects. Effective for everything that is sent after this method has returned.
     */
    Subscription subscribe(String subject, Consumer<IncomingMessage> handler);

    /** Subscribes as one of a queue group: each message goes to one member. */
    Subscription subscribe(String subject, String queueGroup, Consumer<IncomingMessage> handler);

    /**
     * Opens a store of keys, creating it (file storage, history of 1) if the lattice has none of that name.
     *
     * @param name letters, digits, {@code -} and {@code _}
     * @throws TransportException if there is no connection, or the server has no JetStream
     */
    KeyValueStore store(String name) throws InterruptedException;

    /** Whether the lattice can be reached now and our subscriptions are in place, after an outage: in place again. */
    boolean connected();

    /**
     * Calls {@code listener} with each change of {@link #connected()} but that by {@link #close()}, one at a time, on a
     * thread of the transport; it must not block.
     */
    void onConnectionChange(Consumer<Boolean> listener);

    /** What this transport is connected to, for people: a URL without credentials, or {@code in-process}. */
    String description();

    /** Round trip to the server, measured now; empty while disconnected, zero in process. */
    Optional<Duration> roundTrip() throws InterruptedException;

    /** Flushes what was published, ends subscriptions and waiting requests, and disconnects. Idempotent. */
    @Override
    void close();
}

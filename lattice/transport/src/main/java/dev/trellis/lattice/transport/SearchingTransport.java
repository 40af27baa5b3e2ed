package dev.trellis.lattice.transport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transport that is there before its lattice can be reached, for who has work to do meanwhile: it searches until it
 * has found it, and until then behaves as one that has lost its connection. Afterwards it is the transport it found.
 */
public final class SearchingTransport implements LatticeTransport {
    /** Time between two attempts to connect. */
    static final Duration SEARCH_EVERY = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(SearchingTransport.class);

    /** Connects, or fails as {@link TransportException}. */
    public interface Connector {
        /** A new connection. */
        LatticeTransport connect() throws InterruptedException;
    }

    private final Connector connector;
    private final String sought;
    private final Thread search;
    private final Object lock = new Object();
    private final List<Late> subscriptions = new ArrayList<>(); // made while there was no lattice; under lock
    private final List<Consumer<Boolean>> listeners = new ArrayList<>(); // likewise
    private volatile @Nullable LatticeTransport found;
    private volatile boolean closed;

    private SearchingTransport(Connector connector, String sought, Duration every) {
        this.connector = connector;
        this.sought = sought;
        this.search = Thread.ofVirtual().name("lattice search").unstarted(() -> search(every));
    }

    /**
     * Begins to search.
     *
     * @param sought what is searched for, for people: a URL without credentials
     */
    public static SearchingTransport start(Connector connector, String sought) {
        return start(connector, sought, SEARCH_EVERY);
    }

    static SearchingTransport start(Connector connector, String sought, Duration every) {
        var transport = new SearchingTransport(connector, sought, every);
        transport.search.start();
        return transport;
    }

    private void search(Duration every) {
        String told = "";
        try {
            while (!closed) {
                try {
                    adopt(connector.connect());
                    return;
                } catch (TransportException e) {
                    String reason = e.failure().message();
                    if (!reason.equals(told)) {
                        told = reason;
                        LOG.warn("The lattice at {} is searched for: {}", sought, reason);
                    }
                }
                TimeUnit.NANOSECONDS.sleep(every.toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    /** Whoever subscribed before has its subscription in place before anybody is told that there is a connection. */
    private void adopt(LatticeTransport transport) {
        List<Consumer<Boolean>> told;
        synchronized (lock) {
            if (closed) {
                transport.close();
                return;
            }
            try {
                subscriptions.forEach(subscription -> subscription.move(transport));
            } catch (RuntimeException e) {
                transport.close(); // it broke again; what was subscribed went with it
                subscriptions.forEach(Late::forget);
                throw e;
            }
            subscriptions.clear();
            listeners.forEach(transport::onConnectionChange);
            told = List.copyOf(listeners);
            listeners.clear();
            found = transport;
        }
        for (Consumer<Boolean> listener : told) {
            try {
                listener.accept(true);
            } catch (RuntimeException e) {
                LOG.error("A listener for the connection failed", e);
            }
        }
    }

    /** The transport that was found. */
    private LatticeTransport found(String subject) {
        LatticeTransport transport = found;
        if (transport == null || closed) {
            throw new TransportException(new TransportFailure.Disconnected(subject, false));
        }
        return transport;
    }

    @Override
    public void publish(String subject, Map<String, String> headers, byte[] payload) {
        LatticeTransport transport = found;
        if (transport == null) {
            MessageRules.checkSubject(subject);
            MessageRules.checkHeaders(subject, headers);
            MessageRules.checkPayload(subject, payload);
            if (closed) {
                throw new TransportException(new TransportFailure.Disconnected(subject, false));
            }
            return; // lost, as over a broken connection
        }
        transport.publish(subject, headers, payload);
    }

    @Override
    public Message request(String subject, Map<String, String> headers, byte[] payload, Duration timeout)
            throws InterruptedException {
        MessageRules.checkSubject(subject);
        return found(subject).request(subject, headers, payload, timeout);
    }

    @Override
    public void abandon(Predicate<String> which) {
        LatticeTransport transport = found;
        if (transport != null) {
            transport.abandon(which);
        }
    }

    @Override
    public List<Message> requestMany(String subject, byte[] payload, Duration window, int repliesMax)
            throws InterruptedException {
        MessageRules.checkSubject(subject);
        return found(subject).requestMany(subject, payload, window, repliesMax);
    }

    /** A subscription that was made while there was no lattice, and moves to it. Guarded by the lock. */
    private final class Late implements Subscription {
        private final String pattern;
        private final @Nullable String queueGroup;
        private final Consumer<IncomingMessage> handler;
        private @Nullable Subscription moved;

        Late(String pattern, @Nullable String queueGroup, Consumer<IncomingMessage> handler) {
            this.pattern = pattern;
            this.queueGroup = queueGroup;
            this.handler = handler;
        }

        void move(LatticeTransport transport) {
            moved = queueGroup == null
                    ? transport.subscribe(pattern, handler)
                    : transport.subscribe(pattern, queueGroup, handler);
        }

        void forget() {
            moved = null;
        }

        @Override
        public void close() {
            Subscription there;
            synchronized (lock) {
                subscriptions.remove(this);
                there = moved;
            }
            if (there != null) {
                there.close();
            }
        }
    }

    private Subscription subscribeAny(String pattern, @Nullable String queueGroup, Consumer<IncomingMessage> handler) {
        synchronized (lock) {
            if (closed) {
                throw new TransportException(new TransportFailure.Disconnected(pattern, false));
            }
            var late = new Late(pattern, queueGroup, handler);
            LatticeTransport transport = found;
            if (transport == null) {
                subscriptions.add(late);
            } else {
                late.move(transport);
            }
            return late;
        }
    }

    @Override
    public Subscription subscribe(String subject, Consumer<IncomingMessage> handler) {
        MessageRules.checkPattern(subject);
        return subscribeAny(subject, null, handler);
    }

    @Override
    public Subscription subscribe(String subject, String queueGroup, Consumer<IncomingMessage> handler) {
        MessageRules.checkPattern(subject);
        MessageRules.checkQueueGroup(queueGroup);
        return subscribeAny(subject, queueGroup, handler);
    }

    @Override
    public KeyValueStore store(String name) throws InterruptedException {
        MessageRules.checkStoreName(name);
        return found("store " + name).store(name);
    }

    @Override
    public boolean connected() {
        LatticeTransport transport = found;
        return transport != null && transport.connected();
    }

    @Override
    public void onConnectionChange(Consumer<Boolean> listener) {
        synchronized (lock) {
            LatticeTransport transport = found;
            if (transport == null) {
                listeners.add(listener);
            } else {
                transport.onConnectionChange(listener);
            }
        }
    }

    @Override
    public String description() {
        LatticeTransport transport = found;
        return transport == null ? sought : transport.description();
    }

    @Override
    public Optional<Duration> roundTrip() throws InterruptedException {
        LatticeTransport transport = found;
        return transport == null ? Optional.empty() : transport.roundTrip();
    }

    @Override
    public void close() {
        LatticeTransport transport;
        synchronized (lock) {
            closed = true;
            transport = found;
        }
        search.interrupt();
        if (transport != null) {
            transport.close();
        }
    }
}

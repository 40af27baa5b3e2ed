package dev.trellis.lattice.transport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One member of an {@link InProcessLattice}. Payloads pass by reference; nothing is copied. */
final class InProcessTransport implements LatticeTransport {
    private static final String INBOX = "_INBOX.in-process";

    /** Wakes a dispatcher that waits. */
    static final IncomingMessage NOTHING = new Incoming(new Message(INBOX, Map.of(), new byte[0]), null);

    /** What a waiting request is told: a reply, or that none will come. */
    private sealed interface Answer {
        record Reply(Message message) implements Answer {}

        record Closed() implements Answer {}
    }

    /** A request that waits. */
    private static final class Waiter {
        private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
        private final String subject;
        private final AtomicInteger wanted;

        Waiter(String subject, int repliesMax) {
            this.subject = subject;
            this.wanted = new AtomicInteger(repliesMax);
        }

        void reply(byte[] payload) {
            if (wanted.getAndDecrement() > 0) {
                answers.add(new Answer.Reply(new Message(INBOX, Map.of(), payload)));
            }
        }

        @Nullable
        Answer take(long nanos) throws InterruptedException {
            return answers.poll(nanos, TimeUnit.NANOSECONDS);
        }
    }

    private static final class Incoming implements IncomingMessage {
        private final Message message;
        private final @Nullable Waiter waiter;
        private final AtomicBoolean replied = new AtomicBoolean();

        Incoming(Message message, @Nullable Waiter waiter) {
            this.message = message;
            this.waiter = waiter;
        }

        @Override
        public Message message() {
            return message;
        }

        @Override
        public boolean expectsReply() {
            return waiter != null;
        }

        @Override
        public void reply(byte[] payload) {
            MessageRules.checkPayload("the reply to " + message.subject(), payload);
            if (waiter != null && replied.compareAndSet(false, true)) {
                waiter.reply(payload);
            }
        }
    }

    private final InProcessLattice lattice;
    private final Set<InProcessSubscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final Set<Subscription> watches = ConcurrentHashMap.newKeySet();
    private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    InProcessTransport(InProcessLattice lattice) {
        this.lattice = lattice;
    }

    @Override
    public void publish(String subject, Map<String, String> headers, byte[] payload) {
        InProcessLattice.Route route = check(subject, headers, payload);
        if (!route.empty()) {
            deliver(route, new Message(subject, headers, payload), null);
        }
    }

    @Override
    public Message request(String subject, Map<String, String> headers, byte[] payload, Duration timeout)
            throws InterruptedException {
        InProcessLattice.Route route = check(subject, headers, payload);
        if (route.empty()) {
            throw new TransportException(new TransportFailure.NoResponders(subject));
        }
        Waiter waiter = new Waiter(subject, 1);
        waiters.add(waiter);
        try {
            checkOpen(subject); // a close() before the add has not seen this waiter
            deliver(route, new Message(subject, headers, payload), waiter);
            return switch (waiter.take(timeout.toNanos())) {
                case Answer.Reply(Message message) -> message;
                case Answer.Closed _ -> throw new TransportException(new TransportFailure.Disconnected(subject, true));
                case null -> throw new TransportException(new TransportFailure.TimedOut(subject, timeout.toMillis()));
            };
        } finally {
            waiters.remove(waiter);
        }
    }

    @Override
    public void abandon(Predicate<String> which) {
        for (Waiter waiter : waiters) {
            if (which.test(waiter.subject)) {
                waiter.answers.add(new Answer.Closed());
            }
        }
    }

    @Override
    public List<Message> requestMany(String subject, byte[] payload, Duration window, int repliesMax)
            throws InterruptedException {
        InProcessLattice.Route route = check(subject, Map.of(), payload);
        List<Message> replies = new ArrayList<>();
        if (route.empty()) {
            return replies;
        }
        Waiter waiter = new Waiter(subject, repliesMax);
        waiters.add(waiter);
        try {
            checkOpen(subject);
            long end = System.nanoTime() + window.toNanos();
            deliver(route, new Message(subject, Map.of(), payload), waiter);
            while (replies.size() < repliesMax) {
                switch (waiter.take(end - System.nanoTime())) {
                    case Answer.Reply(Message message) -> replies.add(message);
                    case Answer.Closed _ ->
                        throw new TransportException(new TransportFailure.Disconnected(subject, true));
                    case null -> {
                        return replies;
                    }
                }
            }
            return replies;
        } finally {
            waiters.remove(waiter);
        }
    }

    private InProcessLattice.Route check(String subject, Map<String, String> headers, byte[] payload) {
        InProcessLattice.Route route = lattice.route(subject);
        MessageRules.checkHeaders(subject, headers);
        MessageRules.checkPayload(subject, payload);
        checkOpen(subject);
        return route;
    }

    private void checkOpen(String subject) {
        if (closed) {
            throw new TransportException(new TransportFailure.Disconnected(subject, false));
        }
    }

    private static void deliver(InProcessLattice.Route route, Message message, @Nullable Waiter waiter) {
        for (InProcessSubscription subscription : route.all()) {
            subscription.offer(new Incoming(message, waiter));
        }
        for (InProcessLattice.Group group : route.groups()) {
            group.next().offer(new Incoming(message, waiter));
        }
    }

    @Override
    public Subscription subscribe(String subject, Consumer<IncomingMessage> handler) {
        MessageRules.checkPattern(subject);
        return subscribe(new InProcessSubscription(this, subject, null, handler));
    }

    @Override
    public Subscription subscribe(String subject, String queueGroup, Consumer<IncomingMessage> handler) {
        MessageRules.checkPattern(subject);
        MessageRules.checkQueueGroup(queueGroup);
        return subscribe(new InProcessSubscription(this, subject, queueGroup, handler));
    }

    private Subscription subscribe(InProcessSubscription subscription) {
        checkOpen(subscription.pattern());
        subscriptions.add(subscription);
        subscription.start();
        lattice.add(subscription);
        if (closed) {
            subscription.close();
        }
        return subscription;
    }

    void remove(InProcessSubscription subscription) {
        lattice.remove(subscription);
        subscriptions.remove(subscription);
    }

    @Override
    public KeyValueStore store(String name) {
        MessageRules.checkStoreName(name);
        checkOpen("store " + name);
        InProcessStore store = lattice.store(name);
        return new Member(store);
    }

    @Override
    public boolean connected() {
        return !closed;
    }

    @Override
    public void onConnectionChange(Consumer<Boolean> listener) {
        // Never lost: the lattice is this process.
    }

    @Override
    public String description() {
        return "in-process";
    }

    @Override
    public Optional<Duration> roundTrip() {
        return closed ? Optional.empty() : Optional.of(Duration.ZERO);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        subscriptions.forEach(InProcessSubscription::close);
        watches.forEach(Subscription::close);
        waiters.forEach(waiter -> waiter.answers.add(new Answer.Closed()));
        lattice.left(this);
    }

    /** A store as this transport sees it: refuses to work once the transport is closed, and ends watches with it. */
    private final class Member implements KeyValueStore {
        private final InProcessStore store;

        Member(InProcessStore store) {
            this.store = store;
        }

        private InProcessStore open() {
            checkOpen("store " + store.name());
            return store;
        }

        @Override
        public Optional<Entry> get(String key) {
            return open().get(key);
        }

        @Override
        public long put(String key, byte[] value) {
            return open().put(key, value);
        }

        @Override
        public long create(String key, byte[] value) {
            return open().create(key, value);
        }

        @Override
        public long update(String key, byte[] value, long revision) {
            return open().update(key, value, revision);
        }

        @Override
        public void delete(String key) {
            open().delete(key);
        }

        @Override
        public void delete(String key, long revision) {
            open().delete(key, revision);
        }

        @Override
        public List<String> keys() {
            return open().keys();
        }

        @Override
        public List<Entry> entries() {
            return open().entries();
        }

        @Override
        public Subscription watch(Consumer<Change> handler) {
            Subscription watch = open().watch(handler);
            watches.add(watch);
            if (closed) {
                watch.close();
            }
            return () -> {
                watches.remove(watch);
                watch.close();
            };
        }
    }
}

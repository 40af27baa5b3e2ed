package dev.trellis.lattice.nats;

import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.MessageRules;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.ErrorListener;
import io.nats.client.MessageHandler;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lattice over a NATS server, version 2.9 or newer. Connects once and stays connected: a lost server is searched
 * for until the transport is closed.
 */
public final class NatsTransport implements LatticeTransport {
    /*
     * Replies, fetches of large payloads and their chunks come to one subscription, inbox.>: a request waits in a map
     * until its reply comes. jnats could do that, but its requests outlive a broken connection until they time out.
     *
     * jnats counts every flush as a ping that is out, and takes the connection for dead at PINGS_OUT_MAX, so no two
     * flushes may be under way at once. It also loses what an interrupted thread sends: see uninterrupted().
     */

    /** How often the server is asked for a sign of life while it says nothing else. */
    static final Duration PING_INTERVAL = Duration.ofMillis(800);

    /** Pings without an answer at which the connection counts as broken: at most four intervals of silence. */
    static final int PINGS_OUT_MAX = 2;

    /** First and longest wait between two searches for a lost server; the wait is jittered. */
    static final Duration RECONNECT_WAIT_MIN = Duration.ofMillis(50);

    static final Duration RECONNECT_WAIT_MAX = Duration.ofSeconds(1);

    /** Messages that wait to be written to the socket; at the bound a sender waits, then its message is dropped. */
    static final int OUTGOING_QUEUE_MAX = 16_384;

    /** How long a sender waits for room in that queue, and for its turn: thousands may want to send at once. */
    static final Duration OUTGOING_WAIT_MAX = Duration.ofSeconds(2);

    /** Payload bytes that wait for one slow subscriber; further messages are dropped. */
    static final long SUBSCRIPTION_BYTES_MAX = 256L << 20;

    private static final Duration FLUSH_MAX = Duration.ofSeconds(2);
    private static final int REPLIES_MAX = 65_536;
    private static final int NO_RESPONDERS_STATUS = 503;
    private static final byte[] EMPTY = new byte[0];
    private static final Logger LOG = LoggerFactory.getLogger(NatsTransport.class);

    private final NatsConfig config;
    private final Connection connection;
    private final String inbox;
    private final LargePayloads large;
    private final Refusals refusals;
    private final AtomicLong tokens = new AtomicLong();
    private final Map<Long, Waiter> waiters = new ConcurrentHashMap<>();
    private final Set<NatsSubscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final Set<NatsWatch> watches = ConcurrentHashMap.newKeySet();
    private final List<Consumer<Boolean>> listeners = new CopyOnWriteArrayList<>();
    private final ReentrantLock flushing = new ReentrantLock();
    private final AtomicLong unsent = new AtomicLong();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("lattice-nats-clock").factory());
    private volatile boolean closed;
    private volatile boolean storesSeen;
    private final AtomicLong outages = new AtomicLong();
    /** Whether the server knows our subscriptions: a new connection begins without them. */
    private volatile boolean subscribed = true;
    /** Whether {@link #onEvent} was told last of a connection or of its end; used by its thread only. */
    private boolean online = true;
    /** Whether listeners were told last that there is no connection; used by the same thread only. */
    private boolean lost;
    /** How often that thread was told that subscriptions have been written again. */
    private long resubscribed;

    private NatsTransport(NatsConfig config, Connection connection) {
        this.config = config;
        this.connection = connection;
        this.inbox = connection.createInbox() + ".";
        this.refusals = new Refusals(config.who(), config.servers());
        this.large = new LargePayloads(new Chunks(), inbox + "o.", inbox + "c.");
    }

    /**
     * Connects to the first server of {@code config} that answers.
     *
     * @throws TransportException with {@link TransportFailure.Unreachable} if none did within the connect timeout of
     *     each, with {@link TransportFailure.Refused} if the credentials were not accepted
     */
    public static NatsTransport connect(NatsConfig config) throws InterruptedException {
        Events events = new Events();
        try {
            NatsTransport transport = new NatsTransport(config, Nats.connect(options(config, events)));
            events.transport.complete(transport);
            transport.openInbox();
            var _ = transport.clock.scheduleWithFixedDelay(transport::tick, 1, 1, TimeUnit.SECONDS);
            LOG.info("Connected to lattice at {}", transport.description());
            return transport;
        } catch (AuthenticationException e) {
            throw new TransportException(
                    new TransportFailure.Refused(
                            "connection to " + config.servers(),
                            "the server did not accept the credentials of " + config.who()
                                    + "; check the user, password, token, seed or credentials file"),
                    e);
        } catch (GeneralSecurityException e) {
            throw new TransportException(
                    new TransportFailure.Refused(
                            "connection to " + config.servers(),
                            "the certificates in " + config.authorities() + " cannot be used: " + reason(e)),
                    e);
        } catch (IOException | IllegalStateException | IllegalArgumentException e) {
            throw new TransportException(
                    new TransportFailure.Unreachable(
                            config.servers(),
                            reason(e) + "; check that a nats-server runs there (nats-server -js), that host and port"
                                    + " are right, and that no firewall is between"),
                    e);
        }
    }

    /**
     * Subscribes to replies.
     *
     * @throws TransportException with {@link TransportFailure.Refused} if this user may not have them: every request
     *     would wait in vain
     */
    private void openInbox() throws InterruptedException {
        refusals.expect(inbox + ">");
        Dispatcher replies = dispatcher(inbox + ">", null, this::onInbox);
        boolean _ = flush(FLUSH_MAX);
        try {
            checkSubscribed(inbox + ">", replies);
        } catch (TransportException e) {
            close();
            throw e;
        }
    }

    /** Throws if the server has refused a subscription that was flushed, and ends that. */
    private void checkSubscribed(String pattern, Dispatcher dispatcher) throws InterruptedException {
        String reason = refusals.subscriptionRefused(
                pattern, () -> connection.getStatistics().getErrs());
        if (reason != null) {
            closeDispatcher(dispatcher);
            throw new TransportException(new TransportFailure.Refused(pattern, reason));
        }
    }

    private static String reason(Exception e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : NatsConfig.withoutUserInfo(message);
    }

    private static Options options(NatsConfig config, Events events) throws IOException, GeneralSecurityException {
        Options.Builder options = Options.builder()
                .servers(config.urls().toArray(String[]::new))
                .connectionName(config.name())
                .inboxPrefix(config.inboxPrefix())
                .connectionTimeout(config.connectTimeout())
                .pingInterval(PING_INTERVAL)
                .maxPingsOut(PINGS_OUT_MAX)
                .maxReconnects(-1)
                .reconnectDelayHandler(NatsTransport::reconnectWait)
                .reconnectBufferSize(0)
                .maxMessagesInOutgoingQueue(OUTGOING_QUEUE_MAX)
                .writeQueuePushTimeout(OUTGOING_WAIT_MAX)
                .subjectValidationType(Options.SubjectValidationType.None)
                .dontForceFlushOnRequest()
                .connectionListener(new io.nats.client.ConnectionListener() {
                    @Override
                    @SuppressWarnings("deprecation") // has no replacement that an implementation may leave out
                    public void connectionEvent(Connection connection, io.nats.client.ConnectionListener.Events event) {
                        events.onEvent(event);
                    }
                })
                .errorListener(events);
        switch (config.auth()) {
            case NatsAuth.None() -> {}
            case NatsAuth.CredentialsFile(var path) -> options.authHandler(Nats.credentials(path.toString()));
            case NatsAuth.UserPassword(String user, String password) ->
                options.userInfo(user.toCharArray(), password.toCharArray());
            case NatsAuth.Token(String token) -> options.token(token.toCharArray());
            case NatsAuth.NkeySeed(String seed) ->
                options.authHandler(Nats.staticCredentials(null, seed.toCharArray()));
        }
        Path authorities = config.authorities();
        if (authorities != null) {
            options.sslContext(Certificates.trusting(authorities));
        }
        return options.build();
    }

    private static Duration reconnectWait(long round) {
        long doubled = RECONNECT_WAIT_MIN.toMillis() << Math.min(round, 10);
        long most = Math.min(doubled, RECONNECT_WAIT_MAX.toMillis());
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(most / 2, most + 1));
    }

    /** What jnats reports, on one thread of its own. Nothing is missed while the transport is being made. */
    private static final class Events implements ErrorListener {
        final CompletableFuture<NatsTransport> transport = new CompletableFuture<>();

        void onEvent(io.nats.client.ConnectionListener.Events event) {
            var _ = transport.thenAccept(connected -> connected.onEvent(event));
        }

        @Override
        public void errorOccurred(Connection connection, String error) {
            var _ = transport.thenAccept(connected -> connected.onServerError(error));
        }

        @Override
        public void exceptionOccurred(Connection connection, Exception e) {
            LOG.debug("NATS connection: {}", e.toString());
        }

        @Override
        public void slowConsumerDetected(Connection connection, io.nats.client.Consumer consumer) {
            LOG.warn(
                    "A subscriber is too slow: {} messages wait for it, further ones are dropped",
                    consumer.getPendingMessageCount());
        }
    }

    private void onEvent(io.nats.client.ConnectionListener.Events event) {
        switch (event) {
            case DISCONNECTED -> {
                if (!online || closed) {
                    return; // an attempt to connect again has failed
                }
                online = false;
                subscribed = false;
                outages.incrementAndGet();
                large.disconnected();
                failWaiters();
                if (!lost) {
                    lost = true;
                    LOG.warn("Lost the connection to the lattice at {}; searching for it", config.servers());
                    tell(false);
                }
            }
            case RECONNECTED -> online = true;
            case RESUBSCRIBED -> {
                resubscribed++;
                if (!awaitSubscribed()) {
                    return; // it broke again, as the next event will say
                }
                subscribed = true;
                lost = false;
                LOG.info("Connected again to the lattice at {}", description());
                watches.forEach(NatsWatch::restart);
                tell(true);
            }
            case CLOSED -> {
                if (!closed) {
                    LOG.error(
                            "The servers {} refuse the credentials that they took before; restart with new ones",
                            config.servers());
                }
            }
            case CONNECTED, DISCOVERED_SERVERS, LAME_DUCK -> LOG.debug("NATS connection: {}", event);
        }
    }

    /**
     * Waits until the server has taken the subscriptions that jnats has just written, perhaps no further than to its
     * own queue; false if the connection breaks first. Holds up further events, but none that it waits for: pings end a
     * connection that says nothing, and its end ends the flush.
     */
    private boolean awaitSubscribed() {
        try {
            while (!closed && attached() && !outdated()) {
                if (flush(FLUSH_MAX)) {
                    return !outdated();
                }
                Thread.sleep(RECONNECT_WAIT_MIN); // it breaks, but jnats does not say so yet
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the connection is being closed
        }
        return false;
    }

    /** Whether jnats has reconnected more often than we have heard of: that newest connection comes to its own event. */
    private boolean outdated() {
        return connection.getStatistics().getReconnects() > resubscribed;
    }

    private void failWaiters() {
        for (Waiter waiter : waiters.values()) {
            waiter.answer(new Waiter.Answer.Failed(new TransportFailure.Disconnected(waiter.subject(), true)));
        }
    }

    private void tell(boolean connected) {
        if (closed) {
            return;
        }
        for (Consumer<Boolean> listener : listeners) {
            try {
                listener.accept(connected);
            } catch (RuntimeException e) {
                LOG.error("A listener for the connection failed", e);
            }
        }
    }

    private void onServerError(String error) {
        refusals.onError(error, this::awaited).filter(Refusals.Refusal::publish).ifPresent(refusal -> {
            for (Waiter waiter : waiters.values()) {
                if (waiter.subject().equals(refusal.subject())) {
                    waiter.answer(new Waiter.Answer.Failed(
                            new TransportFailure.Refused(refusal.subject(), refusal.reason())));
                }
            }
        });
    }

    private boolean awaited(String subject) {
        return waiters.values().stream().anyMatch(waiter -> waiter.subject().equals(subject));
    }

    private void tick() {
        large.sweep();
        watches.forEach(NatsWatch::tick);
    }

    // Sending

    /** Something that jnats would lose if the thread were interrupted; the flag is set again afterwards. */
    private static <T> T uninterrupted(java.util.function.Supplier<T> work) {
        boolean interrupted = Thread.interrupted();
        try {
            return work.get();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Hands a message to the connection; false if there is none, or no room. */
    boolean send(String subject, @Nullable String replyTo, @Nullable Headers headers, byte[] payload) {
        if (!attached()) {
            return false;
        }
        return uninterrupted(() -> {
            try {
                connection.publish(subject, replyTo, headers, payload);
                unsent.set(0);
                return true;
            } catch (IllegalStateException e) {
                // It broke just now, or does not take what we write.
                if (unsent.getAndIncrement() == 0) {
                    LOG.warn("Messages cannot be sent and are dropped: {}", e.getMessage());
                }
                return false;
            } catch (IllegalArgumentException e) {
                throw new TransportException(
                        new TransportFailure.PayloadTooLarge(subject, payload.length, connection.getMaxPayload()), e);
            }
        });
    }

    private static @Nullable Headers headers(Map<String, String> headers) {
        if (headers.isEmpty()) {
            return null;
        }
        Headers all = new Headers();
        headers.forEach((name, value) -> all.put(name, value));
        return all;
    }

    /** Whether payload and headers fit into one message of this server. */
    private boolean fits(Map<String, String> headers, byte[] payload) {
        long most = connection.getMaxPayload();
        if (payload.length + 64 <= most && headers.isEmpty()) {
            return true;
        }
        long bytes = 64L + payload.length;
        for (Map.Entry<String, String> header : headers.entrySet()) {
            bytes += header.getKey().length() + header.getValue().length() + 4;
        }
        return bytes <= most;
    }

    /**
     * Sends a message, as an offer if it is large.
     *
     * @return the id of an offer that lasts until it is withdrawn, or 0; empty if nothing was sent
     */
    private Optional<Long> sendAny(
            String subject, @Nullable String replyTo, Map<String, String> headers, byte[] payload, boolean lasting) {
        if (fits(headers, payload)) {
            return send(subject, replyTo, headers(headers), payload) ? Optional.of(0L) : Optional.empty();
        }
        if (!attached()) {
            return Optional.empty();
        }
        long offer = large.offer(payload, lasting);
        Map<String, String> announced = new HashMap<>(headers);
        announced.put(LargePayloads.OFFER_HEADER, large.header(offer, payload));
        try {
            if (send(subject, replyTo, headers(announced), EMPTY)) {
                return Optional.of(lasting ? offer : 0L);
            }
        } catch (TransportException e) {
            large.withdraw(offer);
            throw e;
        }
        large.withdraw(offer);
        return Optional.empty();
    }

    @Override
    public void publish(String subject, Map<String, String> headers, byte[] payload) {
        check(subject, headers, payload);
        sendAny(subject, null, headers, payload, false);
    }

    @Override
    public Message request(String subject, Map<String, String> headers, byte[] payload, Duration timeout)
            throws InterruptedException {
        check(subject, headers, payload);
        try (Exchange exchange = new Exchange(subject, headers, payload, 1)) {
            return switch (exchange.next(timeout.toNanos())) {
                case Message message -> message;
                case null -> throw new TransportException(new TransportFailure.TimedOut(subject, timeout.toMillis()));
            };
        }
    }

    @Override
    public void abandon(Predicate<String> which) {
        for (Waiter waiter : waiters.values()) {
            if (which.test(waiter.subject())) {
                waiter.answer(new Waiter.Answer.Failed(new TransportFailure.Disconnected(waiter.subject(), true)));
            }
        }
    }

    @Override
    public List<Message> requestMany(String subject, byte[] payload, Duration window, int repliesMax)
            throws InterruptedException {
        check(subject, Map.of(), payload);
        List<Message> replies = new ArrayList<>();
        try (Exchange exchange = new Exchange(subject, Map.of(), payload, Math.min(repliesMax, REPLIES_MAX))) {
            long end = System.nanoTime() + window.toNanos();
            while (replies.size() < repliesMax) {
                Message reply = exchange.next(end - System.nanoTime());
                if (reply == null) {
                    break;
                }
                replies.add(reply);
            }
        } catch (TransportException e) {
            if (!(e.failure() instanceof TransportFailure.NoResponders)) {
                throw e;
            }
        }
        return replies;
    }

    /** A request that was sent, and its replies. */
    private final class Exchange implements AutoCloseable {
        private final String subject;
        private final Waiter waiter;
        private final long token = tokens.incrementAndGet();
        private final long offer;

        Exchange(String subject, Map<String, String> headers, byte[] payload, int repliesMax)
                throws InterruptedException {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted before a request to " + subject + " was sent");
            }
            this.subject = subject;
            this.waiter = new Waiter(subject, repliesMax);
            waiters.put(token, waiter);
            Optional<Long> sent = Optional.empty();
            try {
                sent = sendAny(subject, inbox + token, headers, payload, true);
                if (sent.isEmpty()) {
                    throw new TransportException(new TransportFailure.Disconnected(subject, false));
                }
            } finally {
                if (sent.isEmpty()) {
                    waiters.remove(token);
                }
            }
            this.offer = sent.get();
        }

        @Nullable
        Message next(long nanos) throws InterruptedException {
            return switch (waiter.take(nanos)) {
                case Waiter.Answer.Raw(var raw) -> {
                    if (raw.isStatusMessage() && raw.getStatus().getCode() == NO_RESPONDERS_STATUS) {
                        throw new TransportException(new TransportFailure.NoResponders(subject));
                    }
                    yield message(raw.getSubject(), raw.getHeaders(), raw.getData());
                }
                case Waiter.Answer.Whole(Message message) -> message;
                case Waiter.Answer.Failed(TransportFailure failure) -> throw new TransportException(failure);
                case null -> null;
            };
        }

        @Override
        public void close() {
            waiters.remove(token);
            if (offer != 0) {
                large.withdraw(offer);
            }
        }
    }

    /** Whether stores have ever answered: then they are there, though perhaps out of reach. */
    boolean storesSeen() {
        return storesSeen;
    }

    void sawStores() {
        storesSeen = true;
    }

    /** Whether the server that we are connected to keeps stores itself; a leaf node forwards to one that does. */
    boolean serverHasStores() {
        return connection.getServerInfo().isJetStreamAvailable();
    }

    /** A request of the server's own API: no chunks, and the reply as it came, whatever its status. */
    io.nats.client.Message requestRaw(String subject, @Nullable Headers headers, byte[] payload, Duration timeout)
            throws InterruptedException {
        checkOpen(subject);
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before a request to " + subject + " was sent");
        }
        Waiter waiter = new Waiter(subject, 1);
        long token = tokens.incrementAndGet();
        waiters.put(token, waiter);
        try {
            if (!send(subject, inbox + token, headers, payload)) {
                throw new TransportException(new TransportFailure.Disconnected(subject, false));
            }
            return switch (waiter.take(timeout.toNanos())) {
                case Waiter.Answer.Raw(var raw) -> {
                    if (raw.isStatusMessage() && raw.getStatus().getCode() == NO_RESPONDERS_STATUS) {
                        throw new TransportException(new TransportFailure.NoResponders(subject));
                    }
                    yield raw;
                }
                case Waiter.Answer.Failed(TransportFailure failure) -> throw new TransportException(failure);
                case Waiter.Answer.Whole _ ->
                    throw new TransportException(
                            new TransportFailure.Refused(subject, "the reply came in chunks, which no server sends"));
                case null -> throw new TransportException(new TransportFailure.TimedOut(subject, timeout.toMillis()));
            };
        } finally {
            waiters.remove(token);
        }
    }

    private void check(String subject, Map<String, String> headers, byte[] payload) {
        MessageRules.checkSubject(subject);
        MessageRules.checkHeaders(subject, headers);
        MessageRules.checkPayload(subject, payload);
        checkOpen(subject);
    }

    private void checkOpen(String subject) {
        if (closed) {
            throw new TransportException(new TransportFailure.Disconnected(subject, false));
        }
    }

    // Receiving

    private void onInbox(io.nats.client.Message incoming) {
        String subject = incoming.getSubject();
        int start = inbox.length();
        if (subject.length() <= start) {
            return;
        }
        switch (subject.charAt(start)) {
            case 'o' -> large.onFetch(subject, incoming.getReplyTo());
            case 'c' -> large.onChunk(subject, incoming.getHeaders(), incoming.getData());
            default -> onReply(subject.substring(start), incoming);
        }
    }

    private void onReply(String token, io.nats.client.Message incoming) {
        Waiter waiter;
        try {
            waiter = waiters.get(Long.parseLong(token));
        } catch (NumberFormatException e) {
            return; // nothing that we asked for
        }
        if (waiter == null) {
            return; // too late: whoever asked has gone
        }
        Optional<LargePayloads.Announcement> announcement = announcement(incoming);
        if (announcement.isEmpty()) {
            waiter.answer(new Waiter.Answer.Raw(incoming));
            return;
        }
        Headers headers = incoming.getHeaders();
        large.fetch(announcement.get(), waiter.subject()).ifPresent(fetched -> {
            var _ = fetched.whenComplete((payload, lost) -> {
                if (payload != null) {
                    waiter.answer(new Waiter.Answer.Whole(message(incoming.getSubject(), headers, payload)));
                } else {
                    LOG.warn("The large reply to {} did not come whole: {}", waiter.subject(), lost.getMessage());
                }
            });
        });
    }

    private static Optional<LargePayloads.Announcement> announcement(io.nats.client.Message incoming) {
        Headers headers = incoming.getHeaders();
        String value = headers == null ? null : headers.getFirst(LargePayloads.OFFER_HEADER);
        return value == null ? Optional.empty() : LargePayloads.Announcement.parse(value);
    }

    private static Message message(String subject, @Nullable Headers headers, byte @Nullable [] payload) {
        byte[] bytes = payload == null ? EMPTY : payload;
        if (headers == null || headers.isEmpty()) {
            return new Message(subject, Map.of(), bytes);
        }
        Map<String, String> first = new HashMap<>();
        for (String name : headers.keySet()) {
            String value = headers.getFirst(name);
            if (value != null && !name.equals(LargePayloads.OFFER_HEADER)) {
                first.put(name, value);
            }
        }
        return new Message(subject, first, bytes);
    }

    private final class Incoming implements IncomingMessage {
        private final Message message;
        private final @Nullable String replyTo;
        private final AtomicBoolean replied = new AtomicBoolean();

        Incoming(Message message, @Nullable String replyTo) {
            this.message = message;
            this.replyTo = replyTo;
        }

        @Override
        public Message message() {
            return message;
        }

        @Override
        public boolean expectsReply() {
            return replyTo != null;
        }

        @Override
        public void reply(byte[] payload) {
            MessageRules.checkPayload("the reply to " + message.subject(), payload);
            if (replyTo != null && !closed && replied.compareAndSet(false, true)) {
                sendAny(replyTo, null, Map.of(), payload, false);
            }
        }
    }

    /** A subscription: keeps its handler to one message at a time, also when large ones come by another thread. */
    private final class NatsSubscription implements Subscription {
        private final String pattern;
        private final Consumer<IncomingMessage> handler;
        private final Gate gate = new Gate();
        private @Nullable Dispatcher dispatcher;

        NatsSubscription(String pattern, Consumer<IncomingMessage> handler) {
            this.pattern = pattern;
            this.handler = handler;
        }

        void onMessage(io.nats.client.Message incoming) {
            Optional<LargePayloads.Announcement> announcement = announcement(incoming);
            if (announcement.isEmpty()) {
                deliver(incoming, incoming.getData());
            } else {
                large.fetch(announcement.get(), incoming.getSubject()).ifPresent(payload -> await(incoming, payload));
            }
        }

        /** A request does not hold up others until its payload has come; what is published keeps its place. */
        private void await(io.nats.client.Message incoming, CompletableFuture<byte[]> payload) {
            if (incoming.getReplyTo() != null) {
                Thread.startVirtualThread(() -> awaitNow(incoming, payload));
            } else {
                awaitNow(incoming, payload);
            }
        }

        private void awaitNow(io.nats.client.Message incoming, CompletableFuture<byte[]> payload) {
            try {
                deliver(incoming, payload.get()); // ends: an assembly that gets nothing is given up
            } catch (ExecutionException e) {
                LOG.warn(
                        "A large message to {} did not come whole: {}",
                        incoming.getSubject(),
                        String.valueOf(e.getCause()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the dispatcher is being stopped
            }
        }

        private void deliver(io.nats.client.Message incoming, byte[] payload) {
            Message message = message(incoming.getSubject(), incoming.getHeaders(), payload);
            gate.pass("The handler of " + pattern, () -> handler.accept(new Incoming(message, incoming.getReplyTo())));
        }

        @Override
        public void close() {
            subscriptions.remove(this);
            if (gate.shut() && dispatcher != null) {
                closeDispatcher(dispatcher);
                if (!closed && !gate.isHeldByCaller()) {
                    awaitUnsubscribed();
                }
            }
            gate.awaitEmpty();
        }

        /** Otherwise a request that is sent now would still be handed to us, and wait in vain. */
        private void awaitUnsubscribed() {
            try {
                boolean _ = flush(FLUSH_MAX);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // closed, though perhaps not yet known to the server
            }
        }
    }

    /** A subscription of its own with a thread of its own, which lasts until it is closed or the transport is. */
    Dispatcher dispatcher(String pattern, @Nullable String queueGroup, MessageHandler handler) {
        return uninterrupted(() -> {
            Dispatcher dispatcher = connection.createDispatcher(handler);
            dispatcher.setPendingLimits(SUBSCRIPTION_QUEUE_MAX, SUBSCRIPTION_BYTES_MAX);
            if (queueGroup == null) {
                dispatcher.subscribe(pattern);
            } else {
                dispatcher.subscribe(pattern, queueGroup);
            }
            return dispatcher;
        });
    }

    void closeDispatcher(Dispatcher dispatcher) {
        boolean _ = uninterrupted(() -> {
            try {
                connection.closeDispatcher(dispatcher);
                return true;
            } catch (IllegalStateException | IllegalArgumentException e) {
                return false; // the connection has closed it
            }
        });
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

    private Subscription subscribeAny(String pattern, @Nullable String queueGroup, Consumer<IncomingMessage> handler) {
        checkOpen(pattern);
        NatsSubscription subscription = new NatsSubscription(pattern, handler);
        refusals.expect(pattern);
        Dispatcher dispatcher;
        try {
            dispatcher = dispatcher(pattern, queueGroup, subscription::onMessage);
        } catch (IllegalStateException e) {
            throw new TransportException(new TransportFailure.Disconnected(pattern, false), e);
        }
        subscription.dispatcher = dispatcher;
        subscriptions.add(subscription);
        try {
            flush(FLUSH_MAX);
            checkSubscribed(pattern, dispatcher);
        } catch (TransportException e) {
            subscriptions.remove(subscription);
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // subscribed, though perhaps not yet known to the server
        }
        if (closed) {
            subscription.close();
        }
        return subscription;
    }

    /** Waits until the server has taken what was sent so far, or the connection breaks, or time is out. */
    private boolean flush(Duration timeout) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        if (!flushing.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        try {
            long left = end - System.nanoTime();
            if (left <= 0 || !attached()) {
                return false;
            }
            // jnats returns as if all were well when the connection breaks before the ping is out
            long reconnects = connection.getStatistics().getReconnects();
            long flushes = connection.getStatistics().getFlushCounter();
            connection.flush(Duration.ofNanos(left));
            return attached()
                    && connection.getStatistics().getReconnects() == reconnects
                    && connection.getStatistics().getFlushCounter() > flushes;
        } catch (TimeoutException | IllegalStateException e) {
            LOG.debug("Flush did not end: {}", e.toString());
            return false;
        } finally {
            flushing.unlock();
        }
    }

    private final class Chunks implements LargePayloads.Sender {
        @Override
        public boolean send(String subject, @Nullable String replyTo, @Nullable Headers headers, byte[] payload) {
            return NatsTransport.this.send(subject, replyTo, headers, payload);
        }

        @Override
        public void flush(Duration timeout) throws InterruptedException {
            boolean _ = NatsTransport.this.flush(timeout);
        }

        @Override
        public long serverPayloadBytesMax() {
            return connection.getMaxPayload();
        }
    }

    // Stores

    @Override
    public KeyValueStore store(String name) throws InterruptedException {
        MessageRules.checkStoreName(name);
        checkOpen("store " + name);
        NatsStore store = new NatsStore(this, name);
        store.open();
        return store;
    }

    String newInbox() {
        return connection.createInbox();
    }

    long serverPayloadBytesMax() {
        return connection.getMaxPayload();
    }

    /** Puts a waiter among those that are told when the connection breaks. */
    long register(Waiter waiter) {
        long token = tokens.incrementAndGet();
        waiters.put(token, waiter);
        return token;
    }

    void unregister(long token) {
        waiters.remove(token);
    }

    void add(NatsWatch watch) {
        watches.add(watch);
    }

    void remove(NatsWatch watch) {
        watches.remove(watch);
    }

    boolean closed() {
        return closed;
    }

    /** How often the connection was lost so far. */
    long outages() {
        return outages.get();
    }

    // The connection

    @Override
    public boolean connected() {
        return !closed && subscribed && attached();
    }

    /**
     * Whether there is a connection to send on. After an outage that is so earlier than {@link #connected()}: replies
     * must not be lost that are asked for as soon as the first subscription is in place.
     */
    private boolean attached() {
        return connection.getStatus() == Connection.Status.CONNECTED;
    }

    @Override
    public void onConnectionChange(Consumer<Boolean> listener) {
        listeners.add(listener);
    }

    @Override
    public String description() {
        String url = connection.getConnectedUrl();
        return url == null ? config.servers() : NatsConfig.withoutUserInfo(url);
    }

    @Override
    public Optional<Duration> roundTrip() throws InterruptedException {
        if (!connected()) {
            return Optional.empty();
        }
        long start = System.nanoTime();
        return flush(FLUSH_MAX) ? Optional.of(Duration.ofNanos(System.nanoTime() - start)) : Optional.empty();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean interrupted = Thread.interrupted();
        try {
            boolean _ = flush(FLUSH_MAX);
            subscriptions.forEach(NatsSubscription::close);
            watches.forEach(NatsWatch::close);
            failWaiters();
            clock.shutdownNow();
            connection.close();
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

package dev.trellis.lattice.nats;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the server does not let this connection do. NATS tells so beside the stream of messages: {@code -ERR} with a
 * subject, at once, but on no request's account.
 */
final class Refusals {
    /** Subjects of which is known when they were logged last; at the bound all are forgotten. */
    static final int LOGGED_MAX = 256;

    /** How often a refusal of one subject is logged. */
    private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

    private static final Pattern REFUSED =
            Pattern.compile("(?i)permissions violation for (publish|subscription) to \"([^\"]+)\"");
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

    private final String who;
    private final String servers;
    /** Subscriptions that are being made, and whether they were refused. */
    private final Map<String, Boolean> subscriptions = new ConcurrentHashMap<>();

    private final Map<String, Long> logged = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private long heard;

    Refusals(String who, String servers) {
        this.who = who;
        this.servers = servers;
    }

    /** What was refused, and why, for people. */
    record Refusal(boolean publish, String subject, String reason) {}

    /**
     * Takes an error of the server, and logs what nobody waits to hear; empty if it is no refusal.
     *
     * @param awaited whether somebody waits for an answer to what was published to a subject, and will be told
     */
    Optional<Refusal> onError(String error, Predicate<String> awaited) {
        Optional<Refusal> refusal = parse(error);
        if (refusal.isEmpty()) {
            LOG.warn("NATS server at {}: {}", servers, error);
        } else {
            String subject = refusal.get().subject();
            boolean told =
                    refusal.get().publish() ? awaited.test(subject) : subscriptions.replace(subject, true) != null;
            if (!told) {
                log(refusal.get());
            }
        }
        lock.lock();
        try {
            heard++;
            more.signalAll();
        } finally {
            lock.unlock();
        }
        return refusal;
    }

    private Optional<Refusal> parse(String error) {
        Matcher matcher = REFUSED.matcher(error);
        if (!matcher.find()) {
            return Optional.empty();
        }
        boolean publish = matcher.group(1).equalsIgnoreCase("publish");
        return Optional.of(new Refusal(publish, matcher.group(2), reason(publish)));
    }

    private String reason(boolean publish) {
        return "the NATS server gives " + who + " no permission to " + (publish ? "publish" : "subscribe")
                + " there; use credentials of the role that does this, or add it to the user's permissions";
    }

    private void log(Refusal refusal) {
        long now = System.nanoTime();
        if (logged.size() >= LOGGED_MAX) {
            logged.clear();
        }
        Long last = logged.get(refusal.subject());
        if (last == null || now - last > LOG_INTERVAL.toNanos()) {
            logged.put(refusal.subject(), now);
            LOG.warn("{} was refused: {}", refusal.subject(), refusal.reason());
        }
    }

    /** To be called before subscribing to {@code pattern}, and then {@link #subscriptionRefused}. */
    void expect(String pattern) {
        subscriptions.put(pattern, false);
    }

    /**
     * Why the server has refused a subscription that it has seen, if it did: errors come on another thread, so this
     * waits, a little, until all {@code errors} that the connection has counted were heard.
     */
    @Nullable
    String subscriptionRefused(String pattern, LongSupplier errors) throws InterruptedException {
        lock.lock();
        try {
            long left = Duration.ofSeconds(1).toNanos();
            while (left > 0 && heard < errors.getAsLong() && !refused(pattern)) {
                left = more.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        return Boolean.TRUE.equals(subscriptions.remove(pattern)) ? reason(false) : null;
    }

    private boolean refused(String pattern) {
        return Boolean.TRUE.equals(subscriptions.get(pattern));
    }
}

package dev.trellis.lattice.nats;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
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
    /** Refused subscriptions that nobody asked about yet; further ones are only logged. */
    static final int SUBSCRIPTIONS_MAX = 1024;

    /** Subjects of which is known when they were logged last; at the bound all are forgotten. */
    static final int LOGGED_MAX = 256;

    /** How often a refusal of one subject is logged. */
    private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

    private static final Pattern REFUSED =
            Pattern.compile("(?i)permissions violation for (publish|subscription) to \"([^\"]+)\"");
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

    private final String who;
    private final String servers;
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

    /** Takes an error of the server; empty if it is about something else. */
    Optional<Refusal> onError(String error) {
        Optional<Refusal> refusal = parse(error);
        if (refusal.isEmpty()) {
            LOG.warn("NATS server at {}: {}", servers, error);
        } else {
            String subject = refusal.get().subject();
            if (!refusal.get().publish() && subscriptions.size() < SUBSCRIPTIONS_MAX) {
                subscriptions.put(subject, true);
            }
            log(refusal.get());
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

    /** To be called before subscribing to {@code pattern}: what was refused earlier does not count. */
    void forget(String pattern) {
        subscriptions.remove(pattern);
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
            while (left > 0 && heard < errors.getAsLong() && !subscriptions.containsKey(pattern)) {
                left = more.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        return subscriptions.remove(pattern) == null ? null : reason(false);
    }
}

package dev.trellis.providers.httpserver;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warnings about requests that an actor failed: at most one a second per listener, so that clients cannot flood it. */
final class FailureLog {
    private static final Logger LOG = LoggerFactory.getLogger(FailureLog.class);
    private static final long PERIOD_NANOS = 1_000_000_000L;

    private final AtomicLong next = new AtomicLong(System.nanoTime());
    private final AtomicInteger suppressed = new AtomicInteger();

    /** Warns that a request was answered with {@code status} because of {@code reason}. */
    void failed(String actor, String method, int status, String traceId, String reason, Throwable bug) {
        if (!due()) {
            return;
        }
        LOG.warn(
                "actor {} failed to answer a {} request, the client got {}: {} (trace_id={}, {} more since the last line)",
                actor,
                method,
                status,
                reason,
                traceId,
                suppressed.getAndSet(0),
                bug);
    }

    /** Warns that a request was answered with {@code status} because of {@code reason}. */
    void failed(String actor, String method, int status, String traceId, String reason) {
        if (!due()) {
            return;
        }
        LOG.warn(
                "actor {} failed to answer a {} request, the client got {}: {} (trace_id={}, {} more since the last line)",
                actor,
                method,
                status,
                reason,
                traceId,
                suppressed.getAndSet(0));
    }

    private boolean due() {
        long now = System.nanoTime();
        long due = next.get();
        if (now - due >= 0 && next.compareAndSet(due, now + PERIOD_NANOS)) {
            return true;
        }
        suppressed.incrementAndGet();
        return false;
    }
}

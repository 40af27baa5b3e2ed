package dev.trellis.host.node;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * This host's own calls to one actor or provider of another host: how many are out, and whether they come back. A
 * breaker: {@value #LOST_MAX} calls in a row without any reply trip it, and calls go elsewhere where they can. A ping
 * of that host that is answered afterwards half closes it: the next call that is lost trips it again, the first that
 * comes back closes it. Safe for concurrent use.
 */
final class RemoteCalls {
    /** Calls without a reply, one after another, that trip it. */
    static final int LOST_MAX = 3;

    private static final long NOT_TRIPPED = -1;

    private final AtomicInteger outstanding = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();
    private volatile long trippedAtPing = NOT_TRIPPED;

    /** Calls that have not come back yet. */
    int outstanding() {
        return outstanding.get();
    }

    void begin() {
        outstanding.incrementAndGet();
    }

    void end() {
        outstanding.decrementAndGet();
    }

    /** A reply came, whatever it says. */
    void answered() {
        if (lost.get() != 0) {
            lost.set(0);
            trippedAtPing = NOT_TRIPPED;
        }
    }

    /** No reply came, though there was time for one. */
    void lost(PeerPath path) {
        if (lost.incrementAndGet() >= LOST_MAX) {
            trippedAtPing = path.answered();
        }
    }

    /** Whether calls should rather go elsewhere. */
    boolean tripped(PeerPath path) {
        long at = trippedAtPing;
        return at != NOT_TRIPPED && path.answered() == at;
    }
}

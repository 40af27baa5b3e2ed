package dev.trellis.host.node;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts the calls over one link of one started provider, and ends the taking of new ones: once it is closed and has
 * been seen empty, no call runs and none ever will. Safe for concurrent use; callers of different threads mostly write
 * to different cache lines.
 */
final class CallGate {
    /*
     * Each stripe packs both counts into one long, so that entering and leaving are one atomic addition each: calls
     * under way in the low 24 bits, all that were let in above them. A call leaves by the stripe it entered, so a
     * stripe never goes below zero. `enter` adds before it reads `closed`, and `close` writes before anybody sums up,
     * each as volatile accesses: a call that was let in is in every sum taken after the closing.
     */
    private static final int IN_FLIGHT_BITS = 24;
    private static final long IN_FLIGHT = (1L << IN_FLIGHT_BITS) - 1;
    private static final long ONE = (1L << IN_FLIGHT_BITS) + 1;
    private static final int STRIDE = 16; // 128 bytes: two cache lines, for prefetching neighbours
    private static final int STRIPES_MAX = 32;
    private static final int STRIPES = Math.min(
            STRIPES_MAX, Integer.highestOneBit(Math.max(1, Runtime.getRuntime().availableProcessors() * 2)));

    /** What {@link #enter} returns when no call may come in any more. */
    static final int CLOSED = -1;

    private final AtomicLongArray stripes = new AtomicLongArray(STRIPES * STRIDE);
    private volatile boolean closed;

    /** Lets a call in. The result goes to {@link #leave}, unless it is {@link #CLOSED}: then nothing may run. */
    int enter() {
        int stripe = ((int) Thread.currentThread().threadId() & (STRIPES - 1)) * STRIDE;
        stripes.getAndAdd(stripe, ONE);
        if (closed) {
            stripes.getAndAdd(stripe, -ONE);
            return CLOSED;
        }
        return stripe;
    }

    /** The call that {@link #enter} let in with {@code entry} has ended. */
    void leave(int entry) {
        stripes.getAndAdd(entry, -1);
    }

    /** Lets no call in from now on. */
    void close() {
        closed = true;
    }

    boolean closed() {
        return closed;
    }

    /** Calls that have not ended. */
    long inFlight() {
        long sum = 0;
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            sum += stripes.get(stripe * STRIDE) & IN_FLIGHT;
        }
        return sum;
    }

    /** Calls let in so far. */
    long total() {
        long sum = 0;
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            sum += stripes.get(stripe * STRIDE) >>> IN_FLIGHT_BITS;
        }
        return sum;
    }
}

package dev.trellis.host.node;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The way to another host as pings and calls find it: how long a round trip takes, and whether it can be trusted. Safe
 * for concurrent use: {@link PeerWatcher} tells what became of its pings, and every call to that host reads it.
 */
final class PeerPath {
    /*
     * One ping without an answer makes a path suspect, a second one in a row breaks it; anything that is heard from the
     * host after a ping was sent makes up for that ping. A broken path still is taken by calls that have no other: a
     * host that beats may just be too busy to answer in time. One that neither answers nor beats is gone.
     */

    /** Whether calls should take it. */
    enum State {
        /** It answers. */
        HEALTHY,
        /** It owes an answer: taken only where there is no better one. */
        SUSPECT,
        /** It does not answer: taken only by calls that have no other way at all. */
        BROKEN,
        /** Nothing is heard of the host at all: not taken. A host that returns comes by a new path. */
        GONE
    }

    /** Weight of one new round trip in the smoothed one: one eighth, as TCP smooths its own (RFC 6298). */
    private static final int SMOOTHING_SHIFT = 3;

    private static final long UNKNOWN = Long.MAX_VALUE;

    private final LongSupplier nanoTime;
    private final AtomicLong answered = new AtomicLong();
    private volatile State state = State.HEALTHY;
    private volatile long roundTripNanos = UNKNOWN;
    private volatile long heardNanos;

    PeerPath(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.heardNanos = nanoTime.getAsLong();
    }

    State state() {
        return state;
    }

    /** The smoothed round trip; longer than any other before the first was measured. */
    long roundTripNanos() {
        return roundTripNanos;
    }

    /** How many pings have been answered so far. */
    long answered() {
        return answered.get();
    }

    /** A ping took so long. */
    synchronized void answered(Duration roundTrip) {
        long nanos = Math.max(0, roundTrip.toNanos());
        long before = roundTripNanos;
        roundTripNanos = before == UNKNOWN ? nanos : before + ((nanos - before) >> SMOOTHING_SHIFT);
        answered.incrementAndGet();
        heardNanos = nanoTime.getAsLong();
        heal();
    }

    /** The host has answered a call: it lives, though how long that took says nothing of the way. */
    void heard() {
        heardNanos = nanoTime.getAsLong();
        if (state != State.HEALTHY) {
            heal();
        }
    }

    private synchronized void heal() {
        if (state != State.GONE) {
            state = State.HEALTHY;
        }
    }

    /** A ping sent at {@code sentNanos} had no answer in its time. */
    synchronized void missed(long sentNanos) {
        if (heardNanos - sentNanos > 0 || state == State.GONE) {
            return; // it lives: the ping alone was lost
        }
        state = state == State.HEALTHY ? State.SUSPECT : State.BROKEN;
    }

    /** Nobody takes calls there now. */
    synchronized void absent() {
        if (state == State.HEALTHY) {
            state = State.SUSPECT;
        }
    }

    /** The host has gone: calls that still hold this path must not take it. */
    synchronized void gone() {
        state = State.GONE;
    }

    @Override
    public String toString() {
        long nanos = roundTripNanos;
        return state + (nanos == UNKNOWN ? "" : " " + nanos / 1_000 + " us");
    }
}

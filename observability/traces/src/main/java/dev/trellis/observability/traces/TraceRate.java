package dev.trellis.observability.traces;

import dev.trellis.observability.telemetry.ActiveSpan;
import dev.trellis.observability.telemetry.SpanDestination;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** How many spans a host publishes: all of them up to a rate, beyond it those of a share of the traces. */
final class TraceRate implements SpanDestination.Filter {
    /*
     * The share of a window follows from what the window before it wanted. A trace is in the share by its id alone, so
     * hosts with different shares still agree on the traces that are in the smallest: those are complete. Spans that
     * failed or were slow have a rate of their own beyond it. After a quiet time the share is everything again.
     */
    static final int SPANS_PER_SECOND_MAX = 1000;
    static final int NOTABLE_PER_SECOND_MAX = 100;
    static final Duration SLOW = Duration.ofSeconds(1);

    private static final long WINDOW_NANOS = Duration.ofMillis(200).toNanos();
    private static final int WINDOWS_PER_SECOND = 5;

    /** A window may take this much more than its due before the share has followed a sudden load. */
    private static final int BURST = 4;

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final int due;
    private final int notableDue;
    private final LongAdder wanted = new LongAdder();
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger notableTaken = new AtomicInteger();
    private final AtomicLong windowEnd;
    private volatile long threshold = Long.MAX_VALUE;

    TraceRate() {
        this(SPANS_PER_SECOND_MAX, NOTABLE_PER_SECOND_MAX, System.nanoTime());
    }

    TraceRate(int spansPerSecond, int notablePerSecond, long now) {
        this.due = spansPerSecond / WINDOWS_PER_SECOND;
        this.notableDue = notablePerSecond / WINDOWS_PER_SECOND;
        this.windowEnd = new AtomicLong(now + WINDOW_NANOS);
    }

    @Override
    public boolean takes(ActiveSpan span) {
        boolean notable = span.failed() || span.durationNanos() >= SLOW.toNanos();
        return takes(span.context().traceLow(), notable, span.endNanos());
    }

    boolean takes(long traceLow, boolean notable, long now) {
        long end = windowEnd.get();
        if (now - end >= 0 && windowEnd.compareAndSet(end, now + WINDOW_NANOS)) {
            roll(now - end + WINDOW_NANOS);
        }
        wanted.increment();
        if (((traceLow * GOLDEN) >>> 1) <= threshold && taken.getAndIncrement() < due * BURST) {
            return true;
        }
        return notable && notableTaken.getAndIncrement() < notableDue;
    }

    private void roll(long elapsedNanos) {
        double wantedPerWindow = (double) wanted.sumThenReset() * WINDOW_NANOS / elapsedNanos;
        threshold = wantedPerWindow <= due ? Long.MAX_VALUE : (long) (due / wantedPerWindow * Long.MAX_VALUE);
        taken.set(0);
        notableTaken.set(0);
    }

    /** The share of the traces that are published now. */
    double share() {
        return (double) threshold / Long.MAX_VALUE;
    }
}

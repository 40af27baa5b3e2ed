package dev.trellis.lattice.contracts;

import java.time.Duration;

/**
 * The moment by which a call must have ended, on this JVM's monotonic clock. One deadline travels down a call tree;
 * between hosts only the time left is sent.
 *
 * @param nanoTime the moment, comparable with {@link System#nanoTime()} only
 */
public record Deadline(long nanoTime) {
    /** The deadline that is {@code time} from now. */
    public static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    /** Time left in nanoseconds; zero or less once it has passed. */
    public long remainingNanos() {
        return nanoTime - System.nanoTime();
    }

    /** Time left; zero once it has passed. */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, remainingNanos()));
    }

    /** Whether no time is left. */
    public boolean passed() {
        return remainingNanos() <= 0;
    }

    /** The earlier of two deadlines. */
    public Deadline orEarlier(Deadline other) {
        return nanoTime - other.nanoTime <= 0 ? this : other;
    }
}

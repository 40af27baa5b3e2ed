package dev.trellis.host.node;

import org.jspecify.annotations.Nullable;

/**
 * Something done on a thread of its own within a time: either it ends first, or it is interrupted, exactly one of
 * both. Told apart by identity. Safe for concurrent use.
 */
final class BoundedTask {
    private @Nullable Thread thread;
    private boolean ended;
    private boolean expired;

    /** The current thread begins it. */
    synchronized void begin() {
        thread = Thread.currentThread();
        if (expired) {
            thread.interrupt();
        }
    }

    /** Whether it ended in time. No interrupt comes, and none is pending, from now on. */
    synchronized boolean end() {
        ended = true;
        thread = null;
        boolean _ = Thread.interrupted();
        return !expired;
    }

    /** Interrupts it, unless it has ended. */
    synchronized boolean expire() {
        if (ended) {
            return false;
        }
        expired = true;
        if (thread != null) {
            thread.interrupt();
        }
        return true;
    }

    synchronized boolean ended() {
        return ended;
    }

    synchronized boolean expired() {
        return expired;
    }
}

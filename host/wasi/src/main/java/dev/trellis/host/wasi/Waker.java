package dev.trellis.host.wasi;

import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Where the guest's thread of one call waits. {@link #wake} may come from any thread. */
final class Waker {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition woken = lock.newCondition();
    private long wakes;

    /** Something that the guest may wait for has changed. Never blocks for long. */
    void wake() {
        lock.lock();
        try {
            wakes++;
            woken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until one of {@code pollables} is ready, or it is {@code untilNanos} by {@link System#nanoTime}, unless that is
     * {@link Pollable#NEVER}.
     *
     * @throws InterruptedException if the guest's time is over, or the caller does not wait any more
     */
    void await(List<? extends Pollable> pollables, long untilNanos) throws InterruptedException {
        while (true) {
            long seen = wakes();
            long until = untilNanos;
            for (Pollable one : pollables) {
                if (one.ready()) {
                    return;
                }
                until = earlier(until, one.readyAtNanos());
            }
            if (untilNanos != Pollable.NEVER && untilNanos - System.nanoTime() <= 0) {
                return;
            }
            await(seen, until);
        }
    }

    private long wakes() {
        lock.lock();
        try {
            return wakes;
        } finally {
            lock.unlock();
        }
    }

    private static long earlier(long one, long other) {
        if (one == Pollable.NEVER || other == Pollable.NEVER) {
            return one == Pollable.NEVER ? other : one;
        }
        return one - other < 0 ? one : other;
    }

    private void await(long seen, long until) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (wakes == seen) {
                if (until == Pollable.NEVER) {
                    woken.await();
                    continue;
                }
                long left = until - System.nanoTime();
                if (left <= 0 || woken.awaitNanos(left) <= 0) {
                    return;
                }
            }
        } finally {
            lock.unlock();
        }
    }
}

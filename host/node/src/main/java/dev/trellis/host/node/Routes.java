package dev.trellis.host.node;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The route snapshot in force: read by every call, replaced by {@link RouteKeeper}. Safe for concurrent use. */
final class Routes {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile RouteTable table = RouteTable.EMPTY;

    RouteTable now() {
        return table;
    }

    void publish(RouteTable next) {
        lock.lock();
        try {
            table = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The snapshot that has replaced {@code old}, waiting for it at most {@code nanos}; else {@code old} again. */
    @SuppressWarnings("ReferenceEquality") // snapshots are told apart, not compared
    RouteTable awaitNext(RouteTable old, long nanos) throws InterruptedException {
        if (table != old || nanos <= 0) {
            return table;
        }
        long end = System.nanoTime() + nanos;
        if (!lock.tryLock(nanos, TimeUnit.NANOSECONDS)) {
            return table;
        }
        try {
            long left = end - System.nanoTime();
            while (table == old && left > 0) {
                left = changed.awaitNanos(left);
            }
            return table;
        } finally {
            lock.unlock();
        }
    }
}

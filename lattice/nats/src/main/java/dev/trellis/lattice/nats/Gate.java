package dev.trellis.lattice.nats;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets one call of a handler through at a time, and none once it is shut. */
final class Gate {
    /** How long shutting waits for a handler that is running. */
    private static final long CLOSE_WAIT_MILLIS = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean shut;

    /** Runs {@code call} unless the gate is shut; what it throws is logged under {@code name}. */
    void pass(String name, Runnable call) {
        lock.lock();
        try {
            if (!shut) {
                call.run();
            }
        } catch (RuntimeException | Error e) {
            LOG.error("{} failed", name, e);
        } finally {
            lock.unlock();
            if (!shut) {
                boolean _ = Thread.interrupted(); // left behind by the handler, it would end the dispatcher
            }
        }
    }

    /** Shuts the gate; false if it was shut before. */
    boolean shut() {
        boolean first = !shut;
        shut = true;
        return first;
    }

    boolean isShut() {
        return shut;
    }

    /** Whether the caller is the handler that runs. */
    boolean isHeldByCaller() {
        return lock.isHeldByCurrentThread();
    }

    /** Waits for a handler that is running, unless this thread runs it, for a bounded time. */
    void awaitEmpty() {
        if (lock.isHeldByCurrentThread()) {
            return;
        }
        try {
            if (lock.tryLock(CLOSE_WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
                lock.unlock();
            } else {
                LOG.warn("A handler still runs after its subscription was closed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

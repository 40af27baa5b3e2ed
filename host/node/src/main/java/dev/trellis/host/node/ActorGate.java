package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.EntityId;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets at most so many calls of one actor run at once on this host. Further ones wait in order, at most
 * {@value #WAITING_MAX} of them and each until its own deadline; what does not get in fails as overloaded, and has not
 * run. Safe for concurrent use; the number of permits may change at any time.
 */
final class ActorGate {
    /** Calls that may wait; one more is refused at once. */
    static final int WAITING_MAX = 4096;

    private final EntityId actor;
    private final ResizableSemaphore permits;
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile int size;

    ActorGate(EntityId actor, int size) {
        this.actor = actor;
        this.size = size;
        this.permits = new ResizableSemaphore(size);
    }

    /** Takes a permit if one is free and nobody waits for it. The caller must {@link #leave} afterwards. */
    boolean tryEnter() {
        return waiting.get() == 0 && permits.tryAcquire();
    }

    /**
     * Takes a permit, waiting for it until {@code deadline}. The caller must {@link #leave} afterwards.
     *
     * @throws InvocationException with {@link InvocationFailure.Overloaded} if the queue is full or time ran out in it
     */
    void enter(Deadline deadline) throws InterruptedException {
        if (tryEnter()) {
            return;
        }
        if (waiting.incrementAndGet() > WAITING_MAX) {
            waiting.decrementAndGet();
            throw overloaded(WAITING_MAX + " calls wait already");
        }
        try {
            if (!permits.tryAcquire(deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
                throw overloaded("all " + size + " instances were busy until the call's deadline");
            }
        } finally {
            waiting.decrementAndGet();
        }
    }

    /** Gives a permit back. */
    void leave() {
        permits.release();
    }

    /** Sets the number of permits. Calls that run already are not disturbed. */
    synchronized void resize(int newSize) {
        int change = newSize - size;
        size = newSize;
        if (change > 0) {
            permits.release(change);
        } else {
            permits.reduce(-change);
        }
    }

    int size() {
        return size;
    }

    /** Calls that hold a permit now. */
    int running() {
        return Math.max(0, size - permits.availablePermits());
    }

    int waiting() {
        return waiting.get();
    }

    private InvocationException overloaded(String message) {
        return new InvocationException(new InvocationFailure.Overloaded(actor.value(), message));
    }

    private static final class ResizableSemaphore extends Semaphore {
        private static final long serialVersionUID = 1L;

        ResizableSemaphore(int permits) {
            super(permits, true);
        }

        void reduce(int by) {
            reducePermits(by);
        }
    }
}

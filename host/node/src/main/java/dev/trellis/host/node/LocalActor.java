package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An actor on this host: a gate in front of a runner that may be replaced while calls go on. */
final class LocalActor implements LocalTarget {
    private final EntityId id;
    private final ActorGate gate;
    private volatile Generation generation;

    LocalActor(EntityId id, int instances, ActorRunner runner) {
        this.id = id;
        this.gate = new ActorGate(id, instances);
        this.generation = new Generation(runner);
    }

    @Override
    public EntityId id() {
        return id;
    }

    @Override
    public Optional<Payload> invokeNow(Invocation invocation, CallSpan span) throws InterruptedException {
        if (!gate.tryEnter()) {
            return Optional.empty();
        }
        return Optional.of(run(invocation, span));
    }

    @Override
    public Payload invoke(Invocation invocation, CallSpan span) throws InterruptedException {
        span.waits();
        gate.enter(invocation.deadline());
        return run(invocation, span);
    }

    private Payload run(Invocation invocation, CallSpan span) throws InterruptedException {
        span.enters();
        try {
            Generation mine = pin();
            try {
                return mine.runner.handle(invocation, span);
            } finally {
                mine.unpin();
            }
        } finally {
            gate.leave();
        }
    }

    /** The generation in force, entered; a call that came in over an old snapshot, or waited while it stopped, is refused. */
    private Generation pin() {
        Generation current = generation;
        while (!current.tryPin()) {
            Generation next = generation;
            if (next == current) {
                throw new InvocationException(new InvocationFailure.NoTarget(
                        id.value(), "it was stopped on this host; the call did not run"));
            }
            current = next; // replaced between the two reads
        }
        return current;
    }

    ActorGate gate() {
        return gate;
    }

    ActorFacts facts() {
        return generation.runner.facts();
    }

    /** Calls from now on run in {@code runner}; the one before is closed when its last call has ended. */
    void replace(ActorRunner runner) {
        Generation old = generation;
        generation = new Generation(runner);
        old.retire();
    }

    /** Refuses calls from now on, waits until none runs, at most {@code time}, then frees the instances. */
    void drainAndClose(Duration time) throws InterruptedException {
        generation.retire();
        generation.awaitClosed(time);
    }

    /** A runner with a count of the calls in it; closed once retired and left by the last. */
    private static final class Generation {
        private static final int RETIRED = 1 << 30;

        private final ActorRunner runner;
        private final AtomicInteger pins = new AtomicInteger();
        private final CountDownLatch closed = new CountDownLatch(1);

        Generation(ActorRunner runner) {
            this.runner = runner;
        }

        boolean tryPin() {
            while (true) {
                int now = pins.get();
                if (now >= RETIRED) {
                    return false;
                }
                if (pins.compareAndSet(now, now + 1)) {
                    return true;
                }
            }
        }

        void unpin() {
            if (pins.decrementAndGet() == RETIRED) {
                close();
            }
        }

        void retire() {
            if (pins.getAndUpdate(now -> now >= RETIRED ? now : now + RETIRED) == 0) {
                close();
            }
        }

        void awaitClosed(Duration time) throws InterruptedException {
            if (!closed.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
                close();
            }
        }

        /** May come twice: when the time is over, and when the last call leaves after all. */
        private void close() {
            runner.close();
            closed.countDown();
        }
    }
}

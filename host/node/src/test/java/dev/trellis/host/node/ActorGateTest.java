package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.EntityId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ActorGateTest {
    private static final Deadline FAR = Deadline.in(Duration.ofMinutes(1));

    private final ActorGate gate = new ActorGate(new EntityId("app-actor"), 2);

    @Test
    void tryEnter_permitsFree_entersUntilNoneIsLeft() {
        assertThat(List.of(gate.tryEnter(), gate.tryEnter(), gate.tryEnter())).containsExactly(true, true, false);
        assertThat(gate.running()).isEqualTo(2);
    }

    @Test
    void enter_allPermitsHeldUntilDeadline_failsAsOverloaded() throws Exception {
        gate.enter(FAR);
        gate.enter(FAR);

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> gate.enter(Deadline.in(Duration.ofMillis(5))))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.Overloaded.class));
        assertThat(gate.waiting()).isZero();
    }

    @Test
    void enter_manyCallers_neverMoreThanThePermitsAtOnce() throws Exception {
        var inside = new AtomicInteger();
        var most = new AtomicInteger();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 200; i++) {
            threads.add(Thread.startVirtualThread(() -> {
                try {
                    gate.enter(FAR);
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    inside.decrementAndGet();
                    gate.leave();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(most.get()).isBetween(1, 2);
        assertThat(gate.running()).isZero();
    }

    @Test
    void resize_larger_letsWaitingCallsIn() throws Exception {
        gate.enter(FAR);
        gate.enter(FAR);
        var entered = new CountDownLatch(1);
        Thread.startVirtualThread(() -> {
            try {
                gate.enter(FAR);
                entered.countDown();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        gate.resize(3);

        assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void resize_smallerWhileCallsRun_admitsNoneUntilEnoughHaveLeft() throws Exception {
        gate.enter(FAR);
        gate.enter(FAR);

        gate.resize(1);
        gate.leave();

        assertThat(gate.tryEnter()).isFalse();
        gate.leave();
        assertThat(gate.tryEnter()).isTrue();
    }
}

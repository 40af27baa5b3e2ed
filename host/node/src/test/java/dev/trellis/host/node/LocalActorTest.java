package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.actor.CallObserver;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.observability.telemetry.Telemetry;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LocalActorTest {
    private static final EntityId ID = new EntityId("app-actor");

    private final Runner first = new Runner();
    private final LocalActor actor = new LocalActor(ID, 1, first);

    @Test
    void invoke_afterItWasStopped_failsAsNoTargetAndGivesItsPermitBack() throws Exception {
        actor.drainAndClose(Duration.ofSeconds(10));

        assertNoTarget();
        assertThat(actor.gate().running()).isZero();
    }

    @Test
    void invoke_waitingWhileItIsStopped_failsAsNoTarget() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = threads.submit(() -> actor.invoke(invocation(), span()));
            first.entered.await();
            var waiting = CompletableFuture.runAsync(this::assertNoTarget, threads);
            while (actor.gate().waiting() == 0) {
                Thread.onSpinWait();
            }

            actor.drainAndClose(Duration.ZERO);
            first.release.countDown();

            assertThat(running.get()).isEqualTo(Payload.EMPTY);
            waiting.get(10, TimeUnit.SECONDS);
            assertThat(first.closed.getCount()).isZero();
        }
    }

    @Test
    void replace_whileACallRuns_closesTheOldOneAfterItAndServesTheNewOne() throws Exception {
        var second = new Runner();
        second.release.countDown();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = threads.submit(() -> actor.invoke(invocation(), span()));
            first.entered.await();

            actor.replace(second);
            assertThat(first.closed.getCount()).isOne();
            first.release.countDown();

            assertThat(running.get()).isEqualTo(Payload.EMPTY);
            assertThat(first.closed.getCount()).isZero();
            assertThat(actor.invoke(invocation(), span())).isEqualTo(Payload.EMPTY);
            assertThat(second.entered.getCount()).isZero();
        }
    }

    private void assertNoTarget() {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> actor.invoke(invocation(), span()))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.NoTarget.class));
    }

    private static Invocation invocation() {
        return Invocation.first(
                new EntityId("app-caller"),
                ID,
                LinkName.DEFAULT,
                Contracts.ACTOR,
                "Do.It",
                Payload.EMPTY,
                Deadline.in(Duration.ofSeconds(20)),
                TraceContext.root());
    }

    private static CallSpan span() {
        return new CallSpan(Telemetry.off(), CallSpan.Side.CALLER, invocation());
    }

    private static final class Runner implements ActorRunner {
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch release = new CountDownLatch(1);
        private final CountDownLatch closed = new CountDownLatch(1);

        @Override
        public Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException {
            entered.countDown();
            release.await();
            return Payload.EMPTY;
        }

        @Override
        public ActorFacts facts() {
            return new ActorFacts("00", null, null, null, null, null, 0);
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }
}

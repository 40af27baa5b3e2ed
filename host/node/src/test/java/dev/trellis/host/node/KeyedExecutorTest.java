package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KeyedExecutorTest {
    private final KeyedExecutor executor = new KeyedExecutor("test");

    @Test
    void execute_oneKey_runsInOrder() throws Exception {
        List<Integer> ran = new ArrayList<>(); // one task at a time, each seeing what the one before did
        var done = new CountDownLatch(1);

        IntStream.range(0, KeyedExecutor.WAITING_MAX).forEach(i -> assertThat(executor.execute("a", () -> ran.add(i)))
                .isTrue());
        executor.execute("a", done::countDown);

        done.await();
        assertThat(ran)
                .isEqualTo(IntStream.range(0, KeyedExecutor.WAITING_MAX).boxed().toList());
    }

    @Test
    void execute_oneKeyHeldUp_othersGoOnAndItsQueueIsBounded() throws Exception {
        var release = new CountDownLatch(1);
        var other = new CountDownLatch(1);
        var last = new CountDownLatch(1);
        executor.execute("a", () -> await(release));

        assertThat(executor.execute("b", other::countDown)).isTrue();
        other.await();
        for (int i = 1; i < KeyedExecutor.WAITING_MAX; i++) {
            assertThat(executor.execute("a", () -> {})).isTrue();
        }
        assertThat(executor.execute("a", last::countDown)).isTrue();
        assertThat(executor.execute("a", () -> {})).isFalse();

        release.countDown();
        last.await();
    }

    @Test
    void execute_taskFails_thoseBehindItRun() throws Exception {
        var done = new CountDownLatch(1);
        var release = new CountDownLatch(1);

        executor.execute("a", () -> {
            Thread.currentThread().setUncaughtExceptionHandler((_, _) -> {}); // a failure that the test wants
            await(release);
            throw new IllegalStateException("wanted");
        });
        executor.execute("a", done::countDown);
        release.countDown();

        done.await();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

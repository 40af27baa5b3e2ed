package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EpochGuardTest {
    private final AtomicInteger reads = new AtomicInteger();
    private OptionalLong lease = OptionalLong.of(5);
    private final EpochGuard guard = new EpochGuard(() -> {
        reads.incrementAndGet();
        return lease;
    });

    @Test
    void refusal_epochAboveTheLease_isRefusedAndTheLeaderStillObeyed() throws Exception {
        assertThat(refusal(guard, Long.MAX_VALUE)).contains("its lease has epoch 5");
        assertThat(refusal(guard, 5)).isEmpty();
    }

    @Test
    void refusal_leaseTakenByAnother_theFormerLeaderIsRefused() throws Exception {
        assertThat(refusal(guard, 5)).isEmpty();
        lease = OptionalLong.of(6);

        assertThat(refusal(guard, 6)).isEmpty();
        assertThat(refusal(guard, 5)).contains("superseded by 6");
    }

    @Test
    void refusal_epochSeenBefore_needsNoReading() throws Exception {
        assertThat(refusal(guard, 5)).isEmpty();
        assertThat(refusal(guard, 5)).isEmpty();

        assertThat(reads).hasValue(1);
    }

    @Test
    void refusal_noLease_isRefused() throws Exception {
        lease = OptionalLong.empty();

        assertThat(refusal(guard, 1)).contains("does not exist");
    }

    @Test
    void refusal_storeAway_saysSo() throws Exception {
        var away = new EpochGuard(() -> {
            throw new TransportException(new TransportFailure.Disconnected("store", false));
        });

        assertThat(refusal(away, 1)).contains("lease cannot be read").contains("send it again");
    }

    @Test
    void refusal_storeThatNeverAnswers_endsInTimeAndInterruptsTheReading() throws Exception {
        var interrupted = new CountDownLatch(1);
        var silent = new EpochGuard(
                () -> {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                    }
                    return OptionalLong.of(1);
                },
                Duration.ofMillis(20));

        assertThat(refusal(silent, 1)).contains("no answer within 20 ms");
        interrupted.await();
    }

    private static String refusal(EpochGuard guard, long epoch) throws InterruptedException {
        var message = new Message("x", Map.of(ControlRequests.EPOCH_HEADER, Long.toString(epoch)), new byte[0]);
        return guard.refusal(message).map(ControlReply::message).orElse("");
    }
}

package dev.trellis.host.wasi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.model.EntityId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class WaitTest {
    private final WasiCall call = new WasiCall(
            new EntityId("actor"), ActorLimits.DEFAULTS, new NoServices(), null, Deadline.in(Duration.ofSeconds(20)));

    /** Ready after it was asked so many times; says when it is asked. */
    private static final class Later implements Pollable {
        private final AtomicInteger asked = new AtomicInteger();
        private final int readyAt;
        private final Runnable whenAsked;

        Later(int readyAt, Runnable whenAsked) {
            this.readyAt = readyAt;
            this.whenAsked = whenAsked;
        }

        @Override
        public boolean ready() {
            whenAsked.run();
            return asked.incrementAndGet() >= readyAt;
        }
    }

    @Test
    void await_wokenFromAnotherThread_looksAgain() throws InterruptedException {
        Later later = new Later(50, () -> Thread.ofVirtual().start(call.waker()::wake));
        call.await(later);
        assertThat(later.asked).hasValue(50);
    }

    @Test
    void await_ofSeveral_endsWithTheFirstByTime() throws InterruptedException {
        Pollable never = () -> false;
        call.await(List.of(
                never, new WasiClocks.Timer(System.nanoTime() + 2_000_000), new WasiClocks.Timer(Pollable.NEVER)));
    }

    @Test
    void await_readyAlready_runsNothingBefore() throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        Runnable action = runs::incrementAndGet;
        call.beforeWait(action);
        call.await(() -> true);
        assertThat(runs).hasValue(0);

        call.await(new WasiClocks.Timer(System.nanoTime() + 1_000_000));
        assertThat(runs).hasValue(1);

        call.notBeforeWait(action);
        call.await(new WasiClocks.Timer(System.nanoTime() + 1_000_000));
        assertThat(runs).hasValue(1);
    }

    @Test
    void await_beforeWait_mayMakeItReady() throws InterruptedException {
        boolean[] sent = {false};
        call.beforeWait(() -> {
            sent[0] = true;
            call.waker().wake();
        });
        call.await(() -> sent[0]);
        assertThat(sent[0]).isTrue();
    }

    @Test
    void await_interrupted_ends() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> call.await(() -> true));
        Thread guest = Thread.currentThread();
        Later waiting = new Later(Integer.MAX_VALUE, () -> Thread.ofVirtual().start(guest::interrupt));
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> call.await(waiting));
    }

    /** A stream that gives what is put, one piece per read; an empty piece ends it, "!" fails it. */
    private static final class Pieces extends InputStream {
        private final LinkedBlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();

        @Override
        public int read() {
            throw new UnsupportedOperationException("read by pieces only");
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            try {
                byte[] piece = pieces.take();
                if (piece.length == 0) {
                    return -1;
                }
                if (piece[0] == '!') {
                    throw new IOException("broken");
                }
                System.arraycopy(piece, 0, into, offset, piece.length);
                return piece.length;
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        void put(String text) {
            pieces.add(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private String read(GuestInput input, int max) throws StreamException, InterruptedException {
        call.await(input);
        return new String(input.read(max), StandardCharsets.UTF_8);
    }

    @Test
    void processInput_comesAsItIsTyped_andEnds() throws Exception {
        Pieces typed = new Pieces();
        ThreadedInput input = new ThreadedInput(typed, call.waker());
        assertThat(input.ready()).isFalse();
        assertThat(input.read(10)).isEmpty();

        typed.put("abcdef");
        List<String> parts = new ArrayList<>();
        parts.add(read(input, 4));
        parts.add(read(input, 4));
        assertThat(parts).containsExactly("abcd", "ef");
        assertThat(input.ready()).isFalse();

        typed.put("");
        call.await(input);
        assertThatExceptionOfType(StreamException.class)
                .isThrownBy(() -> input.read(1))
                .satisfies(e -> assertThat(e.error()).isEmpty());
        assertThatExceptionOfType(StreamException.class).isThrownBy(() -> input.read(1));
    }

    @Test
    void processInput_thatBreaks_failsOnceAndIsClosedThen() throws Exception {
        Pieces typed = new Pieces();
        ThreadedInput input = new ThreadedInput(typed, call.waker());
        typed.put("!");
        call.await(input);
        assertThatExceptionOfType(StreamException.class)
                .isThrownBy(() -> input.read(1))
                .satisfies(e -> assertThat(e.error()).isPresent());
        assertThatExceptionOfType(StreamException.class)
                .isThrownBy(() -> input.read(1))
                .satisfies(e -> assertThat(e.error()).isEmpty());
    }
}

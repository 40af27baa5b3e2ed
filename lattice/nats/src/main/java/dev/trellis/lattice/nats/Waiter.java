package dev.trellis.lattice.nats;

import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.TransportFailure;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A request that waits for one or several replies. */
final class Waiter {
    /** What it is told. */
    sealed interface Answer {
        /** A message as it came. */
        record Raw(io.nats.client.Message message) implements Answer {}

        /** A message that came in chunks. */
        record Whole(Message message) implements Answer {}

        /** There will be no reply. */
        record Failed(TransportFailure failure) implements Answer {}
    }

    private final String subject;
    private final BlockingQueue<Answer> answers;

    Waiter(String subject, int answersMax) {
        this.subject = subject;
        this.answers = new LinkedBlockingQueue<>(answersMax);
    }

    /** What was asked. */
    String subject() {
        return subject;
    }

    /** Adds an answer; one too many is dropped, since whoever takes the others has what it wants. */
    void answer(Answer answer) {
        boolean _ = answers.offer(answer);
    }

    /** The next answer, or null after {@code nanos}. */
    @Nullable
    Answer take(long nanos) throws InterruptedException {
        return answers.poll(nanos, TimeUnit.NANOSECONDS);
    }
}

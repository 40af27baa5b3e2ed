package dev.trellis.host.node;

import akka.actor.typed.javadsl.ActorContext;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Does what may block outside a behaviour's mailbox, each within a time, and sends what came of it back as a message.
 * Used from the behaviour only.
 *
 * @param <C> messages of the behaviour
 */
final class BoundedWork<C> {
    private final ActorContext<C> context;
    private final Executor threads;
    private final Function<Overdue<C>, ? extends C> overdueMessage;

    /** The bound of {@code task} is over; if it has not ended, it fails now with {@code error}. */
    record Overdue<C>(BoundedTask task, Function<Throwable, ? extends C> failed, OverdueException error) {}

    /** It took longer than it may. */
    static final class OverdueException extends Exception {
        private static final long serialVersionUID = 1L;

        OverdueException(String message) {
            super(message, null, false, false);
        }
    }

    /** @param overdueMessage wraps an {@link Overdue} as a message, upon which the behaviour has the task {@linkplain BoundedTask#expire expire} and tells itself
     *     that it failed */
    BoundedWork(ActorContext<C> context, Executor threads, Function<Overdue<C>, ? extends C> overdueMessage) {
        this.context = context;
        this.threads = threads;
        this.overdueMessage = overdueMessage;
    }

    /**
     * Does {@code work} on a thread of its own. After {@code max} the thread is interrupted and the failure told; what
     * comes of the work after all is told as well, once {@code late} has freed it.
     */
    <T> void start(
            BoundedTask task,
            Duration max,
            Callable<T> work,
            Consumer<T> late,
            Function<T, ? extends C> done,
            Function<Throwable, ? extends C> failed) {
        var overdue = new OverdueException("did not answer within " + max.toSeconds() + " s");
        context.scheduleOnce(max, context.getSelf(), overdueMessage.apply(new Overdue<>(task, failed, overdue)));
        CompletionStage<T> result = CompletableFuture.supplyAsync(
                () -> {
                    task.begin();
                    boolean inTime = true;
                    T value;
                    try {
                        value = work.call();
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    } finally {
                        inTime = task.end();
                    }
                    if (!inTime) {
                        late.accept(value);
                    }
                    return value;
                },
                threads);
        context.pipeToSelf(
                result, (value, error) -> error == null ? done.apply(value) : failed.apply(unwrapped(error)));
    }

    private static Throwable unwrapped(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }
}

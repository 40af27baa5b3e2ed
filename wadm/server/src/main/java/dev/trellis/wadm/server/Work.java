package dev.trellis.wadm.server;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;

/** Blocking work beside a behaviour: runs on a virtual thread and ends in a stage for {@code pipeToSelf}. */
final class Work {
    private Work() {}

    interface Blocking<T> {
        T run() throws Exception;
    }

    /** The outcome of {@code blocking}; what it throws fails the stage. */
    static <T> CompletionStage<T> on(ExecutorService io, Blocking<T> blocking) {
        var done = new CompletableFuture<T>();
        try {
            io.execute(() -> {
                try {
                    done.complete(blocking.run());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    done.completeExceptionally(e);
                } catch (Exception e) {
                    done.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            done.completeExceptionally(e); // the controller is closing
        }
        return done;
    }

    /** What happened, for people. */
    static String message(Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}

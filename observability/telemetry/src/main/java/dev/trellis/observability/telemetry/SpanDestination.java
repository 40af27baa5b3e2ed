package dev.trellis.observability.telemetry;

import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;

/**
 * Where finished spans go, and how many may wait to get there.
 *
 * @param name for people, such as the address of a collector
 * @param exporter called by one thread; owned and shut down by the {@link Telemetry} that it is given to
 * @param filter which spans are taken at all; the others count as dropped
 * @param queueMax spans that wait; one more is dropped and counted
 * @param batchMax spans handed to the exporter at once
 * @param delay time that a span waits at most for others to go with
 * @param exportMax time after which an export counts as failed
 */
public record SpanDestination(
        String name,
        SpanExporter exporter,
        Filter filter,
        int queueMax,
        int batchMax,
        Duration delay,
        Duration exportMax) {
    /** Chooses spans. Called by the threads that end them: must be fast, and safe for concurrent use. */
    @FunctionalInterface
    public interface Filter {
        /** Takes everything. */
        Filter ALL = _ -> true;

        /** Whether {@code span}, which has ended, is to be exported. */
        boolean takes(ActiveSpan span);
    }

    public SpanDestination {
        if (queueMax < 1 || batchMax < 1 || batchMax > queueMax) {
            throw new IllegalArgumentException(
                    "a batch has at least 1 span and at most as many as may wait: batch %d, queue %d"
                            .formatted(batchMax, queueMax));
        }
    }
}

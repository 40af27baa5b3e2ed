package dev.trellis.observability.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Keeps what is exported; may refuse, or be stuck until it is let go. */
final class RecordingExporter implements SpanExporter {
    final List<SpanData> spans = new CopyOnWriteArrayList<>();
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch released;
    volatile boolean refusing;

    RecordingExporter(boolean stuck) {
        released = new CountDownLatch(stuck ? 1 : 0);
    }

    SpanDestination destination(int queueMax, int batchMax) {
        return new SpanDestination(
                "a test",
                this,
                SpanDestination.Filter.ALL,
                queueMax,
                batchMax,
                Duration.ofMillis(5),
                Duration.ofSeconds(1));
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> batch) {
        entered.countDown();
        try {
            released.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (refusing) {
            return CompletableResultCode.ofFailure();
        }
        spans.addAll(batch);
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }
}

package dev.trellis.observability.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finished spans on their way to one destination, and the thread that takes them there. Threads that end spans never
 * wait: what does not fit is dropped and counted. A destination that fails is told of once, and once when it is back.
 */
final class SpanQueue {
    /** Time that {@link #close} gives what still waits. */
    static final Duration CLOSE_MAX = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(SpanQueue.class);

    private final SpanDestination destination;
    private final Resource resource;
    private final ConcurrentLinkedQueue<ActiveSpan> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();
    private final LongAdder dropped = new LongAdder();
    private final Thread worker;
    private volatile boolean closed;
    private boolean failing;

    SpanQueue(SpanDestination destination, Resource resource) {
        this.destination = destination;
        this.resource = resource;
        this.worker = Thread.ofPlatform().daemon().name("spans").start(this::work);
    }

    /** Takes a span that has ended, or drops it. Never blocks. */
    void offer(ActiveSpan span) {
        if (!destination.filter().takes(span)) {
            dropped.increment();
            return;
        }
        int now = count.incrementAndGet();
        if (now > destination.queueMax()) {
            count.decrementAndGet();
            dropped.increment();
            return;
        }
        waiting.add(span);
        if (now == destination.batchMax()) {
            LockSupport.unpark(worker);
        }
    }

    /** Spans that were not exported, for whatever reason. */
    long dropped() {
        return dropped.sum();
    }

    String name() {
        return destination.name();
    }

    private void work() {
        var batch = new ArrayList<SpanData>(destination.batchMax());
        while (true) {
            boolean last = closed;
            if (!last && count.get() < destination.batchMax()) {
                LockSupport.parkNanos(this, destination.delay().toNanos());
            }
            long offset = Telemetry.epochOffsetNanos();
            while (drain(batch, offset)) {
                export(batch);
                batch.clear();
            }
            if (last) {
                return;
            }
        }
    }

    private boolean drain(List<SpanData> batch, long epochOffsetNanos) {
        while (batch.size() < destination.batchMax()) {
            ActiveSpan span = waiting.poll();
            if (span == null) {
                break;
            }
            count.decrementAndGet();
            batch.add(new FinishedSpan(span, resource, epochOffsetNanos));
        }
        return !batch.isEmpty();
    }

    private void export(List<SpanData> batch) {
        try {
            CompletableResultCode result = destination.exporter().export(List.copyOf(batch));
            result.join(destination.exportMax().toMillis(), TimeUnit.MILLISECONDS);
            if (result.isSuccess()) {
                worked();
            } else {
                Throwable cause = result.getFailureThrowable();
                failed(batch.size(), cause == null ? "no answer in time, or a refusal" : String.valueOf(cause));
            }
        } catch (RuntimeException e) {
            failed(batch.size(), e.toString());
        }
    }

    private void worked() {
        if (failing) {
            failing = false;
            log.info("Spans reach {} again; {} were dropped so far", destination.name(), dropped());
        }
    }

    private void failed(int spans, String reason) {
        dropped.add(spans);
        if (!failing) {
            failing = true;
            log.warn("Spans do not reach {} and are dropped until they do: {}", destination.name(), reason);
        }
    }

    /** Exports what waits, for at most {@link #CLOSE_MAX}, and ends. */
    void close() {
        closed = true;
        LockSupport.unpark(worker);
        try {
            if (!worker.join(CLOSE_MAX)) {
                log.debug("Spans for {} were still waiting at the end", destination.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        destination.exporter().shutdown();
    }
}

package dev.trellis.observability.telemetry;

import dev.trellis.lattice.model.TraceContext;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.resources.Resource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes spans and takes the finished ones to their destinations. Safe for concurrent use. Whoever makes spans is never
 * held up: what a destination cannot take in time is dropped and counted.
 */
public final class Telemetry implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Telemetry.class);
    private static final Telemetry OFF = new Telemetry(Sampling.ALL, List.of(), Meters.OFF);

    private final Sampling sampling;
    private final SpanQueue[] queues;
    private final Meters meters;

    private Telemetry(Sampling sampling, List<SpanQueue> queues, Meters meters) {
        this.sampling = sampling;
        this.queues = queues.toArray(SpanQueue[]::new);
        this.meters = meters;
    }

    /** One that records nothing; trace contexts are passed on all the same. */
    public static Telemetry off() {
        return OFF;
    }

    /**
     * Starts recording as {@code settings} say.
     *
     * @param more destinations beside the collector that the settings may name; closed with this
     */
    public static Telemetry start(TelemetrySettings settings, TelemetrySource source, List<SpanDestination> more) {
        settings.unsupported().forEach(name -> log.warn("{} is set but Trellis does not support it", name));
        if (settings.disabled()) {
            more.forEach(destination -> destination.exporter().shutdown());
            return OFF;
        }
        Resource resource = resource(settings, source);
        var queues = new ArrayList<SpanQueue>();
        more.forEach(destination -> queues.add(new SpanQueue(destination, resource)));
        settings.traces().ifPresent(target -> {
            queues.add(new SpanQueue(Otlp.spans(target, settings.batching()), resource));
            log.info("Spans go to the collector at {}", target.endpoint());
        });
        var kept = List.copyOf(queues);
        Meters meters = settings.metrics()
                .map(target -> {
                    log.info("Metrics go to the collector at {}", target.endpoint());
                    return Meters.exporting(
                            Otlp.metrics(target), settings.metricInterval(), resource, () -> dropped(kept));
                })
                .orElse(Meters.OFF);
        return new Telemetry(settings.sampling(), kept, meters);
    }

    private static Resource resource(TelemetrySettings settings, TelemetrySource source) {
        AttributesBuilder attributes = Attributes.builder();
        settings.resource().forEach(attributes::put);
        attributes
                .put(TelemetryNames.SERVICE_NAME, settings.serviceName())
                .put(TelemetryNames.SERVICE_VERSION, source.version())
                .put(TelemetryNames.SERVICE_INSTANCE, source.host().value())
                .put(TelemetryNames.LATTICE, source.lattice().value())
                .put(TelemetryNames.HOST_ID, source.host().value())
                .put(TelemetryNames.HOST_NAME, source.hostName())
                .put(TelemetryNames.SITE, source.site());
        return Resource.create(attributes.build());
    }

    /** Begins a span of a trace. */
    public ActiveSpan child(SpanKind kind, String name, TraceContext parent) {
        return new ActiveSpan(this, kind, name, parent);
    }

    /** Begins a span that is the first of its trace. */
    public ActiveSpan root(SpanKind kind, String name) {
        return new ActiveSpan(this, kind, name, null);
    }

    /** Whether there is anybody who reads spans. */
    public boolean recording() {
        return queues.length > 0;
    }

    /** Counts and measures. */
    public Meters meters() {
        return meters;
    }

    /** Spans not exported so far, by destination. */
    public Map<String, Long> dropped() {
        return dropped(List.of(queues));
    }

    private static Map<String, Long> dropped(List<SpanQueue> queues) {
        var dropped = new LinkedHashMap<String, Long>();
        queues.forEach(queue -> dropped.put(queue.name(), queue.dropped()));
        return dropped;
    }

    /** The context of a span under {@code parent}; one that nobody records has no context of its own. */
    TraceContext contextUnder(@Nullable TraceContext parent) {
        if (parent == null) {
            TraceContext root = TraceContext.root();
            return recording() && sampling.root(root.traceLow()) ? root : root.unsampled();
        }
        if (!recording() || !sampling.child(parent.sampled(), parent.traceLow())) {
            return parent;
        }
        long span = ThreadLocalRandom.current().nextLong() | 1;
        return new TraceContext(parent.traceHigh(), parent.traceLow(), span, true, parent.state());
    }

    void ended(ActiveSpan span) {
        for (SpanQueue queue : queues) {
            queue.offer(span);
        }
    }

    /** What to add to {@link System#nanoTime()} for the time since 1970. */
    static long epochOffsetNanos() {
        return TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - System.nanoTime();
    }

    /** Exports what waits, for a bounded time, and ends. */
    @Override
    public void close() {
        for (SpanQueue queue : queues) {
            queue.close();
        }
        meters.close();
    }
}

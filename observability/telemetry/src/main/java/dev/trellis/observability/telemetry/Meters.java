package dev.trellis.observability.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts and measures of a host; see {@link TelemetryNames} for the metrics. Safe for concurrent use. Where no collector
 * is set, everything here does nothing. Of each attribute at most {@value #VALUES_MAX} combinations are kept apart;
 * further ones are counted as {@value #OTHER}.
 */
public final class Meters implements AutoCloseable {
    /** Combinations of target, contract, transport and error that are kept apart. */
    static final int VALUES_MAX = 1000;

    static final String OTHER = "other";
    static final Meters OFF = new Meters(null, Map::of);

    private static final List<Double> BUCKETS_SECONDS = List.of(
            0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1,
            0.25, 0.5, 1.0, 2.5, 5.0, 10.0);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(2);
    private static final Call OTHER_CALL = new Call(OTHER, OTHER, OTHER, OTHER);

    private final @Nullable SdkMeterProvider provider;
    private final @Nullable Meter meter;
    private final @Nullable DoubleHistogram calls;
    private final @Nullable LongCounter borrowed;
    private final @Nullable LongCounter discarded;
    private final Map<Call, Attributes> combinations = new ConcurrentHashMap<>();
    private final Attributes pooled = Attributes.of(TelemetryNames.INSTANCE, "pooled");
    private final Attributes fresh = Attributes.of(TelemetryNames.INSTANCE, "new");

    private record Call(String target, String contract, String transport, String error) {}

    private Meters(@Nullable SdkMeterProvider provider, Supplier<Map<String, Long>> droppedSpans) {
        this.provider = provider;
        if (provider == null) {
            meter = null;
            calls = null;
            borrowed = null;
            discarded = null;
            return;
        }
        Meter made = provider.get(TelemetryNames.SCOPE);
        meter = made;
        calls = made.histogramBuilder(TelemetryNames.CALL_DURATION)
                .setUnit("s")
                .setDescription("Calls of actors and providers, as their caller sees them")
                .setExplicitBucketBoundariesAdvice(BUCKETS_SECONDS)
                .build();
        borrowed = made.counterBuilder(TelemetryNames.POOL_BORROWED)
                .setUnit("{call}")
                .setDescription("Calls by the instance they got, pooled or new")
                .build();
        discarded = made.counterBuilder(TelemetryNames.POOL_DISCARDED)
                .setUnit("{instance}")
                .setDescription("Instances thrown away after a call, because it broke them")
                .build();
        made.counterBuilder(TelemetryNames.SPANS_DROPPED)
                .setUnit("{span}")
                .setDescription("Spans that were not exported")
                .buildWithCallback(measurement -> droppedSpans
                        .get()
                        .forEach((name, count) ->
                                measurement.record(count, Attributes.of(TelemetryNames.DESTINATION, name))));
    }

    static Meters exporting(
            MetricExporter exporter, Duration interval, Resource resource, Supplier<Map<String, Long>> droppedSpans) {
        return new Meters(
                SdkMeterProvider.builder()
                        .setResource(resource)
                        .registerMetricReader(PeriodicMetricReader.builder(exporter)
                                .setInterval(interval)
                                .build())
                        .build(),
                droppedSpans);
    }

    /** Whether anybody reads what is measured. */
    public boolean on() {
        return provider != null;
    }

    /**
     * Counts a call that is over.
     *
     * @param error kind of its failure; empty if it has none
     */
    public void call(String target, String contract, String transport, String error, long nanos) {
        if (calls != null) {
            calls.record(nanos / 1e9, attributes(new Call(target, contract, transport, error)));
        }
    }

    /** A call got an instance. */
    public void borrowed(boolean wasPooled) {
        if (borrowed != null) {
            borrowed.add(1, wasPooled ? pooled : fresh);
        }
    }

    /** An instance was thrown away after a call. */
    public void discarded() {
        if (discarded != null) {
            discarded.add(1);
        }
    }

    /** Reads {@code value} whenever metrics are exported. */
    public void gauge(String name, String description, LongSupplier value) {
        if (meter != null) {
            meter.gaugeBuilder(name)
                    .ofLongs()
                    .setDescription(description)
                    .buildWithCallback(measurement -> measurement.record(value.getAsLong()));
        }
    }

    /** Reads values by what is {@link TelemetryNames#PLACE}, whenever metrics are exported. */
    public void gauge(String name, String description, Supplier<Map<String, Long>> values) {
        if (meter != null) {
            meter.gaugeBuilder(name).ofLongs().setDescription(description).buildWithCallback(measurement -> values.get()
                    .forEach((place, value) -> measurement.record(value, Attributes.of(TelemetryNames.PLACE, place))));
        }
    }

    private Attributes attributes(Call call) {
        Attributes known = combinations.get(call);
        if (known != null) {
            return known;
        }
        Call counted = combinations.size() < VALUES_MAX ? call : OTHER_CALL;
        return combinations.computeIfAbsent(counted, Meters::attributesOf);
    }

    private static Attributes attributesOf(Call call) {
        var builder = Attributes.builder()
                .put(TelemetryNames.TARGET, call.target())
                .put(TelemetryNames.CONTRACT, call.contract())
                .put(TelemetryNames.TRANSPORT, call.transport());
        if (!call.error().isEmpty()) {
            builder.put(TelemetryNames.ERROR_TYPE, call.error());
        }
        return builder.build();
    }

    /** Exports once more, for a bounded time, and ends. */
    @Override
    public void close() {
        if (provider != null) {
            provider.shutdown().join(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}

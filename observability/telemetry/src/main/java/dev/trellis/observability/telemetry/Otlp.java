package dev.trellis.observability.telemetry;

import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import java.util.logging.Level;
import java.util.logging.Logger;

/** OpenTelemetry's own exporters: OTLP over HTTP, protobuf. */
final class Otlp {
    /** Held, since loggers that nobody holds are made anew with their own level. */
    private static final Logger EXPORTERS = Logger.getLogger("io.opentelemetry.exporter");

    static {
        EXPORTERS.setLevel(Level.OFF); // they tell of every failed export; SpanQueue tells once
    }

    private Otlp() {}

    static SpanDestination spans(TelemetrySettings.Target target, TelemetrySettings.Batching batching) {
        var builder = OtlpHttpSpanExporter.builder()
                .setEndpoint(target.endpoint().toString())
                .setTimeout(target.timeout())
                .setConnectTimeout(target.timeout())
                .setRetryPolicy(null)
                .setCompression(target.gzip() ? "gzip" : "none");
        target.headers().forEach(builder::addHeader);
        return new SpanDestination(
                target.endpoint().toString(),
                builder.build(),
                SpanDestination.Filter.ALL,
                batching.queueMax(),
                batching.batchMax(),
                batching.delay(),
                batching.exportMax());
    }

    static MetricExporter metrics(TelemetrySettings.Target target) {
        var builder = OtlpHttpMetricExporter.builder()
                .setEndpoint(target.endpoint().toString())
                .setTimeout(target.timeout())
                .setConnectTimeout(target.timeout())
                .setRetryPolicy(null)
                .setCompression(target.gzip() ? "gzip" : "none");
        target.headers().forEach(builder::addHeader);
        return builder.build();
    }
}

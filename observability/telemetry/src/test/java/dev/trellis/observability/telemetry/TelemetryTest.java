package dev.trellis.observability.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.TraceContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class TelemetryTest {
    private static final TelemetrySource SOURCE =
            new TelemetrySource(LatticeName.DEFAULT, new HostId("NHOST"), "edge", "edge-1", "1");

    private final RecordingExporter exporter = new RecordingExporter(false);

    private Telemetry start(Map<String, String> environment) {
        return Telemetry.start(TelemetrySettings.of(environment), SOURCE, List.of(exporter.destination(1000, 10)));
    }

    @Test
    void spans_ofOneTrace_areExportedWithTheirParentsAndTheHost() {
        TraceContext context;
        try (Telemetry telemetry = start(Map.of())) {
            try (ActiveSpan root = telemetry.root(SpanKind.SERVER, "GET")) {
                context = root.context();
                try (ActiveSpan child = telemetry.child(SpanKind.CLIENT, "SET", root.context())) {
                    child.note(TelemetryNames.DB_SYSTEM, "redis").note(TelemetryNames.DB_ROWS, 3);
                    child.fail("Unavailable", "not there");
                }
            }
        }

        assertThat(exporter.spans).extracting(SpanData::getName).containsExactly("SET", "GET");
        SpanData child = exporter.spans.getFirst();
        SpanData root = exporter.spans.getLast();
        assertThat(root.getTraceId()).isEqualTo(context.traceId());
        assertThat(root.getParentSpanContext().isValid()).isFalse();
        assertThat(child.getParentSpanId()).isEqualTo(root.getSpanId());
        assertThat(child.getKind()).isEqualTo(SpanKind.CLIENT);
        assertThat(child.getAttributes().get(TelemetryNames.DB_SYSTEM)).isEqualTo("redis");
        assertThat(child.getAttributes().get(TelemetryNames.DB_ROWS)).isEqualTo(3);
        assertThat(child.getAttributes().get(TelemetryNames.ERROR_TYPE)).isEqualTo("Unavailable");
        assertThat(child.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(root.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(child.getStartEpochNanos())
                .isGreaterThanOrEqualTo(root.getStartEpochNanos() - 1)
                .isLessThanOrEqualTo(child.getEndEpochNanos());
        assertThat(root.getResource().getAttribute(TelemetryNames.HOST_NAME)).isEqualTo("edge");
        assertThat(root.getResource().getAttribute(TelemetryNames.SITE)).isEqualTo("edge-1");
        assertThat(root.getResource().getAttribute(TelemetryNames.SERVICE_NAME)).isEqualTo("trellis");
    }

    @Test
    void span_callerDoesNotRecord_isNotRecordedAndPassesTheContextOn() {
        var caller = TraceContext.root().unsampled();
        try (Telemetry telemetry = start(Map.of());
                ActiveSpan span = telemetry.child(SpanKind.SERVER, "GET", caller)) {
            assertThat(span.recorded()).isFalse();
            assertThat(span.context()).isEqualTo(caller);
        }
        assertThat(exporter.spans).isEmpty();
    }

    @Test
    void span_samplerIsOff_isNotRecordedAndSaysSo() {
        try (Telemetry telemetry = start(Map.of("OTEL_TRACES_SAMPLER", "always_off"));
                ActiveSpan span = telemetry.root(SpanKind.SERVER, "GET")) {
            assertThat(span.context().sampled()).isFalse();
        }
        assertThat(exporter.spans).isEmpty();
    }

    @Test
    void span_disabled_isNotRecorded() {
        try (Telemetry telemetry = start(Map.of("OTEL_SDK_DISABLED", "true"));
                ActiveSpan span = telemetry.root(SpanKind.SERVER, "GET")) {
            assertThat(span.recorded()).isFalse();
            assertThat(telemetry.recording()).isFalse();
        }
    }

    @Test
    void sampler_ratio_choosesThatShareByTheTraceId() {
        var half = new Sampling(true, 0.5);
        int chosen = 0;
        for (int i = 0; i < 10_000; i++) {
            chosen += half.root(TraceContext.root().traceLow()) ? 1 : 0;
        }
        assertThat(chosen).isBetween(4_500, 5_500);
    }

    @Test
    void span_hugeTextsAndTooManyNotes_areCut() {
        try (Telemetry telemetry = start(Map.of());
                ActiveSpan span = telemetry.root(SpanKind.INTERNAL, "work")) {
            span.note(TelemetryNames.DB_QUERY, "x".repeat(1 << 20));
            for (int i = 0; i < 10_000; i++) {
                span.note(TelemetryNames.DB_ROWS, i);
            }
        }
        SpanData span = exporter.spans.getFirst();
        assertThat(span.getAttributes().get(TelemetryNames.DB_QUERY)).hasSize(ActiveSpan.TEXT_LENGTH_MAX);
        assertThat(span.getAttributes().size()).isLessThanOrEqualTo(ActiveSpan.ATTRIBUTES_MAX);
    }

    @Test
    void queue_exporterIsStuck_dropsAndCountsWithoutWaiting() throws InterruptedException {
        var stuck = new RecordingExporter(true);
        Telemetry telemetry = Telemetry.start(TelemetrySettings.defaults(), SOURCE, List.of(stuck.destination(10, 1)));
        try {
            telemetry.root(SpanKind.INTERNAL, "first").end();
            assertThat(stuck.entered.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 100; i++) {
                telemetry.root(SpanKind.INTERNAL, "more").end();
            }
            assertThat(telemetry.dropped()).isEqualTo(Map.of("a test", 90L));
        } finally {
            stuck.released.countDown();
            telemetry.close();
        }
        assertThat(stuck.spans).hasSize(11);
    }

    @Test
    void queue_exporterFails_isToldOnceAndSpansAreCounted() {
        exporter.refusing = true;
        var lines = new ListAppender<ILoggingEvent>();
        var logger = (Logger) LoggerFactory.getLogger(SpanQueue.class);
        lines.start();
        logger.addAppender(lines);
        Telemetry telemetry = start(Map.of());
        for (int i = 0; i < 100; i++) {
            telemetry.root(SpanKind.INTERNAL, "lost").end();
        }
        telemetry.close();
        logger.detachAppender(lines);

        assertThat(telemetry.dropped()).isEqualTo(Map.of("a test", 100L));
        assertThat(lines.list).filteredOn(line -> line.getLevel() == Level.WARN).hasSize(1);
    }
}

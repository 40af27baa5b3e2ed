package dev.trellis.observability.telemetry;

import dev.trellis.lattice.model.TraceContext;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A span that has ended, as OpenTelemetry's exporters read it. */
final class FinishedSpan implements SpanData {
    private static final InstrumentationScopeInfo SCOPE = InstrumentationScopeInfo.create(TelemetryNames.SCOPE);

    private final ActiveSpan span;
    private final Resource resource;
    private final SpanContext context;
    private final SpanContext parent;
    private final Attributes attributes;
    private final StatusData status;
    private final long startEpochNanos;
    private final long endEpochNanos;

    FinishedSpan(ActiveSpan span, Resource resource, long epochOffsetNanos) {
        this.span = span;
        this.resource = resource;
        this.context = Propagation.toOpenTelemetry(span.context());
        TraceContext above = span.parent();
        this.parent = above == null ? SpanContext.getInvalid() : Propagation.toOpenTelemetry(above);
        var builder = Attributes.builder();
        span.attributes(builder);
        this.attributes = builder.build();
        this.status = span.failed() ? StatusData.create(StatusCode.ERROR, span.failureMessage()) : StatusData.unset();
        this.startEpochNanos = epochOffsetNanos + span.startNanos();
        this.endEpochNanos = epochOffsetNanos + span.endNanos();
    }

    @Override
    public String getName() {
        return span.name();
    }

    @Override
    public SpanKind getKind() {
        return span.kind();
    }

    @Override
    public SpanContext getSpanContext() {
        return context;
    }

    @Override
    public SpanContext getParentSpanContext() {
        return parent;
    }

    @Override
    public StatusData getStatus() {
        return status;
    }

    @Override
    public long getStartEpochNanos() {
        return startEpochNanos;
    }

    @Override
    public long getEndEpochNanos() {
        return endEpochNanos;
    }

    @Override
    public Attributes getAttributes() {
        return attributes;
    }

    @Override
    public List<EventData> getEvents() {
        return List.of();
    }

    @Override
    public List<LinkData> getLinks() {
        return List.of();
    }

    @Override
    public boolean hasEnded() {
        return true;
    }

    @Override
    public int getTotalRecordedEvents() {
        return 0;
    }

    @Override
    public int getTotalRecordedLinks() {
        return 0;
    }

    @Override
    public int getTotalAttributeCount() {
        return attributes.size();
    }

    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester") // the interface still demands it
    public io.opentelemetry.sdk.common.InstrumentationLibraryInfo getInstrumentationLibraryInfo() {
        return io.opentelemetry.sdk.common.InstrumentationLibraryInfo.create(TelemetryNames.SCOPE, noVersion());
    }

    private static @Nullable String noVersion() {
        return null;
    }

    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
        return SCOPE;
    }

    @Override
    public Resource getResource() {
        return resource;
    }
}

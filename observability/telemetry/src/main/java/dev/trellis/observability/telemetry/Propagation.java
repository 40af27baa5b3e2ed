package dev.trellis.observability.telemetry;

import dev.trellis.lattice.model.TraceContext;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.TraceStateBuilder;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A trace context in and out of headers (W3C Trace Context), and to and from OpenTelemetry's form. */
public final class Propagation {
    private Propagation() {}

    /** The headers that carry {@code context}. */
    public static Map<String, String> inject(TraceContext context) {
        return context.state().isEmpty()
                ? Map.of(TraceContext.PARENT_HEADER, context.parent())
                : Map.of(TraceContext.PARENT_HEADER, context.parent(), TraceContext.STATE_HEADER, context.state());
    }

    /** The context that {@code headers} carry, by lower-case names; empty if there is none, or no valid one. */
    public static Optional<TraceContext> extract(Map<String, String> headers) {
        String parent = headers.get(TraceContext.PARENT_HEADER);
        return parent == null
                ? Optional.empty()
                : TraceContext.parse(parent, headers.getOrDefault(TraceContext.STATE_HEADER, ""));
    }

    /** {@code context} as OpenTelemetry has it. A state that is no W3C list of members is left out. */
    public static SpanContext toOpenTelemetry(TraceContext context) {
        return SpanContext.create(
                context.traceId(),
                HexFormat.of().toHexDigits(context.span()),
                context.sampled() ? TraceFlags.getSampled() : TraceFlags.getDefault(),
                state(context.state()));
    }

    /** {@code context} as Trellis has it; empty if it is not valid. */
    public static Optional<TraceContext> fromOpenTelemetry(SpanContext context) {
        if (!context.isValid()) {
            return Optional.empty();
        }
        var state = new StringBuilder();
        context.getTraceState().forEach((key, value) -> {
            state.append(state.isEmpty() ? "" : ",").append(key).append('=').append(value);
        });
        return Optional.of(new TraceContext(
                HexFormat.fromHexDigitsToLong(context.getTraceId(), 0, 16),
                HexFormat.fromHexDigitsToLong(context.getTraceId(), 16, 32),
                HexFormat.fromHexDigitsToLong(context.getSpanId()),
                context.isSampled(),
                state.toString()));
    }

    private static TraceState state(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return TraceState.getDefault();
        }
        TraceStateBuilder builder = TraceState.builder();
        String[] members = text.split(",", -1);
        for (int i = members.length - 1; i >= 0; i--) { // put() adds in front
            int equals = members[i].indexOf('=');
            if (equals > 0) {
                builder.put(
                        members[i].substring(0, equals).strip(),
                        members[i].substring(equals + 1).strip());
            }
        }
        return builder.build();
    }
}

package dev.trellis.observability.traces;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * A finished span as it is kept and shown.
 *
 * @param parentId empty for the first of a trace
 * @param error kind of the failure; empty if there is none
 * @param host name of the host that made it
 * @param attributes texts, numbers and booleans
 */
public record TraceSpan(
        String traceId,
        String spanId,
        String parentId,
        String name,
        String kind,
        long startEpochNanos,
        long durationNanos,
        String error,
        String errorMessage,
        String hostId,
        String host,
        String site,
        Map<String, Object> attributes) {
    private static final Pattern TRACE_ID = Pattern.compile("(?!0{32})[0-9a-f]{32}");
    private static final Pattern SPAN_ID = Pattern.compile("(?!0{16})[0-9a-f]{16}");

    public TraceSpan {
        if (!TRACE_ID.matcher(traceId).matches() || !SPAN_ID.matcher(spanId).matches()) {
            throw new IllegalArgumentException("ids of a span must be 32 and 16 hex digits, not all zero");
        }
        if (!parentId.isEmpty() && !SPAN_ID.matcher(parentId).matches()) {
            throw new IllegalArgumentException("the id of a parent must be 16 hex digits, not all zero");
        }
        if (startEpochNanos < 0 || durationNanos < 0 || startEpochNanos + durationNanos < 0) {
            throw new IllegalArgumentException("a span must begin after 1970 and end after it began");
        }
        attributes = Map.copyOf(attributes);
    }

    /** An attribute as text; empty if there is none. */
    public String text(String key) {
        Object value = attributes.get(key);
        return value == null ? "" : value.toString();
    }

    /** When it ended. */
    public long endEpochNanos() {
        return startEpochNanos + durationNanos;
    }

    public boolean failed() {
        return !error.isEmpty();
    }
}

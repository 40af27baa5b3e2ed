package dev.trellis.observability.traces;

import java.util.Map;

/** Spans for tests: ids are made of small numbers. */
final class Spans {
    private Spans() {}

    static String trace(int number) {
        return "%032x".formatted(number);
    }

    static TraceSpan span(int trace, int id, int parent, long start, long duration) {
        return span(trace, id, parent, start, duration, "");
    }

    static TraceSpan span(int trace, int id, int parent, long start, long duration, String error) {
        return new TraceSpan(
                trace(trace),
                "%016x".formatted(id),
                parent == 0 ? "" : "%016x".formatted(parent),
                "span-" + id,
                "internal",
                start,
                duration,
                error,
                "",
                "N1",
                "host",
                "site",
                Map.of("trellis.target", "app-actor"));
    }
}

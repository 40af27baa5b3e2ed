package dev.trellis.observability.traces;

import dev.trellis.observability.telemetry.TelemetryNames;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A trace in the order in which it is drawn: each span below its parent, those of one parent by their start.
 *
 * @param startEpochNanos of the earliest span
 * @param durationNanos to the end of the latest
 */
public record Waterfall(long startEpochNanos, long durationNanos, List<Row> rows) {
    /** Spans deeper than this are drawn at this depth. */
    static final int DEPTH_MAX = 64;

    public Waterfall {
        rows = List.copyOf(rows);
    }

    /**
     * One span.
     *
     * @param ancestorsLast for each depth from 1 on, whether the ancestor at that depth (at last the span itself) is the
     *     last of its siblings
     * @param offsetNanos from the start of the trace; clocks of hosts differ, so a child may seem to begin before its parent
     * @param orphan whether its parent has not arrived, or was not recorded
     */
    public record Row(TraceSpan span, List<Boolean> ancestorsLast, long offsetNanos, boolean orphan) {
        public Row {
            ancestorsLast = List.copyOf(ancestorsLast);
        }

        /** How many spans are above it. */
        public int depth() {
            return ancestorsLast.size();
        }
    }

    private record Pending(TraceSpan span, List<Boolean> ancestorsLast) {}

    /** The waterfall of {@code spans}, in any order; circles of parents are cut. */
    public static Waterfall of(List<TraceSpan> spans) {
        if (spans.isEmpty()) {
            return new Waterfall(0, 0, List.of());
        }
        long start = spans.stream().mapToLong(TraceSpan::startEpochNanos).min().orElse(0);
        long end = spans.stream().mapToLong(TraceSpan::endEpochNanos).max().orElse(0);
        Set<String> ids = new HashSet<>();
        spans.forEach(span -> ids.add(span.spanId()));
        Map<String, List<TraceSpan>> children = new HashMap<>();
        List<TraceSpan> tops = new ArrayList<>();
        var sorted = spans.stream()
                .sorted(Comparator.comparingLong(TraceSpan::startEpochNanos).thenComparing(TraceSpan::spanId))
                .toList();
        for (TraceSpan span : sorted) {
            if (ids.contains(span.parentId()) && !span.parentId().equals(span.spanId())) {
                children.computeIfAbsent(span.parentId(), _ -> new ArrayList<>())
                        .add(span);
            } else {
                tops.add(span);
            }
        }
        tops.sort(Comparator.comparing((TraceSpan span) -> !span.parentId().isEmpty())
                .thenComparingLong(TraceSpan::startEpochNanos));
        List<Row> rows = new ArrayList<>();
        Set<String> drawn = new HashSet<>();
        draw(tops, children, drawn, ids, start, rows);
        for (TraceSpan span : sorted) { // of a circle: nobody above it
            if (!drawn.contains(span.spanId())) {
                draw(List.of(span), children, drawn, ids, start, rows);
            }
        }
        return new Waterfall(start, end - start, rows);
    }

    private static void draw(
            List<TraceSpan> tops,
            Map<String, List<TraceSpan>> children,
            Set<String> drawn,
            Set<String> ids,
            long start,
            List<Row> rows) {
        Deque<Pending> pending = new ArrayDeque<>();
        for (int i = tops.size() - 1; i >= 0; i--) {
            pending.push(new Pending(tops.get(i), List.of()));
        }
        while (!pending.isEmpty()) {
            Pending next = pending.pop();
            TraceSpan span = next.span();
            if (!drawn.add(span.spanId())) {
                continue;
            }
            boolean orphan = !span.parentId().isEmpty() && !ids.contains(span.parentId());
            rows.add(new Row(span, next.ancestorsLast(), span.startEpochNanos() - start, orphan));
            List<TraceSpan> below = children.getOrDefault(span.spanId(), List.of());
            for (int i = below.size() - 1; i >= 0; i--) {
                List<Boolean> lasts = new ArrayList<>(next.ancestorsLast());
                if (lasts.size() < DEPTH_MAX) {
                    lasts.add(i == below.size() - 1);
                }
                pending.push(new Pending(below.get(i), lasts));
            }
        }
    }

    /** What a span is, in a line: {@code GET /orders 201}, {@code shop-orders HandleRequest}, {@code SELECT ...}. */
    public static String label(TraceSpan span) {
        String method = span.text(TelemetryNames.HTTP_METHOD.getKey());
        if (!method.isEmpty()) {
            String where = span.kind().equals("client")
                    ? span.text(TelemetryNames.SERVER_ADDRESS.getKey()) + span.text(TelemetryNames.URL_PATH.getKey())
                    : span.text(TelemetryNames.URL_PATH.getKey());
            return (method + " " + where + " " + span.text(TelemetryNames.HTTP_STATUS.getKey())).strip();
        }
        String statement = span.text(TelemetryNames.DB_QUERY.getKey());
        String store = span.text(TelemetryNames.DB_SYSTEM.getKey());
        return statement.isEmpty() ? (store + " " + span.name()).strip() : statement;
    }

    /** How a span's work was reached: {@code in-process}, {@code site}, {@code remote}; empty if that is not known. */
    public static String transport(TraceSpan span) {
        return span.text(TelemetryNames.TRANSPORT.getKey());
    }
}

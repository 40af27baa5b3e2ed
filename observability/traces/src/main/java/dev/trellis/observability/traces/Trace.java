package dev.trellis.observability.traces;

import java.util.List;

/**
 * A trace as far as its spans have arrived.
 *
 * @param spans in no order
 * @param left spans that were not kept because the trace has too many
 */
public record Trace(TraceSummary summary, List<TraceSpan> spans, int left) {
    public Trace {
        spans = List.copyOf(spans);
    }
}

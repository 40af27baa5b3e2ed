package dev.trellis.observability.traces;

import dev.trellis.observability.telemetry.TelemetryNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The recent traces of a lattice, in memory. Bounded by bytes, traces and age; at a bound the oldest go, those in which
 * something failed or was slow after the others, as long as they take no more than half of the room. A span comes twice:
 * the first counts. A span of a trace that is gone begins it anew. Safe for concurrent use.
 */
final class TraceStore {
    /** The bounds of a store. */
    record Limits(long bytesMax, int tracesMax, int spansPerTraceMax, Duration ageMax, Duration slow) {
        static final Limits DEFAULTS = new Limits(32 << 20, 10_000, 1000, Duration.ofHours(1), Duration.ofMillis(500));
    }

    private static final int SPAN_BYTES = 400;
    private static final int ATTRIBUTE_BYTES = 100;
    private static final String TARGET = TelemetryNames.TARGET.getKey();

    private final Limits limits;
    private final LongSupplier nanoTime;
    private final Shelf plain = new Shelf();
    private final Shelf notable = new Shelf();

    /** Traces in the order of their first spans. */
    private static final class Shelf {
        final Map<String, Entry> traces = new LinkedHashMap<>();
        long bytes;

        void removeFirst() {
            Iterator<Entry> entries = traces.values().iterator();
            bytes -= entries.next().bytes;
            entries.remove();
        }

        void removeOlderThan(long since) {
            while (!traces.isEmpty() && traces.values().iterator().next().since - since < 0) {
                removeFirst();
            }
        }
    }

    private static final class Entry {
        final long since;
        final Map<String, TraceSpan> spans = new LinkedHashMap<>();
        long bytes;
        int left;
        long start = Long.MAX_VALUE;
        long end;
        int errors;

        Entry(long since) {
            this.since = since;
        }
    }

    TraceStore(Limits limits, LongSupplier nanoTime) {
        this.limits = limits;
        this.nanoTime = nanoTime;
    }

    synchronized void add(Collection<TraceSpan> spans) {
        long now = nanoTime.getAsLong();
        for (TraceSpan span : spans) {
            add(span, now);
        }
        evict(now);
    }

    private void add(TraceSpan span, long now) {
        String id = span.traceId();
        Entry entry = notable.traces.get(id);
        boolean was = entry != null;
        if (entry == null) {
            entry = plain.traces.computeIfAbsent(id, _ -> new Entry(now));
        }
        if (entry.spans.containsKey(span.spanId())) {
            return;
        }
        if (entry.spans.size() >= limits.spansPerTraceMax()) {
            entry.left++;
            return;
        }
        long bytes = bytes(span);
        entry.spans.put(span.spanId(), span);
        entry.bytes += bytes;
        entry.start = Math.min(entry.start, span.startEpochNanos());
        entry.end = Math.max(entry.end, span.endEpochNanos());
        entry.errors += span.failed() ? 1 : 0;
        if (was) {
            notable.bytes += bytes;
            return;
        }
        plain.bytes += bytes;
        if (span.failed() || span.durationNanos() >= limits.slow().toNanos()) {
            plain.traces.remove(id);
            notable.traces.put(id, entry);
            plain.bytes -= entry.bytes;
            notable.bytes += entry.bytes;
        }
    }

    private static long bytes(TraceSpan span) {
        long bytes = SPAN_BYTES;
        bytes += span.name().length() + span.errorMessage().length();
        for (Map.Entry<String, Object> attribute : span.attributes().entrySet()) {
            bytes += ATTRIBUTE_BYTES;
            bytes += attribute.getKey().length();
            bytes += attribute.getValue() instanceof String text ? text.length() : 0;
        }
        return bytes;
    }

    private void evict(long now) {
        plain.removeOlderThan(now - limits.ageMax().toNanos());
        notable.removeOlderThan(now - limits.ageMax().toNanos());
        while (bytes() > limits.bytesMax() || size() > limits.tracesMax()) {
            boolean notableHasHalf =
                    notable.bytes > limits.bytesMax() / 2 || notable.traces.size() > limits.tracesMax() / 2;
            (notableHasHalf || plain.traces.isEmpty() ? notable : plain).removeFirst();
        }
    }

    /** Bytes that the traces take, as estimated. */
    synchronized long bytes() {
        return plain.bytes + notable.bytes;
    }

    /** How many traces there are. */
    synchronized int size() {
        return plain.traces.size() + notable.traces.size();
    }

    /** The newest traces that {@code query} asks for, newest first. */
    synchronized List<TraceSummary> list(TraceQuery query) {
        evict(nanoTime.getAsLong());
        return entries()
                .filter(entry -> !query.errors() || entry.errors > 0)
                .filter(entry -> entry.end - entry.start >= query.slowNanos())
                .filter(entry -> query.target().isEmpty()
                        || entry.spans.values().stream()
                                .anyMatch(span -> span.text(TARGET).startsWith(query.target())))
                .sorted(Comparator.comparingLong((Entry entry) -> entry.start).reversed())
                .limit(query.limit())
                .map(TraceStore::summary)
                .toList();
    }

    /** The trace whose id is or begins with {@code id}, the newest if several do; the newest of all if it is empty. */
    synchronized Optional<Trace> get(String id) {
        evict(nanoTime.getAsLong());
        Entry exact = plain.traces.containsKey(id) ? plain.traces.get(id) : notable.traces.get(id);
        Optional<Entry> found = exact != null
                ? Optional.of(exact)
                : entries()
                        .filter(entry -> id(entry).startsWith(id))
                        .max(Comparator.comparingLong(entry -> entry.start));
        return found.map(entry -> new Trace(summary(entry), new ArrayList<>(entry.spans.values()), entry.left));
    }

    private Stream<Entry> entries() {
        return Stream.concat(plain.traces.values().stream(), notable.traces.values().stream());
    }

    private static String id(Entry entry) {
        return entry.spans.values().iterator().next().traceId();
    }

    private static TraceSummary summary(Entry entry) {
        var hosts = new TreeSet<String>();
        var sites = new TreeSet<String>();
        TraceSpan first = null;
        String error = "";
        for (TraceSpan span : entry.spans.values()) {
            hosts.add(span.host());
            sites.add(span.site());
            first = first == null || before(span, first) ? span : first;
            error = error.isEmpty() ? span.error() : error;
        }
        TraceSpan shown = notNull(first);
        return new TraceSummary(
                shown.traceId(),
                Waterfall.label(shown),
                entry.start,
                entry.end - entry.start,
                entry.spans.size(),
                entry.errors,
                shown.failed() ? shown.error() : error,
                List.copyOf(hosts),
                List.copyOf(sites));
    }

    /** The first of a trace is the one without a parent, else the one that began first. */
    private static boolean before(TraceSpan span, TraceSpan other) {
        if (span.parentId().isEmpty() != other.parentId().isEmpty()) {
            return span.parentId().isEmpty();
        }
        return span.startEpochNanos() < other.startEpochNanos();
    }

    private static TraceSpan notNull(@Nullable TraceSpan span) {
        if (span == null) {
            throw new IllegalStateException("a trace is kept from its first span on");
        }
        return span;
    }
}

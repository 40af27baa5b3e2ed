package dev.trellis.observability.traces;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TraceStoreTest {
    private static final TraceQuery ALL = new TraceQuery(false, 0, "", 1000);

    private final AtomicLong clock = new AtomicLong();

    private TraceStore store(long bytesMax, int tracesMax) {
        return new TraceStore(
                new TraceStore.Limits(bytesMax, tracesMax, 100, Duration.ofMinutes(1), Duration.ofMillis(500)),
                clock::get);
    }

    private static List<Integer> numbers(TraceStore store) {
        return store.list(ALL).stream()
                .map(trace -> Integer.parseInt(trace.traceId(), 16))
                .toList();
    }

    @Test
    void trace_spansInAnyOrder_isSummedUp() {
        var store = store(1 << 20, 10);
        store.add(List.of(Spans.span(1, 2, 1, 110, 20, "Trapped")));
        store.add(List.of(Spans.span(1, 1, 0, 100, 50)));

        TraceSummary summary = store.list(ALL).getFirst();

        assertThat(summary)
                .isEqualTo(new TraceSummary(
                        Spans.trace(1), "span-1", 100, 50, 2, 1, "Trapped", List.of("host"), List.of("site")));
        assertThat(store.get(Spans.trace(1)).orElseThrow().spans()).hasSize(2);
    }

    @Test
    void span_twice_countsOnce() {
        var store = store(1 << 20, 10);
        store.add(List.of(Spans.span(1, 1, 0, 100, 50)));
        long bytes = store.bytes();
        store.add(List.of(Spans.span(1, 1, 0, 900, 50)));

        assertThat(store.bytes()).isEqualTo(bytes);
        assertThat(store.list(ALL).getFirst().startEpochNanos()).isEqualTo(100);
    }

    @Test
    void traces_tooMany_theOldestGo() {
        var store = store(1 << 20, 3);
        IntStream.rangeClosed(1, 5).forEach(i -> store.add(List.of(Spans.span(i, 1, 0, i, 1))));

        assertThat(numbers(store)).containsExactly(5, 4, 3);
    }

    @Test
    void traces_tooManyBytes_theOldestGo() {
        var store = store(5_000, 1000);
        IntStream.rangeClosed(1, 100).forEach(i -> store.add(List.of(Spans.span(i, 1, 0, i, 1))));

        assertThat(store.bytes()).isLessThanOrEqualTo(5_000);
        assertThat(numbers(store)).startsWith(100, 99).hasSizeBetween(5, 12);
    }

    @Test
    void tracesWithErrorsOrSlow_outliveOthers_upToHalfOfTheRoom() {
        var store = store(1 << 20, 10);
        store.add(List.of(Spans.span(1, 1, 0, 1, 1, "Trapped")));
        store.add(List.of(Spans.span(2, 1, 0, 2, Duration.ofSeconds(1).toNanos())));
        IntStream.rangeClosed(3, 50).forEach(i -> store.add(List.of(Spans.span(i, 1, 0, i, 1))));

        assertThat(numbers(store)).contains(1, 2).hasSize(10);

        IntStream.rangeClosed(51, 99).forEach(i -> store.add(List.of(Spans.span(i, 1, 0, i, 1, "Trapped"))));

        assertThat(store.list(new TraceQuery(true, 0, "", 100))).hasSizeLessThanOrEqualTo(6);
        assertThat(numbers(store)).contains(50);
    }

    @Test
    void traces_old_go() {
        var store = store(1 << 20, 10);
        store.add(List.of(Spans.span(1, 1, 0, 1, 1)));
        clock.addAndGet(Duration.ofMinutes(2).toNanos());

        assertThat(store.list(ALL)).isEmpty();
        assertThat(store.bytes()).isZero();
    }

    @Test
    void trace_tooManySpans_theRestIsCounted() {
        var store = store(1 << 20, 10);
        IntStream.rangeClosed(1, 150).forEach(i -> store.add(List.of(Spans.span(1, i, 0, i, 1))));

        Trace trace = store.get("").orElseThrow();
        assertThat(trace.spans()).hasSize(100);
        assertThat(trace.left()).isEqualTo(50);
    }

    @Test
    void list_conditions_areAllMet() {
        var store = store(1 << 20, 10);
        store.add(List.of(Spans.span(1, 1, 0, 1, 1_000_000)));
        store.add(List.of(Spans.span(2, 1, 0, 2, 5_000_000, "Trapped")));

        assertThat(store.list(new TraceQuery(true, 0, "", 10))).hasSize(1);
        assertThat(store.list(new TraceQuery(false, 2_000_000, "", 10))).hasSize(1);
        assertThat(store.list(new TraceQuery(false, 0, "app-", 10))).hasSize(2);
        assertThat(store.list(new TraceQuery(false, 0, "ap-", 10))).isEmpty();
        assertThat(store.list(new TraceQuery(false, 0, "", 1)))
                .extracting(TraceSummary::traceId)
                .containsExactly(Spans.trace(2));
    }

    @Test
    void get_beginningOfAnId_findsTheNewest() {
        var store = store(1 << 20, 10);
        store.add(List.of(Spans.span(0x11, 1, 0, 5, 1)));
        store.add(List.of(Spans.span(0x12, 1, 0, 9, 1)));

        assertThat(store.get(Spans.trace(0x11).substring(0, 31))
                        .orElseThrow()
                        .summary()
                        .traceId())
                .isEqualTo(Spans.trace(0x12));
        assertThat(store.get("f")).isEmpty();
    }
}

package dev.trellis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.observability.traces.Trace;
import dev.trellis.observability.traces.TraceSpan;
import dev.trellis.observability.traces.TraceSummary;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TraceViewTest {
    private static final String ID = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static TraceSpan span(
            int id,
            int parent,
            String name,
            String host,
            long start,
            long duration,
            String error,
            Map<String, Object> more) {
        return new TraceSpan(
                ID,
                "%016x".formatted(id),
                parent == 0 ? "" : "%016x".formatted(parent),
                name,
                "internal",
                1_000_000_000 + start,
                duration,
                error,
                error.isEmpty() ? "" : "it is broken",
                "N" + host,
                host,
                host.equals("edge") ? "edge-1" : "cloud",
                more);
    }

    private static List<String> print(int width, TraceSpan... spans) {
        var out = new ByteArrayOutputStream();
        var stream = new PrintStream(out, false, StandardCharsets.UTF_8);
        var summary = new TraceSummary(
                ID, "GET /", 1_000_000_000, 10_000_000, spans.length, 1, "Trapped", List.of("a", "b"), List.of("c"));
        new TraceView(Console.plain(stream, stream), width).print(new Trace(summary, List.of(spans), 3));
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static List<String> sample(int width) {
        return print(
                width,
                span(1, 0, "root", "edge", 0, 10_000_000, "", Map.of()),
                span(2, 1, "call", "edge", 1_000_000, 8_000_000, "", Map.of("trellis.transport", "remote")),
                span(3, 2, "work", "hub", 2_000_000, 3_000_000, "", Map.of("trellis.instance", "new")),
                span(4, 2, "more", "hub", 6_000_000, 2_000_000, "Trapped", Map.of("trellis.queue.nanos", 2_500_000)));
    }

    @Test
    void trace_wideEnough_isATreeWithHostsAndBars() {
        assertThat(sample(100))
                .contains(
                        "GET /  trace " + ID,
                        "WHAT                      HOST  SITE    VIA        TOOK",
                        "root                      edge  edge-1          10.0 ms  " + "█".repeat(43),
                        "    ! Trapped: it is broken",
                        "... and 3 more spans, which were not kept")
                .anyMatch(line -> line.startsWith("└ call ") && line.contains("edge  edge-1  remote   8.0 ms"))
                .anyMatch(line -> line.startsWith("  ├ work (new instance) ") && line.contains("hub   cloud"))
                .anyMatch(line -> line.startsWith("  └ more (waited 2.5 ms) "));
    }

    @Test
    void trace_anyWidth_isNotWider() {
        for (int width = TraceView.WIDTH_MIN; width <= 200; width += 7) {
            int most = width;
            assertThat(sample(width)).allMatch(line -> line.length() <= Math.max(most, 80), "at most " + width);
        }
    }

    @Test
    void bar_clocksThatDisagree_staysInItsPlace() {
        assertThat(TraceView.bar(-50, 10, 100, 10)).isEqualTo("█");
        assertThat(TraceView.bar(200, 10, 100, 10)).isEqualTo(" ".repeat(9) + "█");
        assertThat(TraceView.bar(50, 500, 100, 10)).isEqualTo("     █████");
        assertThat(TraceView.bar(0, 0, 0, 10)).isEqualTo("█");
    }

    @Test
    void duration_anySize_hasAFittingUnit() {
        assertThat(List.of(900L, 12_300L, 450_000L, 12_345_678L, 250_000_000L, 3_210_000_000L))
                .extracting(TraceView::duration)
                .containsExactly("0.9 us", "12.3 us", "450 us", "12.3 ms", "250 ms", "3.21 s");
    }

    @Test
    void width_ofTheTerminal_isHeldInBounds() {
        assertThat(TraceView.width(Optional.empty())).isEqualTo(TraceView.WIDTH_DEFAULT);
        assertThat(TraceView.width(Optional.of("x"))).isEqualTo(TraceView.WIDTH_DEFAULT);
        assertThat(TraceView.width(Optional.of("10"))).isEqualTo(TraceView.WIDTH_MIN);
        assertThat(TraceView.width(Optional.of("9999"))).isEqualTo(TraceView.WIDTH_MAX);
    }
}

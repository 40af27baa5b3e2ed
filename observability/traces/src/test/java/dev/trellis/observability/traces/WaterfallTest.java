package dev.trellis.observability.traces;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WaterfallTest {
    private static List<String> drawn(TraceSpan... spans) {
        return Waterfall.of(List.of(spans)).rows().stream()
                .map(row -> " ".repeat(row.depth()) + row.span().name())
                .toList();
    }

    @Test
    void rows_spansInAnyOrder_areBelowTheirParentsByStart() {
        assertThat(drawn(
                        Spans.span(1, 4, 2, 30, 5),
                        Spans.span(1, 3, 1, 50, 5),
                        Spans.span(1, 1, 0, 10, 90),
                        Spans.span(1, 2, 1, 20, 20)))
                .containsExactly("span-1", " span-2", "  span-4", " span-3");
    }

    @Test
    void rows_parentHasNotArrived_areTopsOfTheirOwnAfterTheFirst() {
        Waterfall waterfall = Waterfall.of(List.of(Spans.span(1, 7, 6, 5, 1), Spans.span(1, 1, 0, 10, 90)));

        assertThat(waterfall.rows()).extracting(row -> row.span().name()).containsExactly("span-1", "span-7");
        assertThat(waterfall.rows()).extracting(Waterfall.Row::orphan).containsExactly(false, true);
        assertThat(waterfall.startEpochNanos()).isEqualTo(5);
        assertThat(waterfall.durationNanos()).isEqualTo(95);
    }

    @Test
    void rows_parentsInACircle_areDrawnOnce() {
        assertThat(drawn(Spans.span(1, 1, 2, 1, 1), Spans.span(1, 2, 1, 2, 1), Spans.span(1, 3, 3, 3, 1)))
                .hasSize(3);
    }

    @Test
    void rows_hostileDepth_isBounded() {
        var chain = IntStream.rangeClosed(1, 10_000)
                .mapToObj(i -> Spans.span(1, i, i - 1, i, 1))
                .toList();

        Waterfall waterfall = Waterfall.of(chain);

        assertThat(waterfall.rows()).hasSize(10_000);
        assertThat(waterfall.rows().getLast().depth()).isEqualTo(Waterfall.DEPTH_MAX);
    }

    @Test
    void label_ofRequestsAndStatements_saysWhatTheyAre() {
        var request = new TraceSpan(
                Spans.trace(1),
                "0000000000000001",
                "",
                "GET",
                "server",
                1,
                1,
                "",
                "",
                "N",
                "h",
                "s",
                Map.of("http.request.method", "GET", "url.path", "/users/1", "http.response.status_code", 200L));
        var statement = new TraceSpan(
                Spans.trace(1),
                "0000000000000001",
                "",
                "SELECT",
                "client",
                1,
                1,
                "",
                "",
                "N",
                "h",
                "s",
                Map.of("db.query.text", "SELECT 1"));

        assertThat(Waterfall.label(request)).isEqualTo("GET /users/1 200");
        assertThat(Waterfall.label(statement)).isEqualTo("SELECT 1");
        assertThat(Waterfall.label(Spans.span(1, 1, 0, 1, 1))).isEqualTo("span-1");
    }
}

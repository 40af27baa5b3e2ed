package dev.trellis.observability.traces;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.observability.telemetry.ActiveSpan;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import dev.trellis.observability.telemetry.TelemetrySettings;
import dev.trellis.observability.telemetry.TelemetrySource;
import io.opentelemetry.api.trace.SpanKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TraceKeeperTest {
    private static final Subjects SUBJECTS = Subjects.of(LatticeName.DEFAULT);
    private static final HostId HOST = new HostId("NEDGE");

    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport hostTransport = lattice.join();
    private final LatticeTransport controllerTransport = lattice.join();
    private final TraceKeeper keeper = TraceKeeper.start(controllerTransport, SUBJECTS);

    @AfterEach
    void close() {
        keeper.close();
        hostTransport.close();
        controllerTransport.close();
    }

    private Telemetry telemetry() {
        return Telemetry.start(
                TelemetrySettings.defaults(),
                new TelemetrySource(LatticeName.DEFAULT, HOST, "edge", "edge-1", "1"),
                List.of(LatticeSpans.destination(hostTransport, SUBJECTS, HOST)));
    }

    private TraceKeeper.Found get(String id) throws InterruptedException {
        return WireJson.read(
                hostTransport
                        .request(SUBJECTS.trace("get"), id.getBytes(StandardCharsets.UTF_8), Duration.ofSeconds(5))
                        .payload(),
                TraceKeeper.Found.class);
    }

    private TraceKeeper.Listing list(TraceQuery query) throws InterruptedException {
        return WireJson.read(
                hostTransport
                        .request(SUBJECTS.trace("list"), WireJson.write(query), Duration.ofSeconds(5))
                        .payload(),
                TraceKeeper.Listing.class);
    }

    /** Waits for a trace of so many spans with an error in it. */
    private TraceSummary awaitTrace(int spans) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (System.nanoTime() - end < 0) {
            for (TraceSummary summary : list(new TraceQuery(true, 0, "", 10)).traces()) {
                if (summary.spans() == spans) {
                    return summary;
                }
            }
        }
        throw new AssertionError("no trace of " + spans + " spans: " + list(new TraceQuery(false, 0, "", 10)));
    }

    @Test
    void spans_ofAHost_areKeptAndFoundAgain() throws InterruptedException {
        String id;
        try (Telemetry telemetry = telemetry();
                ActiveSpan root = telemetry.root(SpanKind.SERVER, "GET")) {
            id = root.context().traceId();
            root.note(TelemetryNames.HTTP_METHOD, "GET").note(TelemetryNames.HTTP_STATUS, 500);
            root.fail("500", "broken\u001b[31m");
            telemetry.child(SpanKind.INTERNAL, "call", root.context()).end();
        }

        TraceSummary summary = awaitTrace(2);
        assertThat(summary.traceId()).isEqualTo(id);
        assertThat(summary.spans()).isEqualTo(2);
        assertThat(summary.error()).isEqualTo("500");
        assertThat(summary.hosts()).containsExactly("edge");
        assertThat(summary.sites()).containsExactly("edge-1");

        Trace trace = Objects.requireNonNull(get(id.substring(0, 8)).trace());
        List<Waterfall.Row> rows = Waterfall.of(trace.spans()).rows();
        assertThat(rows).extracting(row -> row.span().name()).containsExactly("GET", "call");
        assertThat(rows.getFirst().span().hostId()).isEqualTo(HOST.value());
        assertThat(rows.getFirst().span().errorMessage()).isEqualTo("broken [31m");
        assertThat(rows.getFirst().span().text("http.response.status_code")).isEqualTo("500");
        assertThat(get("").trace()).isEqualTo(trace);
        assertThat(get(id.startsWith("0") ? "1" : "0").trace())
                .as("the only trace has another first digit")
                .isNull();
    }

    @Test
    void messages_thatAreNoSpans_areCountedAndNothingElse() throws InterruptedException, IOException {
        hostTransport.publish(SUBJECTS.spans(HOST), new byte[] {1, 2, 3});
        hostTransport.publish(SUBJECTS.spans(HOST), packed(new byte[] {1, 2, 3}));
        hostTransport.publish(SUBJECTS.spans(HOST), packed(new byte[TraceWire.UNPACKED_BYTES_MAX + 1]));
        hostTransport.publish(SUBJECTS.spans(HOST), new byte[TraceWire.PACKED_BYTES_MAX + 1]);

        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (keeper.refused() < 4 && System.nanoTime() - end < 0) {
            list(new TraceQuery(false, 0, "", 10));
        }
        assertThat(keeper.refused()).isEqualTo(4);
        assertThat(list(new TraceQuery(false, 0, "", 10)).traces()).isEmpty();
        assertThat(keeper.store().bytes()).isZero();
    }

    @Test
    void questions_thatAreNotUnderstood_areAnswered() throws InterruptedException {
        var reply = hostTransport.request(
                SUBJECTS.trace("list"), WireJson.write(Map.of("limit", -1)), Duration.ofSeconds(5));

        assertThat(new String(reply.payload(), StandardCharsets.UTF_8)).contains("error");
    }

    private static byte[] packed(byte[] bytes) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }
}

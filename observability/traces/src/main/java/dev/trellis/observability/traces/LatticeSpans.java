package dev.trellis.observability.traces;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.observability.telemetry.SpanDestination;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * Publishes finished spans to the lattice, for whichever controller keeps them: at most
 * {@value TraceRate#SPANS_PER_SECOND_MAX} a second, and {@value TraceRate#NOTABLE_PER_SECOND_MAX} more that failed or were
 * slow. What is published while the lattice is away is lost, and counted.
 */
public final class LatticeSpans implements SpanExporter {
    /** Spans that wait. */
    static final int QUEUE_MAX = 4096;

    /** Spans of one message: some 100 kB unpacked, a tenth of it packed. */
    static final int BATCH_MAX = 256;

    /** Larger messages are split: servers take messages of 1 MB, unless told otherwise. */
    static final int REQUEST_BYTES_MAX = 512 << 10;

    /** How long a span waits for others. */
    static final Duration DELAY = Duration.ofMillis(100);

    private final LatticeTransport transport;
    private final String subject;

    private LatticeSpans(LatticeTransport transport, String subject) {
        this.transport = transport;
        this.subject = subject;
    }

    /** The lattice as a destination of spans of {@code host}. */
    public static SpanDestination destination(LatticeTransport transport, Subjects subjects, HostId host) {
        return new SpanDestination(
                "the lattice",
                new LatticeSpans(transport, subjects.spans(host)),
                new TraceRate(),
                QUEUE_MAX,
                BATCH_MAX,
                DELAY,
                Duration.ofSeconds(1));
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        try {
            if (!transport.connected()) {
                return CompletableResultCode.ofExceptionalFailure(
                        new IllegalStateException("the lattice cannot be reached"));
            }
            publish(List.copyOf(spans));
            return CompletableResultCode.ofSuccess();
        } catch (TransportException e) {
            return CompletableResultCode.ofExceptionalFailure(e);
        }
    }

    private void publish(List<SpanData> spans) {
        byte[] request = TraceWire.request(spans);
        if (request.length > REQUEST_BYTES_MAX && spans.size() > 1) {
            publish(spans.subList(0, spans.size() / 2));
            publish(spans.subList(spans.size() / 2, spans.size()));
            return;
        }
        transport.publish(subject, TraceWire.pack(request));
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }
}

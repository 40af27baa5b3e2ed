package dev.trellis.observability.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.TraceContext;
import io.opentelemetry.api.trace.SpanContext;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PropagationTest {
    private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void context_throughHeaders_isTheSame() {
        var context = TraceContext.parse(PARENT, "a=1,b=2").orElseThrow();

        Map<String, String> headers = Propagation.inject(context);

        assertThat(headers).isEqualTo(Map.of("traceparent", PARENT, "tracestate", "a=1,b=2"));
        assertThat(Propagation.extract(headers)).contains(context);
    }

    @Test
    void context_throughOpenTelemetry_isTheSame() {
        var context = TraceContext.parse(PARENT, "a=1,b=2").orElseThrow();

        assertThat(Propagation.fromOpenTelemetry(Propagation.toOpenTelemetry(context)))
                .contains(context);
    }

    @Test
    void state_notAList_isLeftOut() {
        var context = TraceContext.parse(PARENT, "no list, of=members").orElseThrow();

        assertThat(Propagation.toOpenTelemetry(context).getTraceState().asMap()).isEqualTo(Map.of("of", "members"));
    }

    @Test
    void headers_noneOrNotValid_giveNoContext() {
        assertThat(Propagation.extract(Map.of())).isEmpty();
        assertThat(Propagation.extract(Map.of("traceparent", "00-zz"))).isEmpty();
        assertThat(Propagation.fromOpenTelemetry(SpanContext.getInvalid())).isEmpty();
    }
}

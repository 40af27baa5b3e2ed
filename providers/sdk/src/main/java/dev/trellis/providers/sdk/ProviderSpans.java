package dev.trellis.providers.sdk;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.observability.telemetry.ActiveSpan;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import io.opentelemetry.api.trace.SpanKind;

/** Spans around what a provider asks of others for a call that it handles. */
public final class ProviderSpans {
    private ProviderSpans() {}

    /** What is asked. */
    @FunctionalInterface
    public interface Work<T> {
        /** Asks; {@code span} may be noted on, and its context sent along. */
        T run(ActiveSpan span) throws InterruptedException;
    }

    /**
     * Runs {@code work} in a span of its own, which fails as it does.
     *
     * @param name what is asked, of a bounded set
     */
    public static <T> T around(Telemetry telemetry, String name, Invocation invocation, Work<T> work)
            throws InterruptedException {
        try (ActiveSpan span = telemetry.child(SpanKind.CLIENT, name, invocation.trace())) {
            try {
                return work.run(span);
            } catch (InvocationException e) {
                span.fail(e.failure().kind(), e.failure().describe());
                throw e;
            } catch (InterruptedException e) {
                span.fail("Interrupted", "the caller does not wait any more");
                throw e;
            } catch (RuntimeException e) {
                span.fail(e.getClass().getSimpleName(), String.valueOf(e.getMessage()));
                throw e;
            }
        }
    }

    /**
     * Runs {@code work}, one command of a store, in a span of its own.
     *
     * @param system the store, by the name that OpenTelemetry has for it: {@code redis}
     * @param operation its command, of a bounded set: {@code GET}
     */
    public static <T> T store(Telemetry telemetry, String system, String operation, Invocation invocation, Work<T> work)
            throws InterruptedException {
        return around(telemetry, operation, invocation, span -> {
            span.note(TelemetryNames.DB_SYSTEM, system).note(TelemetryNames.DB_OPERATION, operation);
            return work.run(span);
        });
    }
}

package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.observability.telemetry.Meters;
import dev.trellis.observability.telemetry.Telemetry;

/** Puts a span and a measurement around each call. The one place where calls meet telemetry. */
final class CallTracing {
    /** Calls are measured by nobody. */
    static final CallTracing OFF = new CallTracing(Telemetry.off());

    private final Telemetry telemetry;
    private final Meters meters;

    CallTracing(Telemetry telemetry) {
        this.telemetry = telemetry;
        this.meters = telemetry.meters();
    }

    /** What is measured. */
    @FunctionalInterface
    interface Work {
        /** Makes the call: {@code invocation} has the span's context, and {@code span} is told what happens. */
        Payload run(Invocation invocation, CallSpan span) throws InterruptedException;
    }

    /** Makes a call of this host. */
    Payload calling(Invocation invocation, Work work) throws InterruptedException {
        return around(new CallSpan(telemetry, CallSpan.Side.CALLER, invocation), invocation, work, meters.on());
    }

    /** Serves a call of another host. */
    Payload serving(Invocation invocation, Work work) throws InterruptedException {
        return around(new CallSpan(telemetry, CallSpan.Side.SERVER, invocation), invocation, work, false);
    }

    private Payload around(CallSpan span, Invocation invocation, Work work, boolean measured)
            throws InterruptedException {
        Invocation traced = span.recorded() ? invocation.withTrace(span.context()) : invocation;
        long startNanos = measured ? System.nanoTime() : 0;
        String error = "";
        try {
            Payload reply = work.run(traced, span);
            span.succeeded(invocation, reply);
            return reply;
        } catch (InvocationException e) {
            error = e.failure().kind();
            span.failed(invocation, e.failure());
            throw e;
        } catch (InterruptedException e) {
            error = "Interrupted";
            span.fail(error, "the caller does not wait any more");
            throw e;
        } catch (RuntimeException | Error e) {
            error = e.getClass().getSimpleName();
            span.fail(error, InvocationFailure.limited(e.getMessage()));
            throw e;
        } finally {
            span.end();
            if (measured) {
                meters.call(
                        invocation.target().value(),
                        invocation.contract().value(),
                        span.transport().toString(),
                        error,
                        System.nanoTime() - startNanos);
            }
        }
    }
}

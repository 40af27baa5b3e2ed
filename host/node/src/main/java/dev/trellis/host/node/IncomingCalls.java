package dev.trellis.host.node;

import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.observability.telemetry.Propagation;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls that other hosts send here: each on a virtual thread of its own, at most {@value #RUNNING_MAX} at once (one
 * more is answered as overloaded). A call is taken only if a link of its contract joins its source and target, or if it
 * is an operator's ({@code trellis actor invoke}) of an actor; who may publish on the
 * call subjects at all is the NATS server's to decide.
 */
final class IncomingCalls {
    static final int RUNNING_MAX = 8192;

    /** Bytes of the requests that run at once; a call beyond them is answered as overloaded. */
    static final int RUNNING_BYTES_MAX = 512 << 20;

    private static final byte[] PONG = new byte[0];
    private static final Logger log = LoggerFactory.getLogger(IncomingCalls.class);

    private final Routes routes;
    private final Subjects subjects;
    private final String pings;
    private final String steps;
    private final LatticeTransport transport;
    private final OfferedStreams streams;
    private final CallTracing tracing;
    private final Semaphore running = new Semaphore(RUNNING_MAX);
    private final Semaphore payloadBytes = new Semaphore(RUNNING_BYTES_MAX);

    /**
     * Takes the calls of host {@code id}, its pings, and the steps of its {@code streams}.
     *
     * @param transport the way to the streams of hosts that make calls
     */
    IncomingCalls(
            Routes routes,
            Subjects subjects,
            HostId id,
            LatticeTransport transport,
            OfferedStreams streams,
            CallTracing tracing) {
        this.routes = routes;
        this.subjects = subjects;
        this.pings = subjects.ping(id);
        this.steps = subjects.streams(id);
        this.transport = transport;
        this.streams = streams;
        this.tracing = tracing;
    }

    /** Takes one message of a call subject. Never blocks. A ping is answered at once, however busy the host is. */
    void accept(IncomingMessage message) {
        if (message.message().subject().equals(pings)) {
            message.reply(PONG);
            return;
        }
        if (message.message().subject().equals(steps)) {
            streams.accept(message); // of calls of this host, which have their own bounds
            return;
        }
        if (!running.tryAcquire()) {
            message.reply(CallCodec.encodeFailure(new InvocationFailure.Overloaded(
                    message.message().subject(), "this host runs " + RUNNING_MAX + " calls from other hosts already")));
            return;
        }
        int bytes = message.message().payload().length;
        if (!payloadBytes.tryAcquire(bytes)) {
            running.release();
            message.reply(CallCodec.encodeFailure(new InvocationFailure.Overloaded(
                    message.message().subject(),
                    "calls from other hosts that run here already carry " + RUNNING_BYTES_MAX + " bytes")));
            return;
        }
        Thread.ofVirtual().name("call").start(() -> {
            try {
                answer(message);
            } finally {
                payloadBytes.release(bytes);
                running.release();
            }
        });
    }

    /** Waits until every call has been answered, at most {@code time}. */
    boolean awaitIdle(Duration time) throws InterruptedException {
        if (!running.tryAcquire(RUNNING_MAX, time.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        running.release(RUNNING_MAX);
        return true;
    }

    private void answer(IncomingMessage message) {
        byte[] reply;
        try {
            Invocation invocation = CallCodec.decodeRequest(
                    message.message().payload(),
                    () -> trace(message),
                    (stream, deadline) ->
                            new RemoteStream(transport, subjects.streams(stream.host()), stream, deadline));
            reply = serve(invocation);
            if (reply.length > LatticeTransport.PAYLOAD_BYTES_MAX) {
                reply = CallCodec.encodeFailure(new InvocationFailure.PayloadTooLarge(
                        message.message().subject(),
                        "reply of " + reply.length + " bytes is larger than " + LatticeTransport.PAYLOAD_BYTES_MAX));
            }
        } catch (InvocationException e) {
            reply = CallCodec.encodeFailure(e.failure());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            reply = CallCodec.encodeFailure(
                    new InvocationFailure.ConnectionLost(message.message().subject(), "the host stops"));
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            log.error(
                    "A call on {} ended with a fault of the host",
                    message.message().subject(),
                    e);
            reply = CallCodec.encodeFailure(new InvocationFailure.ProviderFailed(
                    message.message().subject(), "fault of the host; its log has the details"));
        }
        try {
            message.reply(reply);
        } catch (TransportException e) {
            log.debug("The reply on {} was not sent: {}", message.message().subject(), e.getMessage());
        }
    }

    private byte[] serve(Invocation invocation) throws InterruptedException {
        if (!(invocation.payload() instanceof Payload.Streamed(var _, RemoteStream stream))) {
            return CallCodec.encodeReply(tracing.serving(invocation, this::invoke));
        }
        try (stream) {
            Payload reply = tracing.serving(invocation, this::invoke);
            if (!stream.begun()) {
                return CallCodec.encodeReply(reply);
            }
            stream.finish();
            return CallCodec.encodeStreamedReply();
        }
    }

    /** The trace of a call that does not name one itself: from a client that only follows NATS headers. */
    private static TraceContext trace(IncomingMessage message) {
        return Propagation.extract(message.message().headers()).orElseGet(TraceContext::root);
    }

    @SuppressWarnings("ReferenceEquality") // snapshots are told apart, not compared
    private Payload invoke(Invocation invocation, CallSpan span) throws InterruptedException {
        RouteTable table = routes.now();
        try {
            return invoke(invocation, table, span);
        } catch (InvocationException e) {
            RouteTable newest = routes.now();
            if (newest == table || !(e.failure() instanceof InvocationFailure.NoTarget)) {
                throw e;
            }
            return invoke(invocation, newest, span); // replaced by another start of it just now; it has run nowhere
        }
    }

    private static Payload invoke(Invocation invocation, RouteTable table, CallSpan span) throws InterruptedException {
        LocalTarget target = table.localTarget(invocation.target());
        if (target == null) {
            throw new InvocationException(
                    new InvocationFailure.NoTarget(invocation.target().value(), "does not run on this host any more"));
        }
        boolean operator = invocation.source().equals(EntityId.OPERATOR) && target instanceof LocalActor;
        if (!operator
                && !table.joined(
                        invocation.source(), invocation.target(), Contracts.canonical(invocation.contract()))) {
            throw new InvocationException(new InvocationFailure.NotLinked(
                    invocation.source().value(),
                    "no link for %s joins it and %s".formatted(invocation.contract(), invocation.target())));
        }
        if (invocation.deadline().passed()) {
            throw new InvocationException(new InvocationFailure.DeadlineExceeded(
                    invocation.target().value(), "the deadline had passed when the call came; it did not run"));
        }
        return target.invoke(invocation, span);
    }
}

package dev.trellis.host.node;

import dev.trellis.host.actor.CallObserver;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.observability.telemetry.ActiveSpan;
import dev.trellis.observability.telemetry.Meters;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanKind;
import org.jspecify.annotations.Nullable;

/**
 * One call as a span: made by its caller, or served for another host. Whoever handles the call tells it what happens; it
 * keeps names and numbers only, never a payload.
 */
final class CallSpan extends ActiveSpan implements CallObserver {
    /** Side of a call. */
    enum Side {
        CALLER,
        SERVER
    }

    /** How a call gets to its target. */
    enum Transport {
        IN_PROCESS("in-process"),
        SITE("site"),
        REMOTE("remote");

        private final String text;

        Transport(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final int UNKNOWN = -1;

    private final Side side;
    private final Meters meters;
    private final EntityId source;
    private final EntityId target;
    private final LinkName link;
    private final ContractId contract;
    private final String operation;
    private Transport transport = Transport.IN_PROCESS;
    private @Nullable HostId peer;
    private int offers;
    private long waitsSinceNanos;
    private long queueNanos = UNKNOWN;
    private @Nullable Boolean pooled;
    private int requestBytes = UNKNOWN;
    private int replyBytes = UNKNOWN;

    CallSpan(Telemetry telemetry, Side side, Invocation invocation) {
        super(telemetry, SpanKind.INTERNAL, "call", invocation.trace());
        this.side = side;
        this.meters = telemetry.meters();
        this.source = invocation.source();
        this.target = invocation.target();
        this.link = invocation.linkName();
        this.contract = invocation.contract();
        this.operation = invocation.operation();
    }

    /** The call goes to an actor or provider of this host. */
    void stays() {
        transport = Transport.IN_PROCESS;
        peer = null;
    }

    /** The call is offered to another host, in a message of so many bytes. */
    void leaves(RemoteTarget remote, int bytes) {
        transport = remote.sameSite() ? Transport.SITE : Transport.REMOTE;
        peer = remote.host();
        offers++;
        requestBytes = bytes;
    }

    /** The other host has answered, with a message of so many bytes. */
    void comesBack(int bytes) {
        replyBytes = bytes;
    }

    /** The call begins to wait at the gate of its actor. */
    void waits() {
        if (recorded()) {
            waitsSinceNanos = System.nanoTime();
        }
    }

    /** The call is past the gate. */
    void enters() {
        if (recorded()) {
            queueNanos = waitsSinceNanos == 0 ? 0 : System.nanoTime() - waitsSinceNanos;
        }
    }

    @Override
    public void began(int bytes, boolean pooledInstance) {
        requestBytes = bytes;
        pooled = pooledInstance;
        meters.borrowed(pooledInstance);
    }

    @Override
    public void answered(int bytes) {
        replyBytes = bytes;
    }

    @Override
    public void broke() {
        meters.discarded();
    }

    /** The call has a reply. */
    void succeeded(Invocation invocation, Payload reply) {
        if (recorded()) {
            size(invocation.payload());
            if (replyBytes == UNKNOWN) {
                replyBytes = bytes(reply);
            }
        }
    }

    /** The call has failed. */
    void failed(Invocation invocation, InvocationFailure failure) {
        if (recorded()) {
            size(invocation.payload());
            fail(failure.kind(), failure.describe());
        }
    }

    private void size(Payload request) {
        if (requestBytes == UNKNOWN) {
            requestBytes = bytes(request);
        }
    }

    private static int bytes(Payload payload) {
        return switch (payload) {
            case Payload.Opaque(var bytes) -> bytes.size();
            case Payload.Typed(var message) -> message.getSerializedSize();
            case Payload.Streamed streamed -> streamed.message().getSerializedSize();
        };
    }

    /** How the call got to its target, for metrics. */
    Transport transport() {
        return transport;
    }

    @Override
    protected SpanKind kind() {
        return side == Side.SERVER
                ? SpanKind.SERVER
                : transport == Transport.IN_PROCESS ? SpanKind.INTERNAL : SpanKind.CLIENT;
    }

    @Override
    protected String name() {
        return target + " " + operation;
    }

    @Override
    protected void describe(AttributesBuilder to) {
        to.put(TelemetryNames.SOURCE, source.value())
                .put(TelemetryNames.TARGET, target.value())
                .put(TelemetryNames.LINK, link.value())
                .put(TelemetryNames.CONTRACT, contract.value())
                .put(TelemetryNames.OPERATION, operation);
        if (side == Side.CALLER) {
            to.put(TelemetryNames.TRANSPORT, transport.toString());
        }
        if (peer != null) {
            to.put(TelemetryNames.PEER_HOST, peer.value());
        }
        if (offers > 1) {
            to.put(TelemetryNames.ATTEMPTS, (long) offers);
        }
        if (queueNanos != UNKNOWN) {
            to.put(TelemetryNames.QUEUE_NANOS, queueNanos);
        }
        if (pooled != null) {
            to.put(TelemetryNames.INSTANCE, pooled ? "pooled" : "new");
        }
        if (requestBytes != UNKNOWN) {
            to.put(TelemetryNames.REQUEST_BYTES, (long) requestBytes);
        }
        if (replyBytes != UNKNOWN) {
            to.put(TelemetryNames.REPLY_BYTES, (long) replyBytes);
        }
    }
}

package dev.trellis.lattice.contracts;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.contracts.rpc.CallReply;
import dev.trellis.lattice.contracts.rpc.CallRequest;
import dev.trellis.lattice.contracts.rpc.Failure;
import dev.trellis.lattice.contracts.rpc.Stream;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** Calls to and from the bytes that travel between hosts ({@code trellis/rpc.proto}). */
public final class CallCodec {
    /** Longest time that a call from another host gets; one that says it has more gets this. */
    public static final Duration REMAINING_MAX = Duration.ofHours(1);

    private static final int CAUSES_MAX = 8;

    private CallCodec() {}

    /** The request that carries {@code invocation}, with the time it has left now. */
    public static byte[] encode(Invocation invocation) {
        return request(invocation).build().toByteArray();
    }

    /** The request that carries {@code invocation}, whose bodies move through {@code stream}. */
    public static byte[] encode(Invocation invocation, StreamRef stream) {
        return request(invocation)
                .setStream(Stream.newBuilder()
                        .setIdHigh(stream.idHigh())
                        .setIdLow(stream.idLow())
                        .setHost(stream.host().value())
                        .setRequestWhole(stream.requestWhole()))
                .build()
                .toByteArray();
    }

    private static CallRequest.Builder request(Invocation invocation) {
        return CallRequest.newBuilder()
                .setIdHigh(invocation.id().high())
                .setIdLow(invocation.id().low())
                .setSource(invocation.source().value())
                .setTarget(invocation.target().value())
                .setLinkName(invocation.linkName().value())
                .setContract(invocation.contract().value())
                .setOperation(invocation.operation())
                .setPayload(invocation.payload().toBytes())
                .setRemainingNanos(Math.max(0, invocation.deadline().remainingNanos()))
                .setHops(invocation.hops())
                .setTraceHigh(invocation.trace().traceHigh())
                .setTraceLow(invocation.trace().traceLow())
                .setSpan(invocation.trace().span())
                .setSampled(invocation.trace().sampled())
                .setTracestate(invocation.trace().state());
    }

    /**
     * The call that {@code request} carries. The array must not change afterwards: the payload may share it.
     *
     * @throws InvocationException with {@link InvocationFailure.Malformed} if it is not a valid call
     */
    public static Invocation decodeRequest(byte[] request) {
        return decodeRequest(request, TraceContext::root);
    }

    /** What makes the exchange of a call whose bodies move through a stream. */
    @FunctionalInterface
    public interface StreamOpener {
        /** The exchange behind {@code stream}, for a call that ends by {@code deadline}. */
        HttpExchange open(StreamRef stream, Deadline deadline);
    }

    private static final StreamOpener NO_STREAMS = (stream, _) -> {
        throw malformed("call request", new IllegalArgumentException("streams are not taken here: " + stream));
    };

    /** {@link #decodeRequest(byte[])}, asking {@code otherwise} for the trace of a call that names none. */
    public static Invocation decodeRequest(byte[] request, Supplier<TraceContext> otherwise) {
        return decodeRequest(request, otherwise, NO_STREAMS);
    }

    /** {@link #decodeRequest(byte[], Supplier)}, having {@code streams} opened. */
    public static Invocation decodeRequest(byte[] request, Supplier<TraceContext> otherwise, StreamOpener streams) {
        CallRequest call;
        try {
            call = CallRequest.parseFrom(UnsafeByteOperations.unsafeWrap(request));
        } catch (InvalidProtocolBufferException e) {
            throw malformed("call request", e);
        }
        try {
            var contract = Contracts.canonical(new ContractId(call.getContract()));
            var deadline = deadline(call.getRemainingNanos());
            Payload payload = requestPayload(contract, call.getOperation(), call.getPayload());
            if (call.hasStream()) {
                payload = streamed(payload, call.getStream(), deadline, streams);
            }
            return new Invocation(
                    new InvocationId(call.getIdHigh(), call.getIdLow()),
                    new EntityId(call.getSource()),
                    new EntityId(call.getTarget()),
                    new LinkName(call.getLinkName()),
                    contract,
                    call.getOperation(),
                    payload,
                    deadline,
                    trace(call, otherwise),
                    call.getHops());
        } catch (IllegalArgumentException e) {
            throw malformed("call request", e);
        }
    }

    private static Payload streamed(Payload payload, Stream stream, Deadline deadline, StreamOpener streams) {
        if (!(payload instanceof Payload.Typed(var message))
                || !(message instanceof HttpRequest || message instanceof OutgoingRequest)) {
            throw new IllegalArgumentException("only requests of HTTP have a stream");
        }
        var ref = new StreamRef(
                stream.getIdHigh(), stream.getIdLow(), new HostId(stream.getHost()), stream.getRequestWhole());
        return new Payload.Streamed(message, streams.open(ref, deadline));
    }

    private static TraceContext trace(CallRequest call, Supplier<TraceContext> otherwise) {
        boolean given = (call.getTraceHigh() | call.getTraceLow()) != 0 && call.getSpan() != 0;
        return given
                ? new TraceContext(
                        call.getTraceHigh(),
                        call.getTraceLow(),
                        call.getSpan(),
                        call.getSampled(),
                        call.getTracestate())
                : otherwise.get();
    }

    /** An unsigned number of the wire: the time that another host says is left, at most {@link #REMAINING_MAX}. */
    private static Deadline deadline(long remainingNanos) {
        long max = REMAINING_MAX.toNanos();
        return Deadline.in(Duration.ofNanos(Long.compareUnsigned(remainingNanos, max) > 0 ? max : remainingNanos));
    }

    /** The reply that carries {@code payload}. */
    public static byte[] encodeReply(Payload payload) {
        return CallReply.newBuilder().setPayload(payload.toBytes()).build().toByteArray();
    }

    /** The reply that says that the response went through the stream of the request, to its end. */
    public static byte[] encodeStreamedReply() {
        return CallReply.newBuilder().setStreamed(true).build().toByteArray();
    }

    /** The reply that carries {@code failure}. */
    public static byte[] encodeFailure(InvocationFailure failure) {
        return CallReply.newBuilder()
                .setFailure(toWire(failure, CAUSES_MAX))
                .build()
                .toByteArray();
    }

    /**
     * The payload that {@code reply} to {@code invocation} carries.
     *
     * @return {@link Payload#EMPTY} if the response went through the stream of the request
     * @throws InvocationException with the failure that the reply carries, or {@link InvocationFailure.Malformed}
     */
    public static Payload decodeReply(Invocation invocation, byte[] reply) {
        CallReply call;
        try {
            call = CallReply.parseFrom(UnsafeByteOperations.unsafeWrap(reply));
        } catch (InvalidProtocolBufferException e) {
            throw malformed("reply of " + invocation.target(), e);
        }
        return switch (call.getOutcomeCase()) {
            case PAYLOAD -> replyPayload(invocation, call.getPayload());
            case FAILURE -> throw new InvocationException(fromWire(call.getFailure(), CAUSES_MAX));
            case STREAMED -> {
                if (!(invocation.payload() instanceof Payload.Streamed)) {
                    throw new InvocationException(new InvocationFailure.Malformed(
                            "reply of " + invocation.target(), "names a stream that the request does not have"));
                }
                yield Payload.EMPTY;
            }
            case OUTCOME_NOT_SET ->
                throw new InvocationException(new InvocationFailure.Malformed(
                        "reply of " + invocation.target(), "carries neither a payload nor a failure"));
        };
    }

    private static Payload requestPayload(ContractId id, String operation, ByteString bytes) {
        var contract = Contracts.find(id);
        if (contract.isEmpty()) {
            return new Payload.Opaque(bytes);
        }
        return contract.get()
                .operation(operation)
                .orElseThrow(() -> new InvocationException(
                        new InvocationFailure.UnknownOperation(id.value(), "has no operation '" + operation + "'")))
                .parseRequest(bytes);
    }

    private static Payload replyPayload(Invocation invocation, ByteString bytes) {
        return Contracts.find(invocation.contract())
                .flatMap(contract -> contract.operation(invocation.operation()))
                .map(operation -> operation.parseReply(bytes))
                .orElseGet(() -> new Payload.Opaque(bytes));
    }

    private static InvocationException malformed(String what, Exception cause) {
        return new InvocationException(
                new InvocationFailure.Malformed(what, InvocationFailure.limited(cause.getMessage())), cause);
    }

    /** {@code failure} as a part of other messages between hosts. */
    public static Failure toWire(InvocationFailure failure) {
        return toWire(failure, CAUSES_MAX);
    }

    /** The failure that {@link #toWire(InvocationFailure)} made. */
    public static InvocationFailure fromWire(Failure failure) {
        return fromWire(failure, CAUSES_MAX);
    }

    private static Failure toWire(InvocationFailure failure, int causesLeft) {
        var wire = Failure.newBuilder()
                .setCode(code(failure))
                .setSubject(failure.subject())
                .setMessage(InvocationFailure.limited(failure.message()));
        if (failure instanceof InvocationFailure.ActorFailed failed
                && failed.cause().isPresent()
                && causesLeft > 0) {
            wire.setCause(toWire(failed.cause().get(), causesLeft - 1));
        }
        return wire.build();
    }

    private static Failure.Code code(InvocationFailure failure) {
        return switch (failure) {
            case InvocationFailure.NotLinked _ -> Failure.Code.NOT_LINKED;
            case InvocationFailure.NoTarget _ -> Failure.Code.NO_TARGET;
            case InvocationFailure.Overloaded _ -> Failure.Code.OVERLOADED;
            case InvocationFailure.DeadlineExceeded _ -> Failure.Code.DEADLINE_EXCEEDED;
            case InvocationFailure.Trapped _ -> Failure.Code.TRAPPED;
            case InvocationFailure.ActorFailed _ -> Failure.Code.ACTOR_FAILED;
            case InvocationFailure.ProviderFailed _ -> Failure.Code.PROVIDER_FAILED;
            case InvocationFailure.UnknownOperation _ -> Failure.Code.UNKNOWN_OPERATION;
            case InvocationFailure.PayloadTooLarge _ -> Failure.Code.PAYLOAD_TOO_LARGE;
            case InvocationFailure.Unavailable _ -> Failure.Code.UNAVAILABLE;
            case InvocationFailure.ConnectionLost _ -> Failure.Code.CONNECTION_LOST;
            case InvocationFailure.Malformed _ -> Failure.Code.MALFORMED;
            case InvocationFailure.TooDeep _ -> Failure.Code.TOO_DEEP;
        };
    }

    private static InvocationFailure fromWire(Failure wire, int causesLeft) {
        String subject = InvocationFailure.limited(wire.getSubject());
        String message = InvocationFailure.limited(wire.getMessage());
        return switch (wire.getCode()) {
            case NOT_LINKED -> new InvocationFailure.NotLinked(subject, message);
            case NO_TARGET -> new InvocationFailure.NoTarget(subject, message);
            case OVERLOADED -> new InvocationFailure.Overloaded(subject, message);
            case DEADLINE_EXCEEDED -> new InvocationFailure.DeadlineExceeded(subject, message);
            case TRAPPED -> new InvocationFailure.Trapped(subject, message);
            case ACTOR_FAILED ->
                new InvocationFailure.ActorFailed(
                        subject,
                        message,
                        wire.hasCause() && causesLeft > 0
                                ? Optional.of(fromWire(wire.getCause(), causesLeft - 1))
                                : Optional.empty());
            case PROVIDER_FAILED -> new InvocationFailure.ProviderFailed(subject, message);
            case UNKNOWN_OPERATION -> new InvocationFailure.UnknownOperation(subject, message);
            case PAYLOAD_TOO_LARGE -> new InvocationFailure.PayloadTooLarge(subject, message);
            case UNAVAILABLE -> new InvocationFailure.Unavailable(subject, message);
            case CONNECTION_LOST -> new InvocationFailure.ConnectionLost(subject, message);
            case TOO_DEEP -> new InvocationFailure.TooDeep(subject, Invocation.HOPS_MAX + 1);
            case MALFORMED -> new InvocationFailure.Malformed(subject, message);
            case CODE_UNSPECIFIED, UNRECOGNIZED ->
                new InvocationFailure.Malformed(
                        subject, "a failure of a kind that this host does not know: " + message);
        };
    }
}

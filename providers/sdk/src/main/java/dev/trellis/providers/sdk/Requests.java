package dev.trellis.providers.sdk;

import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;

/** Reads what a call carries, for providers of a contract that Trellis knows. */
public final class Requests {
    private Requests() {}

    /**
     * The request of {@code invocation}, which must be a {@code type}.
     *
     * @throws InvocationException with {@link InvocationFailure.Malformed} if it is something else
     */
    public static <T extends MessageLite> T read(Invocation invocation, Class<T> type) {
        MessageLite message =
                switch (invocation.payload()) {
                    case Payload.Typed typed -> typed.message();
                    case Payload.Streamed streamed -> streamed.message();
                    case Payload.Opaque opaque -> parse(invocation, opaque);
                };
        if (!type.isInstance(message)) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    invocation.operation() + " request",
                    "is a " + message.getClass().getSimpleName() + ", the contract says " + type.getSimpleName()));
        }
        return type.cast(message);
    }

    private static MessageLite parse(Invocation invocation, Payload.Opaque opaque) {
        var operation = Contracts.find(invocation.contract())
                .flatMap(contract -> contract.operation(invocation.operation()))
                .orElseThrow(() -> unknownOperation(invocation));
        return ((Payload.Typed) operation.parseRequest(opaque.bytes())).message();
    }

    /** The failure of a call whose operation its target does not have. */
    public static InvocationException unknownOperation(Invocation invocation) {
        return new InvocationException(new InvocationFailure.UnknownOperation(
                invocation.target().value(),
                "has no operation " + invocation.operation() + " of " + invocation.contract()));
    }

    /** The failure of a call that came too late for {@code provider} to begin it. */
    public static InvocationException deadlinePassed(EntityId provider, Invocation invocation) {
        return new InvocationException(new InvocationFailure.DeadlineExceeded(
                provider.value(), invocation.operation() + " was not begun, its deadline had passed"));
    }
}

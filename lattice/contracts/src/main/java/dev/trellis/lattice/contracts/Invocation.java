package dev.trellis.lattice.contracts;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.time.Duration;

/**
 * One call of an operation, from an actor or provider to another. Immutable; the same value is passed on when both
 * share a host, and sent as {@code CallRequest} when they do not.
 *
 * @param contract the canonical name of the contract
 * @param operation name in the contract's operation table; for opaque contracts whatever the source says
 * @param deadline end of this call and of all it sets off
 * @param hops calls between the first one and this one; {@value #HOPS_MAX} at most
 */
public record Invocation(
        InvocationId id,
        EntityId source,
        EntityId target,
        LinkName linkName,
        ContractId contract,
        String operation,
        Payload payload,
        Deadline deadline,
        TraceContext trace,
        int hops) {
    /** Deepest call tree; a call beyond it fails as {@link InvocationFailure.TooDeep}. */
    public static final int HOPS_MAX = 32;

    /** Longest operation name. */
    public static final int OPERATION_LENGTH_MAX = 255;

    /** Time that a call gets whose caller sets none. */
    public static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(2);

    public Invocation {
        if (hops < 0 || hops > HOPS_MAX) {
            throw new InvocationException(new InvocationFailure.TooDeep(target.value(), hops));
        }
        if (operation.isEmpty() || operation.length() > OPERATION_LENGTH_MAX) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    "operation name", "must have 1 to " + OPERATION_LENGTH_MAX + " characters"));
        }
    }

    /** The first call of a tree: new identity, no hops yet. */
    public static Invocation first(
            EntityId source,
            EntityId target,
            LinkName linkName,
            ContractId contract,
            String operation,
            Payload payload,
            Deadline deadline,
            TraceContext trace) {
        return new Invocation(
                InvocationId.random(), source, target, linkName, contract, operation, payload, deadline, trace, 0);
    }

    /** This call with the context of the span that it is measured by. */
    public Invocation withTrace(TraceContext span) {
        return new Invocation(id, source, target, linkName, contract, operation, payload, deadline, span, hops);
    }

    /** The same call with its payload in another form. */
    public Invocation withPayload(Payload same) {
        return new Invocation(id, source, target, linkName, contract, operation, same, deadline, trace, hops);
    }

    /** The same call, to where its link points now. Only right while it has run nowhere. */
    public Invocation to(EntityId newTarget) {
        return new Invocation(id, source, newTarget, linkName, contract, operation, payload, deadline, trace, hops);
    }

    /** A call that the target of this one makes on its behalf: same deadline and trace, one hop deeper. */
    public Invocation child(
            EntityId childTarget,
            LinkName childLink,
            ContractId childContract,
            String childOperation,
            Payload childPayload) {
        return new Invocation(
                InvocationId.random(),
                target,
                childTarget,
                childLink,
                childContract,
                childOperation,
                childPayload,
                deadline,
                trace,
                hops + 1);
    }
}

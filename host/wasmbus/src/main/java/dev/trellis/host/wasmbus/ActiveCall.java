package dev.trellis.host.wasmbus;

import dev.trellis.host.actor.ActorCall;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.EntityId;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One call that a classic guest is answering, or its initialisation: what host functions hand over between guest and host. */
class ActiveCall extends ActorCall {
    final byte[] operation;
    final GuestBytes request;

    boolean requestTaken;

    @Nullable
    GuestBytes response;

    @Nullable
    String error;

    @Nullable
    GuestBytes hostResponse;

    byte @Nullable [] hostError;

    /** @param invocation null during initialisation */
    ActiveCall(
            EntityId actor,
            ActorLimits limits,
            GuestServices services,
            byte[] operation,
            GuestBytes request,
            @Nullable Invocation invocation,
            Deadline deadline) {
        super(actor, limits, services, invocation, deadline);
        this.operation = operation;
        this.request = request;
    }

    /** The guest is told about the failure of its host call, and it is remembered as the cause if the guest fails too. */
    void hostCallFailed(InvocationFailure failure) {
        remember(failure);
        hostError = FailureText.of(failure).getBytes(StandardCharsets.UTF_8);
    }
}

package dev.trellis.host.wasi;

import dev.trellis.host.actor.ActorCall;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.model.EntityId;
import org.jspecify.annotations.Nullable;

/** One call that a component is answering, or its initialisation; attached to its instance meanwhile. */
final class WasiCall extends ActorCall {
    private final Waker waker = new Waker();

    /** @param invocation null during initialisation */
    WasiCall(
            EntityId actor,
            ActorLimits limits,
            GuestServices services,
            @Nullable Invocation invocation,
            Deadline deadline) {
        super(actor, limits, services, invocation, deadline);
    }

    /** Where the guest waits, and is woken when something happens that it may wait for. */
    Waker waker() {
        return waker;
    }
}

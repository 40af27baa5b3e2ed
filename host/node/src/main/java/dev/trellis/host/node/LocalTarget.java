package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import java.util.Optional;

/** An actor or provider that runs on this host, takes calls, and tells their spans. Safe for concurrent use. */
sealed interface LocalTarget permits LocalActor, LocalProvider {
    EntityId id();

    /**
     * Handles a call that this host could start at once; empty if it would have to wait.
     *
     * @throws dev.trellis.lattice.contracts.InvocationException with the reason if it failed
     */
    Optional<Payload> invokeNow(Invocation invocation, CallSpan span) throws InterruptedException;

    /** Handles a call, waiting for its turn until the call's deadline. */
    Payload invoke(Invocation invocation, CallSpan span) throws InterruptedException;
}

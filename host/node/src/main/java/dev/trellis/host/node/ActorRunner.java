package dev.trellis.host.node;

import dev.trellis.host.actor.CallObserver;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;

/** A loaded actor of one guest kind, ready to handle calls; any number at once. Owns its instances. */
interface ActorRunner extends AutoCloseable {
    /**
     * Runs one call in an instance with fresh state, by the call's deadline, and tells {@code observer} how it goes.
     *
     * @throws dev.trellis.lattice.contracts.InvocationException with the reason if it failed
     */
    Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException;

    /** What is known of the actor from its module. */
    ActorFacts facts();

    /** Frees the instances. Calls in flight fail. */
    @Override
    void close();
}

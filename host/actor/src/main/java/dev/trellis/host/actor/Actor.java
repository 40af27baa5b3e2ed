package dev.trellis.host.actor;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.Payload;

/** A guest of any kind that answers calls, with the instances that it needs. Safe for concurrent use. */
public interface Actor extends AutoCloseable {
    /**
     * Answers one call on this thread, in an instance of its own. The guest gets the earlier of the invocation's deadline
     * and its own time budget.
     *
     * @return the reply as the contract has it; for a request that is {@link Payload.Streamed} as that says
     * @throws InvocationException with the reason if there is no reply
     * @throws InterruptedException if the calling thread was interrupted; the guest may have run
     */
    Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException;

    /** Drops idle instances; those that answer a call are dropped after it. New calls fail as having no target. */
    @Override
    void close();
}

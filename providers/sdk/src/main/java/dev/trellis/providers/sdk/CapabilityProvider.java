package dev.trellis.providers.sdk;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.LinkKey;

/**
 * A capability provider: gives actors a capability (a store, HTTP) by a contract. It never sees an actor's own bytes,
 * only messages of the contract.
 *
 * <p>The host calls {@link #linkPut}, {@link #linkDelete} and {@link #close} one at a time; {@link #invoke} and
 * {@link #health} at any time from any virtual thread. Each has its time: when it is over, the calling thread is
 * interrupted and the host goes on. A provider that heeds neither keeps at most its own links and calls waiting.
 */
public interface CapabilityProvider extends AutoCloseable {
    /**
     * Takes a link, or a newer generation of one it has: same {@link dev.trellis.lattice.model.Link#key() key}, greater generation, and then
     * calls go on without a gap. Returning is the acknowledgement: calls over the link work from now on, though what
     * lies behind the provider may be away for a while.
     *
     * <p>Must return within 10 s. Then the link shows as refused, and no other link is offered until this method
     * returns; an acknowledgement counts even so. {@link #close} may be called meanwhile.
     *
     * @throws LinkRejectedException if the link's config is not valid here; nothing has changed then
     */
    void linkPut(ProviderLink link) throws LinkRejectedException, InterruptedException;

    /**
     * Forgets a link and frees what only it used. Calls in flight may finish or fail. Unknown keys do
     * nothing. Must return within 10 s, as {@link #linkPut}.
     */
    void linkDelete(LinkKey link);

    /**
     * Handles one call of an actor over {@code link}, which this provider has acknowledged. Blocks the calling
     * virtual thread until done; must end by the invocation's deadline.
     *
     * @throws dev.trellis.lattice.contracts.InvocationException with the reason: {@code Unavailable} when the store
     *     cannot be reached, {@code DeadlineExceeded}, {@code UnknownOperation}, {@code ProviderFailed}
     */
    Payload invoke(ProviderLink link, Invocation invocation) throws InterruptedException;

    /**
     * Calls go to this provider from now on, and not to the one that it was started beside any more; takes over what
     * only one of them can hold. Must not fail, and return at once. One that holds nothing of the kind does nothing.
     */
    default void takeOver() {}

    /** Whether the provider can do its work now. Must return within 1 s, else it counts as unhealthy. */
    Health health();

    /**
     * Ends the provider: takes no new work, lets work in flight finish for a bounded time, frees everything. Must
     * return within 10 s; then the provider counts as stopped.
     */
    @Override
    void close();
}

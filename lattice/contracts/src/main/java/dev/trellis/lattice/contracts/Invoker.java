package dev.trellis.lattice.contracts;

/** Makes calls: finds where the target runs, in this process or on another host, and waits for the reply. */
@FunctionalInterface
public interface Invoker {
    /**
     * Makes one call. Blocks on the caller's thread until the reply or the deadline; safe for concurrent use. A call
     * is made at most once unless its operation is idempotent.
     *
     * @return the reply: {@link Payload.Typed} for a contract that Trellis knows, else {@link Payload.Opaque}
     * @throws InvocationException with the reason if there is no reply
     * @throws InterruptedException if the calling thread was interrupted; the call may have run
     */
    Payload invoke(Invocation invocation) throws InterruptedException;
}

package dev.trellis.lattice.transport;

/** A subscription or watch; closing it ends it. No handler is called after {@link #close()} has returned. Idempotent. */
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}

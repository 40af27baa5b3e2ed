package dev.trellis.lattice.transport;

/**
 * A subscription or watch; closing it ends it. No handler is called after {@link #close()} has returned: it waits for
 * one that is running, unless that one is the caller, for at most a second. What is sent after that finds no subscriber
 * here: the server knows, unless the handler itself has called it. Idempotent.
 */
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}

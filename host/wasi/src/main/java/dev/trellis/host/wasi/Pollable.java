package dev.trellis.host.wasi;

/** Something that a guest can wait for: {@code wasi:io/poll.pollable}. Used by the guest's thread. */
interface Pollable {
    /** The time of {@link #readyAtNanos} of what does not become ready by the passing of time. */
    long NEVER = Long.MAX_VALUE;

    /** Whether there is nothing left to wait for. What changes it from another thread calls {@link Waker#wake} afterwards. */
    boolean ready();

    /** When it becomes ready by the clock, as {@link System#nanoTime}; {@link #NEVER} if only {@link Waker#wake} tells. */
    default long readyAtNanos() {
        return NEVER;
    }

    /** The guest has dropped it, or ended. Streams that are ones too: the guest has dropped the stream. */
    default void close() {}
}

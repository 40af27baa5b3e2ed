package dev.trellis.host.wasi;

/** What a guest writes to: the other side of {@code wasi:io/streams.output-stream}. Used by the guest's thread; never blocks. */
interface GuestOutput extends Pollable {
    /**
     * How many bytes {@link #write} takes now; 0 until {@link #ready}.
     *
     * @throws StreamException if it takes no more at all
     */
    long writable() throws StreamException;

    /**
     * Takes bytes, at most as many as {@link #writable} said. They belong to the stream now.
     *
     * @throws StreamException if it takes no more
     */
    void write(byte[] bytes) throws StreamException;

    /**
     * Sends on what was written; is not ready until that is done.
     *
     * @throws StreamException if it takes no more
     */
    void flush() throws StreamException;

    /** The guest has dropped the stream. */
    @Override
    default void close() {}
}

package dev.trellis.host.wasi;

/** What a guest reads from: the other side of {@code wasi:io/streams.input-stream}. Used by the guest's thread; never blocks. */
interface GuestInput extends Pollable {
    /**
     * Takes what has come.
     *
     * @param max at least 1
     * @return at most {@code max} bytes, empty if none have come yet; belongs to the caller
     * @throws StreamException at the end, or if nothing more will come; so does every call after it
     */
    byte[] read(int max) throws StreamException;

    /** The guest has dropped the stream. */
    @Override
    default void close() {}
}

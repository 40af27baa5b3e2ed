package dev.trellis.host.wasi;

import java.util.Optional;

/** A stream gives or takes no more: what guests see as {@code stream-error}. */
final class StreamException extends Exception {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never serialised
    private final Optional<IoError> error;

    private StreamException(Optional<IoError> error) {
        super(error.map(IoError::message).orElse("the stream is closed"), null, false, false);
        this.error = error;
    }

    /** The regular end. */
    static StreamException closed() {
        return new StreamException(Optional.empty());
    }

    static StreamException failed(IoError error) {
        return new StreamException(Optional.of(error));
    }

    /** Why the last operation failed; empty if the stream has just ended. */
    Optional<IoError> error() {
        return error;
    }
}

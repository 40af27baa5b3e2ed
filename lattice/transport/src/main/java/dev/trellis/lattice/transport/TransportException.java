package dev.trellis.lattice.transport;

import org.jspecify.annotations.Nullable;

/** The lattice did not do what was asked; {@link #failure()} says why. */
public final class TransportException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never serialised; failures are records of strings
    private final TransportFailure failure;

    /** A failure with no exception behind it. */
    public TransportException(TransportFailure failure) {
        this(failure, null);
    }

    /** A failure that {@code cause} set off. */
    public TransportException(TransportFailure failure, @Nullable Throwable cause) {
        super(failure.message(), cause);
        this.failure = failure;
    }

    /** Why. */
    public TransportFailure failure() {
        return failure;
    }
}

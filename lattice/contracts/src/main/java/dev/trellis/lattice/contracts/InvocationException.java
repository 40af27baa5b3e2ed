package dev.trellis.lattice.contracts;

import org.jspecify.annotations.Nullable;

/** A call failed; {@link #failure()} says how. Without a stack trace: it is a result, and calls are many. */
public final class InvocationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never serialised; failures are records of strings
    private final InvocationFailure failure;

    /** A failure with no exception behind it. */
    public InvocationException(InvocationFailure failure) {
        this(failure, null);
    }

    /** A failure that {@code cause} set off. */
    public InvocationException(InvocationFailure failure, @Nullable Throwable cause) {
        super(failure.describe(), cause, false, false);
        this.failure = failure;
    }

    /** How the call failed. */
    public InvocationFailure failure() {
        return failure;
    }
}

package dev.trellis.host.actor;

import dev.trellis.lattice.contracts.InvocationFailure;

/** Leaves a guest from inside a host function: its call ends here with {@link #failure()}. */
public final class CallEndedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never serialised
    private final InvocationFailure failure;

    public CallEndedException(InvocationFailure failure) {
        super(failure.describe(), null, false, false);
        this.failure = failure;
    }

    public InvocationFailure failure() {
        return failure;
    }
}

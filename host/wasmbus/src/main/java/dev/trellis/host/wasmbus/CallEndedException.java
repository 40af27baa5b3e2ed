package dev.trellis.host.wasmbus;

import dev.trellis.lattice.contracts.InvocationFailure;

/** Leaves a guest from inside a host function: its call ends here with {@link #failure()}. */
final class CallEndedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never serialised
    private final InvocationFailure failure;

    CallEndedException(InvocationFailure failure) {
        super(failure.describe(), null, false, false);
        this.failure = failure;
    }

    InvocationFailure failure() {
        return failure;
    }
}

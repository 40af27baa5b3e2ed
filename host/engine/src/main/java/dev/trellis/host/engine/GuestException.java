package dev.trellis.host.engine;

import org.jspecify.annotations.Nullable;

/** Carries a {@link GuestFailure} out of a guest call. Has no stack trace: the failure says what is to know. */
public final class GuestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient GuestFailure failure;

    GuestException(GuestFailure failure, @Nullable Throwable cause) {
        super(failure.describe(), cause, true, false);
        this.failure = failure;
    }

    public GuestFailure failure() {
        return failure;
    }
}

package dev.trellis.host.engine;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Carries a {@link GuestFailure} out of a guest call. Has no stack trace: the failure says what is to know. */
public final class GuestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient GuestFailure failure;

    GuestException(GuestFailure failure, @Nullable Throwable cause) {
        super(failure.describe(), cause, true, false);
        this.failure = failure;
    }

    /** For host code that runs between guests: the guest broke a rule that the host enforces, as if it had trapped itself. */
    public static GuestException trapped(String rule) {
        return new GuestException(new GuestFailure.Trapped(rule, Optional.empty()), null);
    }

    /** For host functions that end the guest's call as the guest wishes, with an exit code. */
    public static GuestException exited(int code) {
        return new GuestException(new GuestFailure.Exited(code), null);
    }

    public GuestFailure failure() {
        return failure;
    }
}

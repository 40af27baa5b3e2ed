package dev.trellis.lattice.model;

import org.jspecify.annotations.Nullable;

/**
 * Envelope of every control interface reply: {@code CtlResponse} of wasmCloud 1.9.
 *
 * @param success whether the request was accepted; what it set off is told by events
 * @param message why not, or what was done; may be empty
 * @param response the data asked for; absent where the operation has none
 */
public record ControlReply<T>(
        boolean success, String message, @Nullable T response) {
    public ControlReply {
        message = message == null ? "" : message;
    }

    /** Accepted, with nothing to hand back. */
    public static ControlReply<Void> accepted(String message) {
        return new ControlReply<>(true, message, null);
    }

    /** Accepted, with the data asked for. */
    public static <T> ControlReply<T> of(T response) {
        return new ControlReply<>(true, "", response);
    }

    /** Refused; {@code message} says what was expected. */
    public static <T> ControlReply<T> refused(String message) {
        return new ControlReply<>(false, message, null);
    }
}

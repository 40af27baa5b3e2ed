package dev.trellis.wadm.server;

import org.jspecify.annotations.Nullable;

/** The controller cannot start with what it found on its disk; the message says what to do. */
public final class WadmStartException extends Exception {
    private static final long serialVersionUID = 1L;

    WadmStartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    WadmStartException(String message) {
        this(message, null);
    }
}

package dev.trellis.host.node;

import org.jspecify.annotations.Nullable;

/** An image cannot be had or used: the message names it, says why, and what to do. */
final class ImageException extends Exception {
    private static final long serialVersionUID = 1L;

    ImageException(String message) {
        this(message, null);
    }

    ImageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}

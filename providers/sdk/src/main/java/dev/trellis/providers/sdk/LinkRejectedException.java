package dev.trellis.providers.sdk;

import org.jspecify.annotations.Nullable;

/** A provider does not take a link: the message says which setting, what was expected, and what to do. */
public final class LinkRejectedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Rejected for {@code message}. */
    public LinkRejectedException(String message) {
        this(message, null);
    }

    /** Rejected for {@code message}, set off by {@code cause}. */
    public LinkRejectedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}

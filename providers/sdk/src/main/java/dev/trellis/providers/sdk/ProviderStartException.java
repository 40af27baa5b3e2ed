package dev.trellis.providers.sdk;

import org.jspecify.annotations.Nullable;

/** A provider cannot start: the message says which setting, what was expected, and what to do. */
public final class ProviderStartException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Failed for {@code message}. */
    public ProviderStartException(String message) {
        this(message, null);
    }

    /** Failed for {@code message}, set off by {@code cause}. */
    public ProviderStartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}

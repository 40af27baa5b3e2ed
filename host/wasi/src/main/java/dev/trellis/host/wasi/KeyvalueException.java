package dev.trellis.host.wasi;

import dev.trellis.host.component.Variant;

/** A key-value operation failed, and the guest is told. */
final class KeyvalueException extends Exception {
    private static final long serialVersionUID = 1L;

    static final Variant NO_SUCH_STORE = Variant.of("no-such-store");

    @SuppressWarnings("serial") // never serialised
    private final Variant error;

    /** @param error of {@code wasi:keyvalue/store} */
    KeyvalueException(Variant error) {
        super(error.toString(), null, false, false);
        this.error = error;
    }

    static Variant other(String why) {
        return new Variant("other", why);
    }

    Variant error() {
        return error;
    }
}

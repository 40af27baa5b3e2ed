package dev.trellis.host.component;

/** Bytes are not the values that a function takes or gives, or its values do not fit into as many bytes as there may be. */
public final class ValueFormException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Reason {
        /** The bytes are of a function of another type: the two sides were built with different WIT. */
        OTHER_TYPE,
        /** The bytes are no values of the type. */
        MALFORMED,
        /** They would be more than is allowed. */
        TOO_LARGE
    }

    private final Reason reason;

    ValueFormException(Reason reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}

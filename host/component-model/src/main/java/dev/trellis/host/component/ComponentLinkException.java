package dev.trellis.host.component;

/** A valid component cannot be given what it asks for, or asks for what Trellis does not have. Linking again fails again. */
public final class ComponentLinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String subject;
    private final String expectation;

    ComponentLinkException(String subject, String expectation) {
        super(subject + ": " + expectation);
        this.subject = subject;
        this.expectation = expectation;
    }

    /** What of the component does not fit: {@code import wasi:io/streams@0.2.3}. */
    public String subject() {
        return subject;
    }

    /** What the component expects and what there is. */
    public String expectation() {
        return expectation;
    }
}

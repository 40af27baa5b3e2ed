package dev.trellis.host.engine;

/**
 * A valid module cannot be given what it asks for: an import is missing or has another signature, or its first memory or
 * tables are above the guest's limits. Creating the pool again gives the same answer.
 */
public final class LinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String subject;
    private final String expectation;

    LinkException(String subject, String expectation) {
        super(subject + ": " + expectation);
        this.subject = subject;
        this.expectation = expectation;
    }

    /** What of the module does not fit: {@code import wasmbus.__host_call}, {@code memory 0}. */
    public String subject() {
        return subject;
    }

    /** What the module expects and what there is. */
    public String expectation() {
        return expectation;
    }
}

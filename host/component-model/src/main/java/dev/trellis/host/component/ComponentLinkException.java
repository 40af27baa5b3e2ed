package dev.trellis.host.component;

import java.util.List;

/** A valid component cannot be given what it asks for, or asks for what Trellis does not have. Linking again fails again. */
public final class ComponentLinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Others that the message about one problem names. */
    private static final int OTHERS_MAX = 20;

    private final String subject;
    private final String expectation;

    public ComponentLinkException(String subject, String expectation) {
        super(subject + ": " + expectation);
        this.subject = subject;
        this.expectation = expectation;
    }

    /** The first of several, which names the others. */
    static ComponentLinkException of(List<ComponentLinkException> problems) {
        ComponentLinkException first = problems.getFirst();
        if (problems.size() == 1) {
            return first;
        }
        List<String> others = problems.stream()
                .skip(1)
                .limit(OTHERS_MAX)
                .map(ComponentLinkException::subject)
                .toList();
        int unnamed = problems.size() - 1 - others.size();
        return new ComponentLinkException(
                first.subject(),
                first.expectation() + "; also " + String.join("; ", others)
                        + (unnamed > 0 ? "; and " + unnamed + " more" : ""));
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

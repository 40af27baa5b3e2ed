package dev.trellis.host.component;

/** The bytes are no component that Trellis runs. Reading them again gives the same answer. */
public final class InvalidComponentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What the bytes break. */
    public enum Kind {
        /** The binary format. */
        MALFORMED,
        /** A rule about well-formed content: types, names, indices, limits. */
        INVALID
    }

    private final Kind kind;
    private final String rule;
    private final int offset;

    /** Names in a component may be long; a message is not. */
    private static final int RULE_CHARS_MAX = 1_000;

    private InvalidComponentException(Kind kind, int offset, String rule) {
        super("component refused at byte " + offset + ": " + abbreviated(rule));
        this.kind = kind;
        this.rule = abbreviated(rule);
        this.offset = offset;
    }

    static InvalidComponentException malformed(int offset, String rule) {
        return new InvalidComponentException(Kind.MALFORMED, offset, rule);
    }

    static InvalidComponentException invalid(int offset, String rule) {
        return new InvalidComponentException(Kind.INVALID, offset, rule);
    }

    private static String abbreviated(String rule) {
        return rule.length() <= RULE_CHARS_MAX ? rule : rule.substring(0, RULE_CHARS_MAX) + " ...";
    }

    public Kind kind() {
        return kind;
    }

    /** What the component had to keep to, and what it has instead. */
    public String rule() {
        return rule;
    }

    /** Where in the bytes: the first byte that breaks the rule, or of the definition that does. */
    public int offset() {
        return offset;
    }
}

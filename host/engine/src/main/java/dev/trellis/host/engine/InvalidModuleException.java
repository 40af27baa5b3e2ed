package dev.trellis.host.engine;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The bytes are no module that this engine runs: malformed, invalid, above a limit, or too costly to compile.
 * Loading them again gives the same answer.
 */
public final class InvalidModuleException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final long OFFSET_UNKNOWN = -1;

    private final String rule;
    private final long offset;

    InvalidModuleException(String rule, long offset) {
        super("module refused at byte " + offset + ": " + rule);
        this.rule = rule;
        this.offset = offset;
    }

    InvalidModuleException(String rule, @Nullable Throwable cause) {
        super("module refused: " + rule, cause);
        this.rule = rule;
        this.offset = OFFSET_UNKNOWN;
    }

    /** The same refusal for another caller, with that caller's stack trace. */
    InvalidModuleException(InvalidModuleException first) {
        super(first.getMessage(), first);
        this.rule = first.rule;
        this.offset = first.offset;
    }

    /** What the module had to keep to, and what it has instead. */
    public String rule() {
        return rule;
    }

    /** Where in the module's bytes, if known. */
    public OptionalLong offset() {
        return offset == OFFSET_UNKNOWN ? OptionalLong.empty() : OptionalLong.of(offset);
    }
}

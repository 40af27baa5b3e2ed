package dev.trellis.lattice.model;

import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * W3C trace context of a call, level 1: the {@code traceparent} header in its parts and {@code tracestate} verbatim
 * (empty when there is none, dropped when longer than 512 characters or not printable ASCII).
 *
 * @param traceId 32 lower-case hex digits, not all zero
 * @param spanId 16 lower-case hex digits, not all zero: the parent of whatever happens next
 * @param sampled whether the caller records this trace
 * @see <a href="https://www.w3.org/TR/trace-context/">Trace Context</a>
 */
public record TraceContext(String traceId, String spanId, boolean sampled, String state) {
    /** Name of the header that carries {@link #parent()}. */
    public static final String PARENT_HEADER = "traceparent";

    /** Name of the header that carries {@link #state()}. */
    public static final String STATE_HEADER = "tracestate";

    private static final Pattern PARENT =
            Pattern.compile("(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
    private static final int STATE_LENGTH_MAX = 512;

    public TraceContext {
        if (state.length() > STATE_LENGTH_MAX || !state.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            state = "";
        }
    }

    /** A new trace with random ids, not sampled by anybody yet. */
    public static TraceContext root() {
        var random = ThreadLocalRandom.current();
        return new TraceContext(
                HexFormat.of().toHexDigits(random.nextLong() | 1)
                        + HexFormat.of().toHexDigits(random.nextLong()),
                HexFormat.of().toHexDigits(random.nextLong() | 1),
                true,
                "");
    }

    /** The context that a {@code traceparent} header carries; empty if it is not a valid one. */
    public static Optional<TraceContext> parse(String parent, String state) {
        var match = PARENT.matcher(parent);
        if (!match.matches()
                || match.group(1).chars().allMatch(c -> c == '0')
                || match.group(2).chars().allMatch(c -> c == '0')) {
            return Optional.empty();
        }
        boolean sampled = (Integer.parseInt(match.group(3), 16) & 1) == 1;
        return Optional.of(new TraceContext(match.group(1), match.group(2), sampled, state));
    }

    /** The {@code traceparent} header of this context. */
    public String parent() {
        return "00-" + traceId + "-" + spanId + (sampled ? "-01" : "-00");
    }
}

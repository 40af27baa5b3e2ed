package dev.trellis.lattice.model;

import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * W3C trace context of a call, level 1: the {@code traceparent} header in its parts and {@code tracestate} verbatim
 * (empty when there is none, dropped when longer than 512 characters or not printable ASCII).
 *
 * @param traceHigh first half of the trace id; not zero together with {@code traceLow}
 * @param span id of the parent of whatever happens next; not zero
 * @param sampled whether the caller records this trace
 * @see <a href="https://www.w3.org/TR/trace-context/">Trace Context</a>
 */
public record TraceContext(long traceHigh, long traceLow, long span, boolean sampled, String state) {
    /** Name of the header that carries {@link #parent()}. */
    public static final String PARENT_HEADER = "traceparent";

    /** Name of the header that carries {@link #state()}. */
    public static final String STATE_HEADER = "tracestate";

    private static final HexFormat HEX = HexFormat.of();
    private static final int STATE_LENGTH_MAX = 512;
    private static final int PARENT_LENGTH = 55;

    public TraceContext {
        if ((traceHigh | traceLow) == 0 || span == 0) {
            throw new IllegalArgumentException("trace id and span id must not be zero");
        }
        if (!state.isEmpty() && !carried(state)) {
            state = "";
        }
    }

    private static boolean carried(String state) {
        return state.length() <= STATE_LENGTH_MAX && state.chars().allMatch(c -> c >= ' ' && c <= '~');
    }

    /** A new trace with random ids. */
    public static TraceContext root() {
        var random = ThreadLocalRandom.current();
        return new TraceContext(random.nextLong() | 1, random.nextLong(), random.nextLong() | 1, true, "");
    }

    /** The context that a {@code traceparent} header carries; empty if it is not a valid one. */
    public static Optional<TraceContext> parse(String parent, String state) {
        if (parent.length() < PARENT_LENGTH
                || parent.charAt(2) != '-'
                || parent.charAt(35) != '-'
                || parent.charAt(52) != '-'
                || !lowerHex(parent, 0, 2)
                || !lowerHex(parent, 3, 35)
                || !lowerHex(parent, 36, 52)
                || !lowerHex(parent, 53, 55)) {
            return Optional.empty();
        }
        boolean first = parent.startsWith("00");
        if (parent.startsWith("ff")
                || (parent.length() > PARENT_LENGTH && (first || parent.charAt(PARENT_LENGTH) != '-'))) {
            return Optional.empty(); // only later versions may say more
        }
        long high = HexFormat.fromHexDigitsToLong(parent, 3, 19);
        long low = HexFormat.fromHexDigitsToLong(parent, 19, 35);
        long span = HexFormat.fromHexDigitsToLong(parent, 36, 52);
        if ((high | low) == 0 || span == 0) {
            return Optional.empty();
        }
        boolean sampled = (HexFormat.fromHexDigit(parent.charAt(54)) & 1) == 1;
        return Optional.of(new TraceContext(high, low, span, sampled, state));
    }

    private static boolean lowerHex(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    /** This context, saying that nobody records it. */
    public TraceContext unsampled() {
        return sampled ? new TraceContext(traceHigh, traceLow, span, false, state) : this;
    }

    /** The trace id: 32 lower-case hex digits. */
    public String traceId() {
        return HEX.toHexDigits(traceHigh) + HEX.toHexDigits(traceLow);
    }

    /** The {@code traceparent} header of this context. */
    public String parent() {
        return "00-" + traceId() + "-" + HEX.toHexDigits(span) + (sampled ? "-01" : "-00");
    }
}

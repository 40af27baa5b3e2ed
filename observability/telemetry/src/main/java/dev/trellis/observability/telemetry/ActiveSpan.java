package dev.trellis.observability.telemetry;

import dev.trellis.lattice.model.TraceContext;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanKind;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A piece of work that is going on, and becomes a span when it ends. Cheap: what it notes is put into OpenTelemetry's
 * form by the thread that exports it, and nothing is noted where nobody records.
 *
 * <p>Used by one thread at a time. Subclasses note in fields of their own and say so in {@link #describe}.
 */
public class ActiveSpan implements AutoCloseable {
    /** Attributes of one span; further ones are not noted. */
    static final int ATTRIBUTES_MAX = 32;

    /** Longest text of an attribute; the rest is cut. */
    public static final int TEXT_LENGTH_MAX = 1024;

    private final Telemetry telemetry;
    private final @Nullable TraceContext parent;
    private final TraceContext context;
    private final SpanKind kind;
    private final String name;
    private final boolean recorded;
    private final long startNanos;
    private long endNanos;
    private boolean ended;
    private Object @Nullable [] attributes;
    private int attributeCount;
    private @Nullable String failureType;
    private String failureMessage = "";

    /**
     * Begins now.
     *
     * @param parent null for the first span of a trace
     * @param name what is done, of a bounded set of names
     */
    protected ActiveSpan(Telemetry telemetry, SpanKind kind, String name, @Nullable TraceContext parent) {
        this.telemetry = telemetry;
        this.kind = kind;
        this.name = name;
        this.parent = parent;
        this.context = telemetry.contextUnder(parent);
        this.recorded = telemetry.recording() && context.sampled();
        this.startNanos = recorded ? System.nanoTime() : 0;
    }

    /** The context of what this work sets off. */
    public final TraceContext context() {
        return context;
    }

    /** Whether anything that is noted here is used; if not, the caller may spare itself the trouble. */
    public final boolean recorded() {
        return recorded;
    }

    /** Notes a text, cut to {@value #TEXT_LENGTH_MAX} characters. */
    public final ActiveSpan note(AttributeKey<String> key, String value) {
        if (recorded) {
            add(key, limited(value));
        }
        return this;
    }

    /** Notes a number. */
    public final ActiveSpan note(AttributeKey<Long> key, long value) {
        if (recorded) {
            add(key, value);
        }
        return this;
    }

    private void add(AttributeKey<?> key, Object value) {
        Object[] noted = attributes;
        if (noted == null) {
            noted = new Object[16];
            attributes = noted;
        } else if (attributeCount == noted.length) {
            if (attributeCount >= 2 * ATTRIBUTES_MAX) {
                return;
            }
            noted = Arrays.copyOf(noted, 2 * noted.length);
            attributes = noted;
        }
        noted[attributeCount++] = key;
        noted[attributeCount++] = value;
    }

    /** Notes that the work failed; the last word counts. {@code type} is one of a bounded set. */
    public final void fail(String type, String message) {
        if (recorded) {
            failureType = type;
            failureMessage = limited(message);
        }
    }

    /** Ends the work now. Only the first end counts. */
    public final void end() {
        if (recorded && !ended) {
            ended = true;
            endNanos = System.nanoTime();
            telemetry.ended(this);
        }
    }

    /** {@link #end()}. */
    @Override
    public final void close() {
        end();
    }

    /** What was noted in fields. Called after the end, by another thread. */
    protected void describe(AttributesBuilder to) {
        // a plain span has no fields
    }

    /** The name of the finished span. Called after the end, by another thread. */
    protected String name() {
        return name;
    }

    /** Whether the work failed. */
    public final boolean failed() {
        return failureType != null;
    }

    /** How long it took; only once it has ended. */
    public final long durationNanos() {
        return endNanos - startNanos;
    }

    /** {@code text}, cut so that nobody fills the memory with one attribute. */
    protected static String limited(String text) {
        return text.length() <= TEXT_LENGTH_MAX ? text : text.substring(0, TEXT_LENGTH_MAX - 3) + "...";
    }

    final Telemetry telemetry() {
        return telemetry;
    }

    final @Nullable TraceContext parent() {
        return parent;
    }

    /** Its kind. Called after the end, by another thread. */
    protected SpanKind kind() {
        return kind;
    }

    final long startNanos() {
        return startNanos;
    }

    /** When it ended, by {@link System#nanoTime()}. */
    public final long endNanos() {
        return endNanos;
    }

    final @Nullable String failureType() {
        return failureType;
    }

    final String failureMessage() {
        return failureMessage;
    }

    @SuppressWarnings("unchecked") // add() pairs keys and values of one type
    final void attributes(AttributesBuilder to) {
        Object[] noted = attributes;
        for (int i = 0; i < attributeCount && noted != null; i += 2) {
            to.put((AttributeKey<Object>) noted[i], noted[i + 1]);
        }
        describe(to);
        if (failureType != null) {
            to.put(TelemetryNames.ERROR_TYPE, failureType);
        }
    }
}

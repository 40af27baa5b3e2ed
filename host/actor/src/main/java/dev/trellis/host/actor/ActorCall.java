package dev.trellis.host.actor;

import dev.trellis.host.engine.GuestFailure;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.TraceContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * One call that a guest is answering, or its initialisation: what host functions of every guest kind need to know of it.
 * Belongs to the guest's thread.
 */
public class ActorCall {
    private static final char REPLACEMENT = '\uFFFD';

    private final EntityId actor;
    private final ActorLimits limits;
    private final GuestServices services;
    private final @Nullable Invocation invocation;
    private final Deadline deadline;

    private @Nullable InvocationFailure hostFailure;
    private @Nullable Invocation parent;
    private int hostCalls;
    private long logBytes;

    /**
     * A call of {@code actor}.
     *
     * @param invocation null during initialisation
     * @param deadline end of the guest's own time budget
     */
    public ActorCall(
            EntityId actor,
            ActorLimits limits,
            GuestServices services,
            @Nullable Invocation invocation,
            Deadline deadline) {
        this.actor = actor;
        this.limits = limits;
        this.services = services;
        this.invocation = invocation;
        this.deadline = deadline;
    }

    public final EntityId actor() {
        return actor;
    }

    public final ActorLimits limits() {
        return limits;
    }

    public final GuestServices services() {
        return services;
    }

    /** When the guest is ended at the latest, by its own time budget. */
    public final Deadline deadline() {
        return deadline;
    }

    /** Whether the guest answers a call; not so while it is initialised. */
    public final boolean underway() {
        return invocation != null;
    }

    /** The call on whose behalf host calls are made: the guest's deadline is theirs. */
    public final Invocation parent() {
        Invocation known = parent;
        if (known == null) {
            Invocation from = invocation;
            if (from == null) {
                throw trap("host calls are possible inside a call only, not while the actor starts");
            }
            known = new Invocation(
                    from.id(),
                    from.source(),
                    from.target(),
                    from.linkName(),
                    from.contract(),
                    from.operation(),
                    from.payload(),
                    from.deadline().orEarlier(deadline),
                    from.trace(),
                    from.hops());
            parent = known;
        }
        return known;
    }

    /** Counts a call to a provider or actor; ends this call at {@link ActorLimits#hostCallsMax}. */
    public final void countHostCall() {
        if (++hostCalls > limits.hostCallsMax()) {
            throw trap("it made more than " + limits.hostCallsMax() + " host calls (host-calls-max)");
        }
    }

    /** A host call failed: remembered as the cause if the guest fails too. */
    public final void remember(InvocationFailure failure) {
        hostFailure = failure;
    }

    /** The last failure of a host call. */
    public final Optional<InvocationFailure> hostFailure() {
        return Optional.ofNullable(hostFailure);
    }

    /** Counts before the text is even read; ends this call at {@link ActorLimits#logBytesMax}. */
    public final void countLog(int bytes) {
        logBytes += bytes;
        if (logBytes > limits.logBytesMax()) {
            throw trap("it logged more than " + limits.logBytesMax() + " bytes (log-bytes-max)");
        }
    }

    /** Logs line by line, empty ones left out, so that a guest cannot forge lines of others. */
    public final void log(Level level, String text) {
        TraceContext trace = invocation == null ? null : invocation.trace();
        int start = 0;
        for (int end; (end = text.indexOf('\n', start)) >= 0; start = end + 1) {
            if (end > start) {
                services.log(trace, level, printable(text.substring(start, end)));
            }
        }
        if (start < text.length()) {
            services.log(trace, level, printable(text.substring(start)));
        }
    }

    /** To be thrown from a host function: the guest is ended for {@code reason}. */
    public final CallEndedException trap(String reason) {
        return new CallEndedException(new InvocationFailure.Trapped(actor.value(), "call ended: " + reason));
    }

    /** What a call fails with whose guest was ended by the engine. */
    public static InvocationFailure failure(EntityId actor, GuestFailure failure) {
        String message = InvocationFailure.limited(failure.describe());
        return switch (failure) {
            case GuestFailure.TimedOut _ -> new InvocationFailure.DeadlineExceeded(actor.value(), message);
            case GuestFailure.Busy _, GuestFailure.HostMemoryExhausted _ ->
                new InvocationFailure.Overloaded(actor.value(), message);
            case GuestFailure.Trapped _,
                    GuestFailure.StackExhausted _,
                    GuestFailure.MemoryLimitReached _,
                    GuestFailure.TableLimitReached _,
                    GuestFailure.Exited _ -> new InvocationFailure.Trapped(actor.value(), message);
        };
    }

    private static String printable(String line) {
        for (int i = 0; i < line.length(); i++) {
            if (isControl(line.charAt(i))) {
                var clean = new StringBuilder(line);
                for (int j = i; j < clean.length(); j++) {
                    if (isControl(clean.charAt(j))) {
                        clean.setCharAt(j, REPLACEMENT);
                    }
                }
                return clean.toString();
            }
        }
        return line;
    }

    private static boolean isControl(char c) {
        return c != '\t' && (Character.isISOControl(c) || c == '\u2028' || c == '\u2029');
    }
}

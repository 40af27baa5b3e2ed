package dev.trellis.host.wasmbus;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.TraceContext;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** One call that a guest is answering, or its initialisation: what host functions hand over between guest and host. */
class ActiveCall {
    private static final char REPLACEMENT = '\uFFFD';

    final EntityId actor;
    final WasmbusLimits limits;
    final GuestServices services;
    final byte[] operation;
    final GuestBytes request;
    private final @Nullable Invocation invocation;
    private final Deadline deadline;

    boolean requestTaken;

    @Nullable
    GuestBytes response;

    @Nullable
    String error;

    @Nullable
    GuestBytes hostResponse;

    byte @Nullable [] hostError;
    private @Nullable InvocationFailure hostFailure;
    private @Nullable Invocation parent;
    private int hostCalls;
    private long logBytes;

    /** @param invocation null during initialisation */
    ActiveCall(
            EntityId actor,
            WasmbusLimits limits,
            GuestServices services,
            byte[] operation,
            GuestBytes request,
            @Nullable Invocation invocation,
            Deadline deadline) {
        this.actor = actor;
        this.limits = limits;
        this.services = services;
        this.operation = operation;
        this.request = request;
        this.invocation = invocation;
        this.deadline = deadline;
    }

    /** The call on whose behalf host calls are made: the guest's deadline is theirs. */
    Invocation parent() {
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

    void countHostCall() {
        if (++hostCalls > limits.hostCallsMax()) {
            throw trap("it made more than " + limits.hostCallsMax() + " host calls (host-calls-max)");
        }
    }

    /** The guest is told about the failure of its host call, and it is remembered as the cause if the guest fails too. */
    void hostCallFailed(InvocationFailure failure) {
        hostFailure = failure;
        hostError = FailureText.of(failure).getBytes(StandardCharsets.UTF_8);
    }

    Optional<InvocationFailure> hostFailure() {
        return Optional.ofNullable(hostFailure);
    }

    /** Counts before the text is even read. */
    void countLog(int bytes) {
        logBytes += bytes;
        if (logBytes > limits.logBytesMax()) {
            throw trap("it logged more than " + limits.logBytesMax() + " bytes (log-bytes-max)");
        }
    }

    /** Logs line by line, empty ones left out, so that a guest cannot forge lines of others. */
    void log(Level level, String text) {
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

    CallEndedException trap(String reason) {
        return new CallEndedException(new InvocationFailure.Trapped(actor.value(), "call ended: " + reason));
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

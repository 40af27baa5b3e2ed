package dev.trellis.host.wasmbus;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.EntityId;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.slf4j.event.Level;

/** A call that is one run of a command: request on standard input, reply on standard output. */
final class CommandCall extends ActiveCall {
    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream(0);
    private int stdinTaken;

    CommandCall(
            EntityId actor,
            ActorLimits limits,
            GuestServices services,
            byte[] operation,
            GuestBytes request,
            Invocation invocation,
            Deadline deadline) {
        super(actor, limits, services, operation, request, invocation, deadline);
    }

    int stdinLeft() {
        return request.length() - stdinTaken;
    }

    /** Where the next of standard input is in the request's array; it counts as taken. */
    int takeStdin(int length) {
        int at = stdinTaken;
        stdinTaken += length;
        return at;
    }

    void checkStdout(int more) {
        long total = (long) stdout.size() + more;
        if (total > limits().payloadBytesMax()) {
            throw new CallEndedException(new InvocationFailure.PayloadTooLarge(
                    actor().value(),
                    "reply is above the limit of " + limits().payloadBytesMax() + " bytes (payload-bytes-max)"));
        }
    }

    void writeStdout(byte[] bytes) {
        stdout.writeBytes(bytes);
    }

    void writeStderr(byte[] bytes) {
        stderr.writeBytes(bytes);
    }

    GuestBytes reply() {
        return GuestBytes.of(stdout.toByteArray());
    }

    /** What the command wrote to standard error, which is bounded as log text is. */
    String stderrText() {
        return stderr.toString(StandardCharsets.UTF_8);
    }

    /** The run is over: what it wrote to standard error is logged. */
    void logStderr() {
        if (stderr.size() > 0) {
            log(Level.INFO, stderrText());
        }
    }
}

package dev.trellis.host.node;

import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.transport.Message;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Refuses commands of a controller that is no longer the leader: remembers the highest epoch that a command has
 * carried. Commands without one, from people's tools, pass. Safe for concurrent use.
 */
final class EpochGuard {
    /** Header with the decimal epoch of the controller's lease. */
    static final String HEADER = "Trellis-Epoch";

    private final AtomicLong highest = new AtomicLong(Long.MIN_VALUE);

    /** Why the command must not be carried out; empty if it may. */
    Optional<ControlReply<Void>> refusal(Message message) {
        String header = message.headers().get(HEADER);
        if (header == null) {
            return Optional.empty();
        }
        long epoch;
        try {
            epoch = Long.parseLong(header);
        } catch (NumberFormatException e) {
            return Optional.of(ControlReply.refused("header " + HEADER + " must be a whole number"));
        }
        long seen = highest.accumulateAndGet(epoch, Math::max);
        return epoch < seen
                ? Optional.of(
                        ControlReply.refused("epoch %d has been superseded by %d: another controller leads this lattice"
                                .formatted(epoch, seen)))
                : Optional.empty();
    }
}

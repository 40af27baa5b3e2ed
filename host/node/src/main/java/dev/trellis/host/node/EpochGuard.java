package dev.trellis.host.node;

import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.TransportException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses commands of a controller that is no longer the leader: remembers the highest epoch that a command has
 * carried. A higher one counts only if the lease in the lattice's store has come that far, so that nobody can lock the
 * leader out with an invented epoch. Commands without an epoch, from people's tools, pass. Safe for concurrent use;
 * blocks only when the epoch rises, so call it from virtual threads.
 */
final class EpochGuard {
    /*
     * While the lease cannot be read, a rising epoch is refused: a controller that cannot reach that same store gives
     * up its lease within seconds, and one that can sends its command again with its next plan. The leader that was
     * in office keeps being obeyed all the while, since its epoch needs no reading.
     */

    /** Longest wait for the lease. */
    static final Duration READ_MAX = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(EpochGuard.class);

    /** Reads the epoch of the lattice's lease; empty if there is none. */
    interface LeaseReader {
        OptionalLong epoch() throws InterruptedException;
    }

    private final LeaseReader lease;
    private final Duration readMax;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile long highest = Long.MIN_VALUE;

    EpochGuard(LeaseReader lease) {
        this(lease, READ_MAX);
    }

    EpochGuard(LeaseReader lease, Duration readMax) {
        this.lease = lease;
        this.readMax = readMax;
    }

    /** Why the command must not be carried out; empty if it may. */
    Optional<ControlReply<Void>> refusal(Message message) throws InterruptedException {
        String header = message.headers().get(ControlRequests.EPOCH_HEADER);
        if (header == null) {
            return Optional.empty();
        }
        long epoch;
        try {
            epoch = Long.parseLong(header);
        } catch (NumberFormatException e) {
            return refused("header " + ControlRequests.EPOCH_HEADER + " must be a whole number");
        }
        if (epoch > highest) {
            var refusal = rise(epoch);
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        long seen = highest;
        return epoch < seen
                ? refused("epoch %d has been superseded by %d: another controller leads this lattice"
                        .formatted(epoch, seen))
                : Optional.empty();
    }

    /** Reads the lease, one caller at a time: those who waited find the epoch risen already. */
    private Optional<ControlReply<Void>> rise(long epoch) throws InterruptedException {
        if (!reading.tryLock(readMax.toNanos(), TimeUnit.NANOSECONDS)) {
            return notRead(epoch, "others wait for it already");
        }
        try {
            if (epoch <= highest) {
                return Optional.empty();
            }
            OptionalLong leased = read();
            if (leased.isEmpty() || epoch > leased.getAsLong()) {
                log.warn(
                        "A command with epoch {} was refused: the lattice's lease {}",
                        epoch,
                        leased.isEmpty() ? "does not exist" : "has epoch " + leased.getAsLong());
                return refused("epoch %d is not known to this lattice: its lease %s"
                        .formatted(epoch, leased.isEmpty() ? "does not exist" : "has epoch " + leased.getAsLong()));
            }
            highest = leased.getAsLong();
            return Optional.empty();
        } catch (TransportException e) {
            return notRead(epoch, e.failure().message());
        } catch (TimeoutException e) {
            return notRead(epoch, "no answer within " + readMax.toMillis() + " ms");
        } finally {
            reading.unlock();
        }
    }

    /** Not on the caller's thread, which thereby gets away in time whatever the store does. */
    private OptionalLong read() throws InterruptedException, TimeoutException {
        var task = new FutureTask<>(lease::epoch);
        Thread.ofVirtual().name("lease").start(task);
        try {
            return task.get(readMax.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("the lease could not be read", e.getCause());
        } finally {
            task.cancel(true);
        }
    }

    private static Optional<ControlReply<Void>> notRead(long epoch, String why) {
        return refused("epoch %d cannot be checked: the lattice's lease cannot be read (%s); send it again"
                .formatted(epoch, why));
    }

    private static Optional<ControlReply<Void>> refused(String message) {
        return Optional.of(ControlReply.refused(message));
    }
}

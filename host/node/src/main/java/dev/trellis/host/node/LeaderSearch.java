package dev.trellis.host.node;

import dev.trellis.lattice.transport.TransportException;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether somebody leads the lattice: a leader writes its lease anew every second. There is none as far as
 * this host is concerned if the lease cannot be read. Blocks; call it from a virtual thread.
 */
final class LeaderSearch {
    /** Time for one reading. */
    static final Duration READ_MAX = Duration.ofSeconds(1);

    /** How long a lease may stand still before nobody counts as leading: a successor may take three seconds. */
    static final Duration STILL_MAX = Duration.ofSeconds(4);

    private static final Duration READ_EVERY = Duration.ofMillis(250);
    private static final Logger log = LoggerFactory.getLogger(LeaderSearch.class);

    private final Callable<OptionalLong> revision;

    /** @param revision reads the revision of the lease; empty if there is none */
    LeaderSearch(Callable<OptionalLong> revision) {
        this.revision = revision;
    }

    /** Whether somebody leads. Takes at most {@link #STILL_MAX} and {@link #READ_MAX}. */
    boolean found() throws InterruptedException {
        OptionalLong first = read();
        long end = System.nanoTime() + STILL_MAX.toNanos();
        OptionalLong now = first;
        while (now.isPresent() && System.nanoTime() - end < 0) {
            if (!now.equals(first)) {
                return true;
            }
            TimeUnit.NANOSECONDS.sleep(READ_EVERY.toNanos());
            now = read();
        }
        return false;
    }

    /** Not on the caller's thread, which thereby gets away in time whatever the store does. */
    private OptionalLong read() throws InterruptedException {
        var task = new FutureTask<>(revision);
        Thread.ofVirtual().name("lease").start(task);
        try {
            return task.get(READ_MAX.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TransportException)) {
                log.warn("The lattice's lease could not be read", e.getCause());
            }
            return OptionalLong.empty();
        } catch (TimeoutException e) {
            return OptionalLong.empty();
        } finally {
            task.cancel(true);
        }
    }
}

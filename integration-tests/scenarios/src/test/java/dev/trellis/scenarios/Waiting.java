package dev.trellis.scenarios;

import dev.trellis.lattice.transport.TransportException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Waits for conditions of other processes, which can only be polled. */
final class Waiting {
    private static final long POLL_MILLIS = 20;

    private Waiting() {}

    /** A condition that may fail with anything; a failure to ask counts as an error of the test. */
    interface Condition {
        boolean holds() throws Exception;
    }

    /** Says what was waited for, with what was seen last. */
    interface Description {
        String text() throws Exception;
    }

    /** Waits until {@code condition} holds, a lattice that cannot be asked being one where it does not; fails with {@code what} if it does not within {@code time}. */
    static Duration until(Duration time, Description what, Condition condition) throws InterruptedException {
        long start = System.nanoTime();
        while (true) {
            try {
                if (condition.holds()) {
                    return Duration.ofNanos(System.nanoTime() - start);
                }
                if (System.nanoTime() - start > time.toNanos()) {
                    throw new AssertionError("not within " + time + ": " + what.text());
                }
            } catch (InterruptedException | AssertionError e) {
                throw e;
            } catch (TransportException e) {
                if (System.nanoTime() - start > time.toNanos()) {
                    throw new AssertionError("not within " + time + ": the lattice could not be asked", e);
                }
            } catch (Exception e) {
                throw new AssertionError("could not ask for the condition", e);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }
}

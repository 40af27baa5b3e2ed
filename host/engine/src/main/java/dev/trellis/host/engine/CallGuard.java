package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.ChicoryInterruptedException;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.runtime.WasmException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The way into one guest: one borrower at a time, its deadline, and how what goes wrong is told. Not for use by two
 * threads at once.
 */
final class CallGuard {
    private static final long[] NO_RESULTS = {};

    /** What only the guest knows about a failure. */
    interface Guest {
        /** Why the guest failed with {@code reason} thrown as {@code e}. */
        GuestFailure explain(String reason, Throwable e);
    }

    private final Watchdog watchdog;
    private final Guest guest;
    private final CallTicket ticket;
    private @Nullable Throwable hostFailure;
    private Duration budget = Duration.ZERO;
    private long deadlineNanos;
    private long lentNanos;
    private int depth;
    private boolean lent;
    private boolean broken;

    CallGuard(Watchdog watchdog, Guest guest) {
        this.watchdog = watchdog;
        this.guest = guest;
        this.ticket = watchdog.register();
    }

    /** Calls are allowed until {@link #takeBack}, all of them together for {@code newBudget}. */
    void lend(Duration newBudget, long deadline) {
        budget = newBudget;
        deadlineNanos = deadline;
        lentNanos = deadline - newBudget.toNanos();
        lent = true;
    }

    void takeBack() {
        if (depth > 0) {
            throw new IllegalStateException("a guest instance cannot be closed from inside its own call");
        }
        lent = false;
        hostFailure = null;
    }

    /** The guest is never called again. */
    void forget() {
        watchdog.remove(ticket);
    }

    boolean lent() {
        return lent;
    }

    boolean broken() {
        return broken;
    }

    void breakNow() {
        broken = true;
    }

    /** After an initialising call that ended by leaving the guest on purpose. */
    void mend() {
        broken = false;
    }

    boolean outermost() {
        return depth == 0;
    }

    Duration timeLeft() {
        return Duration.ofNanos(deadlineNanos - System.nanoTime());
    }

    /**
     * Calls a function of the guest, from outside or from a host function that it called.
     *
     * @throws GuestException if the guest ended without a result
     * @throws InterruptedException if this thread was interrupted, not counting interrupts at the end of the budget
     */
    long[] call(Machine machine, int function, long[] args) throws InterruptedException {
        if (!lent || broken) {
            throw new IllegalStateException(
                    lent ? "a broken guest instance cannot be called" : "a closed guest instance cannot be called");
        }
        if (depth > 0) {
            return nested(machine, function, args);
        }
        Throwable thrown;
        depth = 1;
        ticket.enter(Thread.currentThread(), deadlineNanos);
        watchdog.entered();
        try {
            long[] results = machine.call(function, args);
            ticket.leave();
            depth = 0;
            return results == null ? NO_RESULTS : results;
        } catch (Throwable e) {
            thrown = e;
        }
        broken = true;
        depth = 0;
        boolean timedOut = ticket.leave();
        throw timedOut ? new GuestException(new GuestFailure.TimedOut(budget), cause(thrown)) : failure(thrown);
    }

    /**
     * Runs host code that calls the guest several times as one call of it: with one entry, and under the deadline as a whole.
     *
     * @throws GuestException if the deadline passed or the stack ended while it ran, or as {@code work} throws it
     * @throws InterruptedException if this thread was interrupted, not counting interrupts at the end of the budget
     */
    <T extends @Nullable Object> T run(GuestStore.Work<T> work) throws InterruptedException {
        if (!lent || broken) {
            throw new IllegalStateException(
                    lent ? "a broken guest instance cannot be called" : "a closed guest instance cannot be called");
        }
        if (depth > 0) {
            return work.run();
        }
        Throwable thrown;
        depth = 1;
        ticket.enter(Thread.currentThread(), deadlineNanos);
        watchdog.entered();
        try {
            T result = work.run();
            ticket.leave();
            depth = 0;
            hostFailure = null;
            return result;
        } catch (Throwable e) {
            thrown = e;
        }
        broken = true;
        depth = 0;
        if (ticket.leave()) {
            throw new GuestException(new GuestFailure.TimedOut(budget), cause(thrown));
        }
        if (thrown instanceof StackOverflowError) {
            throw new GuestException(new GuestFailure.StackExhausted(), null);
        }
        if (thrown instanceof ChicoryInterruptedException) {
            Thread.interrupted();
            throw new InterruptedException("interrupted while a guest ran");
        }
        throw CallGuard.<RuntimeException>sneaky(thrown);
    }

    /**
     * Runs host code that waits for others, inside a call: the budget stands still meanwhile.
     *
     * @param untilNanos when the wait ends by itself, and the call with it
     */
    void await(long untilNanos, GuestStore.Wait wait) throws InterruptedException {
        long left = deadlineNanos - System.nanoTime();
        if (depth == 0 || !ticket.suspend()) {
            wait.await();
            return;
        }
        try {
            wait.await();
        } finally {
            long now = System.nanoTime();
            if (untilNanos - (now + left) <= 0) {
                deadlineNanos = untilNanos;
                budget = Duration.ofNanos(untilNanos - lentNanos);
            } else {
                deadlineNanos = now + left;
            }
            ticket.resume(deadlineNanos);
            watchdog.entered();
        }
    }

    private long[] nested(Machine machine, int function, long[] args) throws InterruptedException {
        depth++;
        try {
            long[] results = machine.call(function, args);
            return results == null ? NO_RESULTS : results;
        } catch (Throwable e) {
            broken = true;
            throw failure(e);
        } finally {
            depth--;
        }
    }

    /** Remembers that {@code e} came out of a host function, so that it passes the guest unchanged, and throws it. */
    RuntimeException hostThrew(Throwable e) {
        if (!(e instanceof StackOverflowError) && !(e instanceof GuestExit)) {
            hostFailure = e;
        }
        throw CallGuard.<RuntimeException>sneaky(e);
    }

    /** Ends the call if its time was over while a host function ran, which may have swallowed the interrupt. */
    void checkTime() {
        if (timeOver()) {
            throw new ChicoryInterruptedException("the time budget ended in a host function");
        }
    }

    /** Ends the call if its time is over or this thread was interrupted, for long host work between guests. */
    void checkInterrupt() {
        if (Thread.currentThread().isInterrupted() || timeOver()) {
            throw new ChicoryInterruptedException("interrupted in host work");
        }
    }

    /** Whether the call under way was interrupted because its budget is over. */
    boolean timeOver() {
        return ticket.fired();
    }

    @SuppressWarnings("ReferenceEquality") // exactly the thrown object
    private RuntimeException failure(Throwable e) throws InterruptedException {
        if (e == hostFailure) {
            if (e instanceof InterruptedException interrupted) {
                throw interrupted;
            }
            throw CallGuard.<RuntimeException>sneaky(e);
        }
        if (e instanceof ChicoryInterruptedException) {
            Thread.interrupted();
            throw new InterruptedException("interrupted while a guest ran");
        }
        return new GuestException(guestFailure(e), null);
    }

    @SuppressWarnings("ReferenceEquality") // exactly the thrown object
    private @Nullable Throwable cause(Throwable e) {
        return e == hostFailure && !(e instanceof InterruptedException) ? e : null;
    }

    private GuestFailure guestFailure(Throwable e) {
        if (e instanceof StackOverflowError || e.getCause() instanceof StackOverflowError) {
            return new GuestFailure.StackExhausted();
        }
        if (e instanceof GuestExit exit) {
            return new GuestFailure.Exited(exit.code());
        }
        String reason = e instanceof WasmException ? "uncaught WebAssembly exception" : ModuleCompiler.message(e);
        return guest.explain(reason, e);
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    static <E extends Throwable> E sneaky(Throwable e) throws E {
        throw (E) e;
    }
}

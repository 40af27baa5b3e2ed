package dev.trellis.host.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** Where one instance tells the {@link Watchdog} who calls it and until when. */
final class CallTicket {
    /*
     * The caller moves IDLE -> RUNNING -> IDLE, the watchdog RUNNING -> FIRING -> FIRED. Every step away from RUNNING and
     * FIRED is a compare-and-set, so either the caller leaves and is never interrupted, or the watchdog fires and the
     * caller waits in leave() until it has done so and takes the interrupt back. So no interrupt of the watchdog outlives
     * the call.
     *
     * An interrupt has no sender. The watchdog does not interrupt a thread that is already interrupted, and "ours" says
     * whether it did; the caller clears the flag only then. So an interrupt of someone else that comes first is kept. One
     * that comes while ours is pending cannot be told from it and is taken back with it.
     *
     * A host function may swallow the interrupt; so FIRED fires again as long as the call goes on.
     *
     * Thread and deadline are plain: they are written in IDLE and read in FIRING, ordered by the state. What the watchdog
     * reads of the deadline before FIRING is a hint, checked again inside.
     */
    private static final int IDLE = 0;
    private static final int RUNNING = 1;
    private static final int FIRING = 2;
    private static final int FIRED = 3;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(CallTicket.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    private long deadlineNanos;
    private @Nullable Thread thread;
    private boolean ours;

    /** Watchdog's own: the deadline that it saw last, and at how many looks in a row. */
    private long seenDeadlineNanos;

    private int seen;

    /** What the watchdog finds. */
    enum Finding {
        IDLE,
        RUNNING,
        /** The same call as at the last {@value #LOOKS_OF_LONG_CALL} looks. */
        RUNNING_LONG
    }

    /** Looks at one call after which it counts as a long one. */
    private static final int LOOKS_OF_LONG_CALL = 2;

    /** Caller: from now until {@link #leave} this thread may be interrupted once {@code deadlineNanos} has passed. */
    void enter(Thread caller, long deadline) {
        thread = caller;
        deadlineNanos = deadline;
        STATE.setVolatile(this, RUNNING);
    }

    /** Caller: ends the call. Whether the watchdog fired; if it interrupted this thread, the interrupt is taken back. */
    @SuppressWarnings("ThreadPriorityCheck") // waits for the watchdog's few instructions in FIRING
    boolean leave() {
        while (true) {
            int now = (int) STATE.getVolatile(this);
            if (now == RUNNING && STATE.compareAndSet(this, RUNNING, IDLE)) {
                thread = null;
                return false;
            }
            if (now == FIRED && STATE.compareAndSet(this, FIRED, IDLE)) {
                thread = null;
                if (ours) {
                    ours = false;
                    Thread.interrupted();
                }
                return true;
            }
            Thread.yield();
        }
    }

    /** Caller, inside the call: whether the watchdog has fired. */
    boolean fired() {
        int now = (int) STATE.getVolatile(this);
        return now == FIRING || now == FIRED;
    }

    /**
     * Caller, inside the call: the watchdog does not look at it until {@link #resume}. False if it has fired: then nothing
     * has changed.
     */
    @SuppressWarnings("ThreadPriorityCheck") // waits for the watchdog's few instructions in FIRING
    boolean suspend() {
        while (true) {
            int now = (int) STATE.getVolatile(this);
            if (now == FIRED) {
                return false;
            }
            if (now == RUNNING && STATE.compareAndSet(this, RUNNING, IDLE)) {
                return true;
            }
            Thread.yield();
        }
    }

    /** Caller, after {@link #suspend}: goes on, until {@code deadline}. */
    void resume(long deadline) {
        deadlineNanos = deadline;
        STATE.setVolatile(this, RUNNING);
    }

    /** Watchdog: fires if the deadline is over. */
    Finding check(long nowNanos) {
        int before = (int) STATE.getVolatile(this);
        if (before != RUNNING && before != FIRED) {
            seen = 0;
            return Finding.IDLE;
        }
        long deadline = deadlineNanos;
        seen = deadline == seenDeadlineNanos ? Math.min(seen + 1, LOOKS_OF_LONG_CALL) : 0;
        seenDeadlineNanos = deadline;
        Finding finding = seen == LOOKS_OF_LONG_CALL ? Finding.RUNNING_LONG : Finding.RUNNING;
        if (deadline - nowNanos > 0 || !STATE.compareAndSet(this, before, FIRING)) {
            return finding;
        }
        int after = before;
        Thread caller = thread;
        // Another call may have begun since the look at the deadline.
        if (caller != null && deadlineNanos - nowNanos <= 0) {
            if (!caller.isInterrupted()) {
                ours = true;
                caller.interrupt();
            }
            after = FIRED;
        }
        STATE.setVolatile(this, after);
        return finding;
    }
}

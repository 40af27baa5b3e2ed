package dev.trellis.host.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One platform thread that interrupts guest calls at their deadlines, and has a carrier added for each long one. */
final class Watchdog implements AutoCloseable {
    /*
     * Every instance registers its ticket once, for as long as it lives; a call only writes its own ticket. The thread
     * looks at all tickets every few milliseconds and parks when none has run for a while. Whoever enters a call wakes it:
     * the ticket's volatile write and the read of "parked" on one side, the write of "parked" and another look at the
     * tickets on the other, cannot both miss.
     */
    static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
    private static final int IDLE_TICKS_BEFORE_PARKING = 250;
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    private final Set<CallTicket> tickets = ConcurrentHashMap.newKeySet();
    private final Thread thread;
    private int longCalls;
    private volatile boolean parked;
    private volatile boolean closed;

    Watchdog() {
        thread = Thread.ofPlatform().daemon().name("trellis-engine-watchdog").unstarted(this::run);
        thread.start();
    }

    CallTicket register() {
        CallTicket ticket = new CallTicket();
        tickets.add(ticket);
        return ticket;
    }

    void remove(CallTicket ticket) {
        tickets.remove(ticket);
    }

    int registered() {
        return tickets.size();
    }

    /** To be called after every {@link CallTicket#enter}. */
    void entered() {
        if (parked) {
            parked = false;
            LockSupport.unpark(thread);
        }
    }

    boolean parked() {
        return parked;
    }

    private void run() {
        int idleTicks = 0;
        while (!closed) {
            try {
                idleTicks = scan() ? 0 : idleTicks + 1;
                if (idleTicks > IDLE_TICKS_BEFORE_PARKING) {
                    parked = true;
                    if (!scan()) {
                        while (parked && !closed) {
                            LockSupport.park(this);
                        }
                    }
                    parked = false;
                    idleTicks = 0;
                } else {
                    LockSupport.parkNanos(this, TICK_NANOS);
                }
            } catch (RuntimeException e) {
                LOG.error("The engine's watchdog met a fault and goes on; calls may end later than their deadline.", e);
            }
        }
    }

    private boolean scan() {
        int running = 0;
        int runningLong = 0;
        long now = System.nanoTime();
        for (CallTicket ticket : tickets) {
            switch (ticket.check(now)) {
                case IDLE -> {}
                case RUNNING -> running++;
                case RUNNING_LONG -> runningLong++;
            }
        }
        if (runningLong != longCalls) {
            Carriers.longCallsChanged(runningLong - longCalls);
            longCalls = runningLong;
        }
        if (runningLong > 0) {
            Carriers.startWhatIsAllowed();
        }
        return running + runningLong > 0;
    }

    /** Calls that still run are no longer interrupted at their deadlines. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}

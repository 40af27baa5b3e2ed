package dev.trellis.host.engine;

import java.lang.management.ManagementFactory;
import jdk.management.VirtualThreadSchedulerMXBean;

/**
 * The carrier threads of this JVM's virtual threads. A virtual thread is not time-sliced, so a guest that computes holds
 * its carrier until it ends; with as many such guests as carriers nothing else would run. So there are always as many
 * carriers more as guests that have been running for long. Having many from the start would cost every short call: idle
 * carriers look for work.
 */
final class Carriers {
    /*
     * A scheduler that is allowed more carriers starts one when a task comes to an empty queue, and tasks from one thread
     * mostly go to one queue, which is not empty when all carriers are busy. So a task is sent from a new thread, which
     * has a queue of its own, whenever tasks wait although there might be more carriers.
     */

    /** Carriers added at most; more guests that compute at once delay others by up to their time budget. */
    static final int ADDED_MAX = 256;

    private static final VirtualThreadSchedulerMXBean SCHEDULER =
            ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    private static final int BASE = SCHEDULER.getParallelism();

    private static int longCalls;

    private Carriers() {}

    /** So many more calls of one engine (less, if negative) have been running for long. */
    static synchronized void longCallsChanged(int by) {
        longCalls += by;
        SCHEDULER.setParallelism(BASE + Math.min(longCalls, ADDED_MAX));
    }

    /** To be called every few milliseconds while calls run for long. */
    static void startWhatIsAllowed() {
        if (SCHEDULER.getQueuedVirtualThreadCount() > 0
                && SCHEDULER.getMountedVirtualThreadCount() < SCHEDULER.getParallelism()) {
            Thread.ofPlatform().daemon().name("trellis-carrier-start").start(() -> Thread.startVirtualThread(() -> {}));
        }
    }
}

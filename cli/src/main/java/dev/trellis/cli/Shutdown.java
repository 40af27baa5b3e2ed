package dev.trellis.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server command has started, stopped in reverse order: at its end, or when the process is told to stop, also while
 * it is still starting. What is added after the stop began is stopped at once.
 */
final class Shutdown implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Shutdown.class);

    /** A part that can be stopped. */
    @FunctionalInterface
    interface Part {
        void stop() throws Exception;
    }

    private record Named(String name, Part part) {}

    private final Deque<Named> parts = new ArrayDeque<>();
    private final Thread owner = Thread.currentThread();
    private final Thread hook = Thread.ofPlatform().name("shutdown").unstarted(this::onSignal);
    private volatile boolean stopping;

    private Shutdown() {}

    /** One that also runs when the process gets SIGINT or SIGTERM. */
    static Shutdown onSignals() {
        var shutdown = new Shutdown();
        Runtime.getRuntime().addShutdownHook(shutdown.hook);
        return shutdown;
    }

    void add(String name, Part part) {
        synchronized (parts) {
            if (!stopping) {
                parts.push(new Named(name, part));
                return;
            }
        }
        stop(new Named(name, part));
    }

    /** Whether a stop has begun, so that failures are its effects. */
    boolean stopping() {
        return stopping;
    }

    private void onSignal() {
        stopping = true;
        owner.interrupt();
        stopAll();
    }

    /** Stops everything. Idempotent; a second caller waits for the first. */
    @Override
    public void close() {
        stopAll();
        if (!hook.isAlive()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                log.debug("The process stops already");
            }
        }
    }

    private synchronized void stopAll() {
        stopping = true;
        while (true) {
            Named part;
            synchronized (parts) {
                part = parts.poll();
            }
            if (part == null) {
                return;
            }
            stop(part);
        }
    }

    private static void stop(Named part) {
        log.debug("Stopping {}", part.name());
        try {
            part.part().stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            log.warn("{} did not stop in order: {}", part.name(), e.toString());
        }
    }
}

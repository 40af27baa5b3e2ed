package dev.trellis.host.node;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks on virtual threads: those of one key one after another in the order in which they came, those of
 * different keys side by side. At most {@value #WAITING_MAX} of one key wait. Safe for concurrent use.
 */
final class KeyedExecutor {
    static final int WAITING_MAX = 64;

    private final String threadName;
    private final Map<String, Queue<Runnable>> waiting = new HashMap<>(); // a key is in here while a task of it runs

    KeyedExecutor(String threadName) {
        this.threadName = threadName;
    }

    /** Runs {@code task} after those of {@code key} that came before; false, and it never runs, if too many wait. */
    boolean execute(String key, Runnable task) {
        synchronized (waiting) {
            Queue<Runnable> queue = waiting.get(key);
            if (queue != null) {
                return queue.size() < WAITING_MAX && queue.add(task);
            }
            waiting.put(key, new ArrayDeque<>());
        }
        start(key, task);
        return true;
    }

    /** Runs {@code task} beside all others. */
    void execute(Runnable task) {
        Thread.ofVirtual().name(threadName).start(task);
    }

    private void start(String key, Runnable task) {
        execute(() -> {
            try {
                task.run();
            } finally {
                Runnable next = after(key); // also when the task fails: those behind it must not be stuck
                if (next != null) {
                    start(key, next);
                }
            }
        });
    }

    private @Nullable Runnable after(String key) {
        synchronized (waiting) {
            Queue<Runnable> queue = waiting.get(key);
            Runnable next = queue == null ? null : queue.poll();
            if (next == null) {
                waiting.remove(key);
            }
            return next;
        }
    }
}

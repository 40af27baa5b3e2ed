package dev.trellis.providers.httpserver;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line per request on the logger {@value #LOGGER} at level info: method, path, status, body bytes, milliseconds,
 * trace id, client. The path is as received (percent-escaped) and never has the query, which may hold secrets.
 *
 * <p>Lines are written by a thread of their own. At most {@value #QUEUE_MAX} wait; at that bound lines are dropped and
 * counted, and a warning says how many.
 */
final class AccessLog implements AutoCloseable {
    static final String LOGGER = "dev.trellis.access";
    static final int QUEUE_MAX = 8192;
    static final int PATH_LENGTH_MAX = 256;

    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(1);

    private final Logger log = LoggerFactory.getLogger(LOGGER);
    private final ArrayBlockingQueue<Entry> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final LongAdder dropped = new LongAdder();
    private final Thread writer;
    private volatile boolean closed;

    private record Entry(
            String method,
            String path,
            int status,
            long bytes,
            long nanos,
            String traceId,
            @Nullable SocketAddress client) {}

    AccessLog() {
        writer = Thread.ofPlatform().daemon().name("http-access-log").start(this::write);
    }

    /** Whether anybody reads the log; if not, do not call {@link #add}. */
    boolean on() {
        return log.isInfoEnabled();
    }

    /** Notes one request. Never blocks. */
    void add(
            String method,
            String path,
            int status,
            long bytes,
            long nanos,
            String traceId,
            @Nullable SocketAddress client) {
        if (!queue.offer(new Entry(method, path, status, bytes, nanos, traceId, client))) {
            dropped.increment();
        }
    }

    /** Lines dropped so far because the queue was full. */
    long dropped() {
        return dropped.sum();
    }

    private void write() {
        var batch = new ArrayList<Entry>(256);
        var line = new StringBuilder(256);
        long told = 0;
        while (true) {
            boolean last = closed;
            batch.clear();
            // Polled, so that add() never has to wake this thread.
            if (queue.drainTo(batch, 256) > 0) {
                for (Entry entry : batch) {
                    log.info(line(line, entry));
                }
                continue;
            }
            long now = dropped.sum();
            if (now != told) {
                log.warn(
                        "{} access log lines were dropped because they came faster than they were written", now - told);
                told = now;
            }
            if (last) {
                return;
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    private static String line(StringBuilder line, Entry entry) {
        line.setLength(0);
        line.append(entry.method).append(' ');
        if (entry.path.length() > PATH_LENGTH_MAX) {
            line.append(entry.path, 0, PATH_LENGTH_MAX).append("...");
        } else {
            line.append(entry.path);
        }
        line.append(' ').append(entry.status).append(' ').append(entry.bytes).append(' ');
        long micros = entry.nanos / 1000;
        long fraction = micros % 1000;
        line.append(micros / 1000).append('.');
        line.append(fraction < 100 ? (fraction < 10 ? "00" : "0") : "").append(fraction);
        line.append("ms trace_id=").append(entry.traceId).append(" client=");
        if (entry.client instanceof InetSocketAddress inet && inet.getAddress() != null) {
            line.append(inet.getAddress().getHostAddress());
        } else {
            line.append('-');
        }
        return line.toString();
    }

    /** Writes what waits, for at most a second, and ends the thread. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(writer);
        try {
            if (!writer.join(CLOSE_MAX)) {
                writer.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.trellis.providers.httpclient;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Idle connections of one link, so that none is shared between actors. Safe for concurrent use. */
final class ConnectionPool {
    /** Connections kept; with one more the one that is idle for the longest time is closed. */
    static final int IDLE_MAX = 32;

    /** Idle for longer, a connection is closed. */
    static final Duration IDLE_TIME_MAX = Duration.ofSeconds(30);

    /** Older connections are not kept, so that changes in DNS are seen. */
    static final Duration AGE_MAX = Duration.ofMinutes(5);

    /**
     * For requests that must not be sent twice only a connection that served another one just now is used: servers close
     * idle ones after seconds, and one that closes at the same time leaves open whether it has acted.
     */
    static final Duration IDLE_TIME_ONCE_MAX = Duration.ofSeconds(1);

    private record Idle(Connection connection, long sinceNanos) {}

    private final LinkedHashSet<Idle> idle = new LinkedHashSet<>(); // oldest first; guarded by this
    private boolean closed; // guarded by this

    /** A connection to {@code origin}, idle for no longer, that the caller now has to itself; null if there is none. */
    @Nullable
    Connection take(Origin origin, Duration idleTimeMax) {
        long now = System.nanoTime();
        synchronized (this) {
            for (Iterator<Idle> newestFirst = idle.reversed().iterator(); newestFirst.hasNext(); ) {
                Idle next = newestFirst.next();
                if (now - next.sinceNanos() > idleTimeMax.toNanos()) {
                    return null;
                }
                if (next.connection().active() && next.connection().origin().equals(origin)) {
                    newestFirst.remove();
                    return next.connection();
                }
            }
        }
        return null;
    }

    /** Takes a connection that is whole and not needed any more, or closes it. */
    void giveBack(Connection connection) {
        if (!connection.active() || System.nanoTime() - connection.openedNanos() > AGE_MAX.toNanos()) {
            connection.close();
            return;
        }
        Idle entry = new Idle(connection, System.nanoTime());
        Connection surplus = null;
        synchronized (this) {
            if (closed) {
                surplus = connection;
            } else {
                idle.add(entry);
                if (idle.size() > IDLE_MAX) {
                    surplus = idle.removeFirst().connection();
                }
            }
        }
        if (surplus != null) {
            surplus.close();
        }
    }

    /** Closes what has been idle for too long. To be called every few seconds. */
    void sweep() {
        long now = System.nanoTime();
        List<Connection> expired = new ArrayList<>();
        synchronized (this) {
            idle.removeIf(entry -> {
                boolean over = !entry.connection().active() || now - entry.sinceNanos() > IDLE_TIME_MAX.toNanos();
                if (over) {
                    expired.add(entry.connection());
                }
                return over;
            });
        }
        expired.forEach(Connection::close);
    }

    synchronized int size() {
        return idle.size();
    }

    /** Closes what is idle now, and whatever is given back later. */
    void close() {
        List<Idle> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(idle);
            idle.clear();
        }
        all.forEach(entry -> entry.connection().close());
    }
}

package dev.trellis.providers.sqlpostgres;

import java.time.Duration;

/**
 * Limits of a pool of connections.
 *
 * @param connectionsMax most connections
 * @param idleMin connections kept ready
 * @param lifetime age at which a connection is replaced
 * @param idle time after which a connection that nobody uses is closed, down to {@code idleMin}
 * @param waitMax longest time that a call waits for a connection; its deadline may be sooner
 */
record PoolLimits(int connectionsMax, int idleMin, Duration lifetime, Duration idle, Duration waitMax) {
    static final PoolLimits DEFAULTS =
            new PoolLimits(8, 1, Duration.ofMinutes(30), Duration.ofMinutes(10), Duration.ofMinutes(5));

    PoolLimits {
        between("max_connections", connectionsMax, 1, 200);
        between("min_idle", idleMin, 0, connectionsMax);
        between("max_lifetime_secs", lifetime.toSeconds(), 30, 86_400);
        between("idle_timeout_secs", idle.toSeconds(), 10, 86_400);
        between("connection_timeout_millis", waitMax.toMillis(), 1, 300_000);
    }

    private static void between(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    "%s must be a whole number from %d to %d, was %d".formatted(name, min, max, value));
        }
    }
}

package dev.trellis.wadm.server;

import dev.trellis.lattice.model.LatticeName;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Settings of a controller: {@code trellis.wadm.*}.
 *
 * @param dataDirectory where its journal is; no other controller may use it at the same time
 * @param tick how often desired and observed are compared even if nothing has happened; 10 ms to 1 min
 * @param hostTimeout how long a host may be silent before it counts as gone; 100 ms to 5 min
 * @param leaseRenewal how often the leader renews its lease, and others look at it; at least 10 ms
 * @param leaseTimeout how long a lease must stand still before another controller takes it; at least 3 renewals
 * @param commandTimeout how long a host may take to answer a command; 10 ms to 1 min
 */
public record WadmConfig(
        LatticeName lattice,
        Path dataDirectory,
        Duration tick,
        Duration hostTimeout,
        Duration leaseRenewal,
        Duration leaseTimeout,
        Duration commandTimeout) {
    public WadmConfig {
        check("tick", tick, Duration.ofMillis(10), Duration.ofMinutes(1));
        check("host-timeout", hostTimeout, Duration.ofMillis(100), Duration.ofMinutes(5));
        check("lease-renewal", leaseRenewal, Duration.ofMillis(10), Duration.ofMinutes(1));
        check("lease-timeout", leaseTimeout, leaseRenewal.multipliedBy(3), Duration.ofMinutes(10));
        check("command-timeout", commandTimeout, Duration.ofMillis(10), Duration.ofMinutes(1));
    }

    /** The settings that every controller has unless told otherwise. */
    public static WadmConfig of(LatticeName lattice, Path dataDirectory) {
        return new WadmConfig(
                lattice,
                dataDirectory,
                Duration.ofSeconds(1),
                Duration.ofMillis(2500),
                Duration.ofSeconds(1),
                Duration.ofSeconds(3),
                Duration.ofSeconds(2));
    }

    /** When a leader that could not renew stops acting: before anybody can have taken the lease. */
    Duration leaseGivenUp() {
        return leaseTimeout.multipliedBy(5).dividedBy(6);
    }

    private static void check(String name, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(
                    "%s must be between %s and %s, was %s".formatted(name, least, most, value));
        }
    }
}

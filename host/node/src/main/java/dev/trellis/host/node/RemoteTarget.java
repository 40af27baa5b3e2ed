package dev.trellis.host.node;

import dev.trellis.lattice.model.HostId;

/**
 * An actor or provider on another host.
 *
 * @param subject where that host takes calls for it
 * @param slots calls that it runs at once; calls beyond wait there
 * @param sameSite whether that host is at the site of this one
 * @param drained whether that host is being emptied: it serves, but what it runs will soon run elsewhere
 * @param calls this host's own calls to it, kept across snapshots
 * @param path the way to that host, kept across snapshots
 */
record RemoteTarget(
        HostId host, String subject, int slots, boolean sameSite, boolean drained, RemoteCalls calls, PeerPath path) {
    /** How far calls sent there may be expected to come back. */
    enum Trust {
        FULL,
        LITTLE,
        LEAST,
        /** They are not sent. */
        NONE
    }

    Trust trust() {
        return switch (path.state()) {
            case HEALTHY -> calls.tripped(path) ? Trust.LITTLE : Trust.FULL;
            case SUSPECT -> Trust.LITTLE;
            case BROKEN -> Trust.LEAST;
            case GONE -> Trust.NONE;
        };
    }
}

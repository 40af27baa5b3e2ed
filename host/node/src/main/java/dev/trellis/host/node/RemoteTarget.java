package dev.trellis.host.node;

import dev.trellis.lattice.model.HostId;

/**
 * An actor or provider on another host.
 *
 * @param subject where that host takes calls for it
 * @param slots calls that it runs at once; calls beyond wait there
 * @param sameSite whether that host is at the site of this one
 * @param calls this host's own calls to it, kept across snapshots
 * @param path the way to that host, kept across snapshots
 */
record RemoteTarget(HostId host, String subject, int slots, boolean sameSite, RemoteCalls calls, PeerPath path) {
    /** Whether a call may be sent there at all. */
    boolean reachable() {
        return path.state() != PeerPath.State.BROKEN;
    }

    /** Whether calls sent there may be expected to come back. */
    boolean trusted() {
        return path.state() == PeerPath.State.HEALTHY && !calls.tripped(path);
    }
}

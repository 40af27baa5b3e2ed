package dev.trellis.host.node;

import dev.trellis.lattice.model.HostId;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An actor or provider on another host.
 *
 * @param subject where that host takes calls for it
 * @param slots calls that it runs at once; calls beyond wait there
 * @param sameSite whether that host is at the site of this one
 * @param outstanding calls of this host that it has not answered yet, kept across snapshots
 */
record RemoteTarget(HostId host, String subject, int slots, boolean sameSite, AtomicInteger outstanding) {
    boolean free() {
        return outstanding.get() < slots;
    }
}

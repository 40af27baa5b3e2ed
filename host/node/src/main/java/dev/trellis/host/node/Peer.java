package dev.trellis.host.node;

import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;

/** Another host that is alive: its last beat, what it runs as of {@code inventory}, and the way to it. */
record Peer(HostId id, Beat beat, HostInventory inventory, PeerPath path) {
    boolean serving() {
        return beat.getState() == Beat.State.SERVING;
    }
}

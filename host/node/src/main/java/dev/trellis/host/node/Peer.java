package dev.trellis.host.node;

import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;

/** Another host that is alive: its last beat, and what it runs as of {@code inventory}. */
record Peer(HostId id, Beat beat, HostInventory inventory) {
    boolean serving() {
        return beat.getState() == Beat.State.SERVING;
    }
}

package dev.trellis.wadm.core;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.Labels;
import org.jspecify.annotations.Nullable;

/**
 * A host that is alive.
 *
 * @param draining whether it is about to leave
 * @param scheduling what work an operator lets it have
 * @param inventory what it runs; absent until it has told
 */
public record ObservedHost(
        HostId id,
        String friendlyName,
        Labels labels,
        boolean draining,
        HostScheduling scheduling,
        @Nullable HostInventory inventory) {
    /** A host that an operator lets have any work. */
    public ObservedHost(
            HostId id, String friendlyName, Labels labels, boolean draining, @Nullable HostInventory inventory) {
        this(id, friendlyName, labels, draining, HostScheduling.OPEN, inventory);
    }

    /** Whether it may be given what it does not run yet. */
    boolean takesWork() {
        return !draining && scheduling == HostScheduling.OPEN && inventory != null;
    }

    /** Whether what it runs may stay. */
    boolean keepsWork() {
        return !draining && scheduling != HostScheduling.DRAINED && inventory != null;
    }

    /** Its name and labels, for people. */
    String describe() {
        return name()
                + (labels.values().isEmpty() ? " (no labels)" : " " + labels.values())
                + (scheduling == HostScheduling.OPEN ? "" : " " + scheduling.text())
                + (draining ? " draining" : "");
    }

    String name() {
        return friendlyName.isBlank() ? id.value() : friendlyName;
    }
}

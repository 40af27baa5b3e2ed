package dev.trellis.wadm.core;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.Labels;
import org.jspecify.annotations.Nullable;

/**
 * A host that is alive.
 *
 * @param draining whether it takes no new work
 * @param inventory what it runs; absent until it has told
 */
public record ObservedHost(
        HostId id,
        String friendlyName,
        Labels labels,
        boolean draining,
        @Nullable HostInventory inventory) {
    /** Its name and labels, for people. */
    String describe() {
        return name() + (labels.values().isEmpty() ? " (no labels)" : " " + labels.values());
    }

    String name() {
        return friendlyName.isBlank() ? id.value() : friendlyName;
    }
}

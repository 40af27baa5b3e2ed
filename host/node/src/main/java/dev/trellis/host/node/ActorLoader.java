package dev.trellis.host.node;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes an actor ready to run: finds its image, compiles it, checks what it needs. Blocks. */
interface ActorLoader {
    /**
     * Loads an actor.
     *
     * @param digest SHA-256 that the deployment pinned, if it did
     * @param limits limits of the scale command, by name; unknown names are refused
     * @param config names of the configs that it reads; those of an actor that cannot read any are refused
     * @throws ImageException if it cannot be had or is not an actor, with what to do
     */
    ActorRunner load(
            EntityId id, ImageRef image, Optional<String> digest, Map<String, String> limits, List<String> config)
            throws ImageException, InterruptedException;
}

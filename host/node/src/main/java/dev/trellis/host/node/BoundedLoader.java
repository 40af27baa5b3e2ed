package dev.trellis.host.node;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** Loads at most {@value #LOADS_MAX} actors at once, for compiling takes memory and cores; others wait in order. */
final class BoundedLoader implements ActorLoader {
    static final int LOADS_MAX = 4;

    private final ActorLoader loader;
    private final Semaphore permits = new Semaphore(LOADS_MAX, true);

    BoundedLoader(ActorLoader loader) {
        this.loader = loader;
    }

    @Override
    public ActorRunner load(
            EntityId id, ImageRef image, Optional<String> digest, Map<String, String> limits, List<String> config)
            throws ImageException, InterruptedException {
        permits.acquire();
        try {
            return loader.load(id, image, digest, limits, config);
        } finally {
            permits.release();
        }
    }
}

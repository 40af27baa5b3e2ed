package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import java.util.List;

/** An entry of {@code spec.components}: an actor or a capability, with its traits resolved. */
public sealed interface ManifestComponent permits ActorComponent, CapabilityComponent {
    /** Name, unique in the manifest. */
    String name();

    /** Identity in the lattice: the explicit {@code id}, else {@link Slug#entityId}. */
    EntityId id();

    /** Whether the manifest gives the id, so that it must not collide with other applications' ids. */
    boolean explicitId();

    /** What to run. */
    ImageRef image();

    /** Where the image is named. */
    Position imagePosition();

    /** Configs in the order in which they apply: a later one overrides. */
    List<ConfigEntry> config();

    /** Secrets it may read. */
    List<SecretEntry> secrets();

    /** At most one. Empty only for an actor without a scaler trait: such an actor is not started. */
    List<ManifestScaler> scalers();

    /** Links that start here. */
    List<ManifestLink> links();

    /** Where the component begins. */
    Position position();
}

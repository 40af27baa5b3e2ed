package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import java.util.List;

/** A component of type {@code actor} or {@code component}: a guest. */
public record ActorComponent(
        String name,
        EntityId id,
        boolean explicitId,
        ImageRef image,
        Position imagePosition,
        List<ConfigEntry> config,
        List<SecretEntry> secrets,
        List<ManifestScaler> scalers,
        List<ManifestLink> links,
        Position position)
        implements ManifestComponent {
    public ActorComponent {
        config = List.copyOf(config);
        secrets = List.copyOf(secrets);
        scalers = List.copyOf(scalers);
        links = List.copyOf(links);
    }
}

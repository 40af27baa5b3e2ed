package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LinkName;
import java.util.List;
import java.util.Optional;

/**
 * A component of type {@code capability}: a provider.
 *
 * @param contract what the manifest says it serves; most manifests leave it to the image
 * @param linkName the name of {@code linkdef}s to it that give none
 * @param scalers exactly one; without a trait, one instance anywhere
 */
public record CapabilityComponent(
        String name,
        EntityId id,
        boolean explicitId,
        ImageRef image,
        Position imagePosition,
        Optional<ContractId> contract,
        Optional<LinkName> linkName,
        List<ConfigEntry> config,
        List<SecretEntry> secrets,
        List<ManifestScaler> scalers,
        List<ManifestLink> links,
        Position position)
        implements ManifestComponent {
    public CapabilityComponent {
        config = List.copyOf(config);
        secrets = List.copyOf(secrets);
        scalers = List.copyOf(scalers);
        links = List.copyOf(links);
    }
}

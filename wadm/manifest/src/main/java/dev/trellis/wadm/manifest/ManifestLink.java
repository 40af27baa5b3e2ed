package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import java.util.List;

/**
 * A {@code linkdef} or {@code link} trait, with its contract known and its ends found.
 *
 * @param target name of the component that it points to
 * @param interfaces interfaces of the contract that it is limited to; empty means all
 * @param position where the target is named
 */
public record ManifestLink(
        String source,
        EntityId sourceId,
        String target,
        EntityId targetId,
        LinkName name,
        ContractId contract,
        List<String> interfaces,
        List<ConfigEntry> sourceConfig,
        List<ConfigEntry> targetConfig,
        List<SecretEntry> sourceSecrets,
        List<SecretEntry> targetSecrets,
        Position position) {
    public ManifestLink {
        interfaces = List.copyOf(interfaces);
        sourceConfig = List.copyOf(sourceConfig);
        targetConfig = List.copyOf(targetConfig);
        sourceSecrets = List.copyOf(sourceSecrets);
        targetSecrets = List.copyOf(targetSecrets);
    }

    /** The link as the lattice keeps it, with the configs by their keys. */
    public Link toLink() {
        return new Link(
                sourceId,
                targetId,
                name,
                contract,
                interfaces,
                sourceConfig.stream().map(ConfigEntry::key).toList(),
                targetConfig.stream().map(ConfigEntry::key).toList());
    }
}

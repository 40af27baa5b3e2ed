package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LinkName;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A component before its links are known to lead anywhere. Parts that are not valid are absent. */
record ComponentDraft(
        Path path,
        Position position,
        String name,
        Position namePosition,
        Optional<ComponentType> type,
        EntityId id,
        Position idPosition,
        boolean explicitId,
        Optional<ImageRef> image,
        Position imagePosition,
        Optional<ContractId> contract,
        Optional<LinkName> linkName,
        List<ConfigEntry> config,
        List<SecretEntry> secrets,
        List<ManifestScaler> scalers,
        List<LinkDraft> links) {
    /** What a component is. */
    enum ComponentType {
        ACTOR,
        CAPABILITY
    }

    /** A link trait as written. */
    sealed interface LinkDraft {
        Path path();

        String target();

        Position targetPosition();

        Optional<LinkName> name();
    }

    /** Trait {@code linkdef}, whose contract its ends may say. */
    record LinkdefDraft(
            Path path,
            String target,
            Position targetPosition,
            Optional<LinkName> name,
            Optional<ContractId> contract,
            Optional<ConfigDraft> values)
            implements LinkDraft {}

    /** Trait {@code link}. */
    record InterfaceLinkDraft(
            Path path,
            String target,
            Position targetPosition,
            Optional<LinkName> name,
            ContractId contract,
            List<String> interfaces,
            LinkEnd sourceEnd,
            LinkEnd targetEnd)
            implements LinkDraft {}

    /** What a link gives to one of its ends. */
    record LinkEnd(List<ConfigDraft> config, List<SecretEntry> secrets) {
        static final LinkEnd NOTHING = new LinkEnd(List.of(), List.of());
    }

    /** A config before its key is known: values without a name, a name without values, or both. */
    record ConfigDraft(Path path, Position position, Optional<String> name, Optional<Map<String, String>> values) {}
}

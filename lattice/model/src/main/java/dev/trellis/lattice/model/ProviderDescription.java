package dev.trellis.lattice.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A provider that a host runs: {@code ProviderDescription} of the control interface, with what Trellis adds.
 *
 * @param resolved the provider of Trellis that the image reference resolved to, such as {@code trellis:http-server}
 * @param healthy whether it answered its last health check
 * @param links the links it has been given, with what it said to each
 */
public record ProviderDescription(
        String id,
        String imageRef,
        @Nullable String name,
        int revision,
        Map<String, String> annotations,
        @Nullable String resolved,
        boolean healthy,
        List<ProviderLinkStatus> links) {
    public ProviderDescription {
        annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
        links = links == null ? List.of() : List.copyOf(links);
    }

    /** The same with other words about its links. */
    public ProviderDescription withLinks(List<ProviderLinkStatus> other) {
        return new ProviderDescription(id, imageRef, name, revision, annotations, resolved, healthy, other);
    }
}

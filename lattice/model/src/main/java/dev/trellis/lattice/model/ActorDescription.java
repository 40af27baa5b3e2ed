package dev.trellis.lattice.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An actor that a host runs: {@code ComponentDescription} of the control interface.
 *
 * @param maxInstances calls of this actor that may run at once on this host
 * @param digest SHA-256 of the module, lower-case hex; an addition of Trellis
 * @param callAlias name other actors may call it by, from its claims; an addition of Trellis
 * @param publicKey subject key of its claims; an addition of Trellis
 */
public record ActorDescription(
        String id,
        String imageRef,
        @Nullable String name,
        Map<String, String> annotations,
        int revision,
        int maxInstances,
        Map<String, String> limits,
        @Nullable String digest,
        @Nullable String callAlias,
        @Nullable String publicKey) {
    public ActorDescription {
        annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
        limits = limits == null ? Map.of() : Map.copyOf(limits);
    }
}

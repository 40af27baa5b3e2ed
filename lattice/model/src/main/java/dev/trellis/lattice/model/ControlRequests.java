package dev.trellis.lattice.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Requests of the control interface v1 in the form of the wire. Fields that the sender left out arrive as their
 * defaults; identities are checked where they are used.
 */
public final class ControlRequests {
    private ControlRequests() {}

    /** Header with the decimal epoch of the controller's lease; hosts refuse commands of an older one. */
    public static final String EPOCH_HEADER = "Trellis-Epoch";

    /** {@code component.scale.{host}}: run {@code count} instances of an actor; 0 stops it, and it must be given. */
    public record ScaleActor(
            String componentRef,
            String componentId,
            Map<String, String> annotations,
            @Nullable Integer count,
            Map<String, String> componentLimits,
            String hostId,
            List<String> config,
            boolean allowUpdate) {
        public ScaleActor {
            annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
            componentLimits = componentLimits == null ? Map.of() : Map.copyOf(componentLimits);
            config = config == null ? List.of() : List.copyOf(config);
        }
    }

    /** {@code component.update.{host}}: replace the image of a running actor. */
    public record UpdateActor(
            String componentId, Map<String, String> annotations, String hostId, String newComponentRef) {
        public UpdateActor {
            annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
        }
    }

    /** {@code provider.start.{host}}. */
    public record StartProvider(
            String providerId,
            String providerRef,
            String hostId,
            List<String> config,
            Map<String, String> annotations) {
        public StartProvider {
            config = config == null ? List.of() : List.copyOf(config);
            annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
        }
    }

    /** {@code provider.stop.{host}}; older clients name the provider in {@code provider_ref}. */
    public record StopProvider(
            String hostId,
            @Nullable String providerId,
            @Nullable String providerRef) {}

    /** {@code host.stop.{host}}: {@code timeout} in milliseconds. */
    public record StopHost(String hostId, @Nullable Long timeout) {}

    /** {@code component.auction}: who could run this actor? */
    public record ActorAuction(String componentRef, String componentId, Map<String, String> constraints) {
        public ActorAuction {
            constraints = constraints == null ? Map.of() : Map.copyOf(constraints);
        }
    }

    /** A host's bid in {@code component.auction}. */
    public record ActorBid(String componentRef, String componentId, String hostId, Map<String, String> constraints) {
        public ActorBid {
            constraints = constraints == null ? Map.of() : Map.copyOf(constraints);
        }
    }

    /** {@code provider.auction}: who could run this provider? */
    public record ProviderAuction(String providerRef, String providerId, Map<String, String> constraints) {
        public ProviderAuction {
            constraints = constraints == null ? Map.of() : Map.copyOf(constraints);
        }
    }

    /** A host's bid in {@code provider.auction}. */
    public record ProviderBid(String hostId, String providerRef, String providerId, Map<String, String> constraints) {
        public ProviderBid {
            constraints = constraints == null ? Map.of() : Map.copyOf(constraints);
        }
    }

    /** {@code link.put}, and an element of {@code link.get}. */
    public record LinkMessage(
            String sourceId,
            String target,
            String name,
            String witNamespace,
            String witPackage,
            List<String> interfaces,
            List<String> sourceConfig,
            List<String> targetConfig) {
        public LinkMessage {
            name = name == null ? LinkName.DEFAULT.value() : name;
            interfaces = interfaces == null ? List.of() : List.copyOf(interfaces);
            sourceConfig = sourceConfig == null ? List.of() : List.copyOf(sourceConfig);
            targetConfig = targetConfig == null ? List.of() : List.copyOf(targetConfig);
        }

        /** The wire form of {@code link}. */
        public static LinkMessage of(Link link) {
            return new LinkMessage(
                    link.source().value(),
                    link.target().value(),
                    link.name().value(),
                    link.contract().namespace(),
                    link.contract().packageName(),
                    link.interfaces(),
                    link.sourceConfig(),
                    link.targetConfig());
        }

        /** The link that this message means, with every identity checked. */
        public Link toLink() {
            return new Link(
                    EntityId.ofRunning(sourceId),
                    EntityId.ofRunning(target),
                    new LinkName(name),
                    ContractId.of(witNamespace, witPackage),
                    interfaces,
                    sourceConfig,
                    targetConfig);
        }
    }

    /** {@code link.del}. */
    public record DeleteLink(String sourceId, String name, String witNamespace, String witPackage) {
        public DeleteLink {
            name = name == null ? LinkName.DEFAULT.value() : name;
        }

        /** The key that this message means, with every identity checked. */
        public LinkKey toKey() {
            return new LinkKey(new EntityId(sourceId), ContractId.of(witNamespace, witPackage), new LinkName(name));
        }
    }

    /** {@code label.put.{host}} and {@code label.del.{host}} (which has no value). */
    public record LabelChange(String key, @Nullable String value) {}
}

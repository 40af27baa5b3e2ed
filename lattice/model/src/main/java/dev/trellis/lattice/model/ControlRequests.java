package dev.trellis.lattice.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    /**
     * {@code provider.start.{host}}.
     *
     * @param allowUpdate whether one that runs under this id with another image, config or annotations is to be
     *     replaced: it serves until the new one has taken all its links
     * @param timeout milliseconds that calls in flight on the one replaced get to end; absent means a default
     */
    public record StartProvider(
            String providerId,
            String providerRef,
            String hostId,
            List<String> config,
            Map<String, String> annotations,
            boolean allowUpdate,
            @Nullable Long timeout) {
        public StartProvider {
            config = config == null ? List.of() : List.copyOf(config);
            annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
        }
    }

    /**
     * {@code provider.stop.{host}}; older clients name the provider in {@code provider_ref}.
     *
     * @param timeout milliseconds that calls in flight get to end; absent means none
     */
    public record StopProvider(
            String hostId,
            @Nullable String providerId,
            @Nullable String providerRef,
            @Nullable Long timeout) {}

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

    /**
     * {@code link.put}, and an element of {@code link.get}.
     *
     * @param next where the link is to point next; its target is offered it, and calls keep going to {@code target}
     * @param ifRevision condition of a {@code link.put}: the record must be at this revision; then the link may also
     *     move, to the target that it has as its next one
     */
    public record LinkMessage(
            String sourceId,
            String target,
            String name,
            String witNamespace,
            String witPackage,
            List<String> interfaces,
            List<String> sourceConfig,
            List<String> targetConfig,
            @Nullable NextTarget next,
            @Nullable Long ifRevision) {
        public LinkMessage {
            name = name == null ? LinkName.DEFAULT.value() : name;
            interfaces = interfaces == null ? List.of() : List.copyOf(interfaces);
            sourceConfig = sourceConfig == null ? List.of() : List.copyOf(sourceConfig);
            targetConfig = targetConfig == null ? List.of() : List.copyOf(targetConfig);
        }

        /** A link that is to stay where it points. */
        public LinkMessage(
                String sourceId,
                String target,
                String name,
                String witNamespace,
                String witPackage,
                List<String> interfaces,
                List<String> sourceConfig,
                List<String> targetConfig) {
            this(sourceId, target, name, witNamespace, witPackage, interfaces, sourceConfig, targetConfig, null, null);
        }

        /** A request to move a link to {@code link}'s target, for which it was prepared, if it is at {@code revision}. */
        public static LinkMessage move(Link link, long revision) {
            LinkMessage plain = of(link);
            return new LinkMessage(
                    plain.sourceId,
                    plain.target,
                    plain.name,
                    plain.witNamespace,
                    plain.witPackage,
                    plain.interfaces,
                    plain.sourceConfig,
                    plain.targetConfig,
                    null,
                    revision);
        }

        /** The wire form of {@code link}. */
        public static LinkMessage of(Link link) {
            return of(link, Optional.empty());
        }

        /**
         * The wire form of {@code link} with where it points next.
         *
         * @throws IllegalArgumentException if {@code next} has another key, or the same target
         */
        public static LinkMessage of(Link link, Optional<Link> next) {
            next.ifPresent(prepared -> {
                if (!prepared.key().equals(link.key()) || prepared.target().equals(link.target())) {
                    throw new IllegalArgumentException("next of link %s must be the same link to another target than %s"
                            .formatted(link.key(), link.target()));
                }
            });
            return new LinkMessage(
                    link.source().value(),
                    link.target().value(),
                    link.name().value(),
                    link.contract().namespace(),
                    link.contract().packageName(),
                    link.interfaces(),
                    link.sourceConfig(),
                    link.targetConfig(),
                    next.map(prepared -> new NextTarget(
                                    prepared.target().value(),
                                    prepared.interfaces(),
                                    prepared.sourceConfig(),
                                    prepared.targetConfig()))
                            .orElse(null),
                    null);
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

        /** The link as it is to be next, with every identity checked; empty if it is to stay. */
        public Optional<Link> toNext() {
            if (next == null) {
                return Optional.empty();
            }
            Link prepared = new LinkMessage(
                            sourceId,
                            next.target(),
                            name,
                            witNamespace,
                            witPackage,
                            next.interfaces(),
                            next.sourceConfig(),
                            next.targetConfig())
                    .toLink();
            if (prepared.target().equals(toLink().target())) {
                throw new IllegalArgumentException(
                        "next must be another target than " + target + ", to which the link points");
            }
            return Optional.of(prepared);
        }
    }

    /** What a {@link LinkMessage} says of its next target; key and source stay. */
    public record NextTarget(
            String target, List<String> interfaces, List<String> sourceConfig, List<String> targetConfig) {
        public NextTarget {
            interfaces = interfaces == null ? List.of() : List.copyOf(interfaces);
            sourceConfig = sourceConfig == null ? List.of() : List.copyOf(sourceConfig);
            targetConfig = targetConfig == null ? List.of() : List.copyOf(targetConfig);
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

package dev.trellis.host.node;

import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.ImageRef;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host keeps on disk to run again without the lattice: what it runs, exactly as it was told to, and the links
 * and configs which that uses. The values of configs may be secret, and stay out of {@link #toString()}.
 */
record SavedHost(
        HostScheduling scheduling,
        List<SavedActor> actors,
        List<SavedProvider> providers,
        List<SavedLink> links,
        Map<String, Map<String, String>> configs) {
    private static final Logger log = LoggerFactory.getLogger(SavedHost.class);

    /** A host that has run nothing yet. */
    static final SavedHost NOTHING = new SavedHost(HostScheduling.OPEN, List.of(), List.of(), List.of(), Map.of());

    SavedHost {
        scheduling = scheduling == null ? HostScheduling.OPEN : scheduling;
        actors = actors == null ? List.of() : List.copyOf(actors);
        providers = providers == null ? List.of() : List.copyOf(providers);
        links = links == null ? List.of() : List.copyOf(links);
        configs = configs == null ? Map.of() : Map.copyOf(configs);
    }

    /** An actor as it ran. Every identity is checked, so one that exists can be started. */
    record SavedActor(
            String id,
            String image,
            int count,
            Map<String, String> annotations,
            Map<String, String> limits,
            List<String> configs) {
        SavedActor {
            EntityId.ofRunning(id);
            if (count < 1 || count > ControlEndpoint.COUNT_MAX) {
                throw new IllegalArgumentException("count of actor %s must be from 1 to %d, was %d"
                        .formatted(id, ControlEndpoint.COUNT_MAX, count));
            }
            annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
            limits = limits == null ? Map.of() : Map.copyOf(limits);
            configs = configs == null ? List.of() : List.copyOf(configs);
            new ImageRef(image);
        }

        static SavedActor of(ActorDescription actor, List<String> configs) {
            return new SavedActor(
                    actor.id(), actor.imageRef(), actor.maxInstances(), actor.annotations(), actor.limits(), configs);
        }

        EntityId entity() {
            return new EntityId(id);
        }

        ActorSupervisor.Wish wish() {
            return new ActorSupervisor.Wish(new ImageRef(image), count, annotations, limits, configs);
        }
    }

    /** A provider as it was asked for. */
    record SavedProvider(String id, String image, List<String> configs, Map<String, String> annotations) {
        SavedProvider {
            EntityId.ofRunning(id);
            new ImageRef(image);
            configs = configs == null ? List.of() : List.copyOf(configs);
            annotations = annotations == null ? Map.of() : Map.copyOf(annotations);
        }

        EntityId entity() {
            return new EntityId(id);
        }
    }

    /** A link as it was stored. */
    record SavedLink(LinkMessage link, long revision) {
        SavedLink {
            Objects.requireNonNull(link, "link");
        }

        static SavedLink of(StoredLink stored) {
            return new SavedLink(LinkMessage.of(stored.link()), stored.revision());
        }
    }

    /** The links that can be used; of any other it is told why not. */
    List<StoredLink> storedLinks() {
        return links.stream()
                .flatMap(saved -> {
                    try {
                        return Optional.of(new StoredLink(saved.link().toLink(), saved.revision())).stream();
                    } catch (IllegalArgumentException | NullPointerException e) {
                        log.warn(
                                "A saved link of {} is not used: {}",
                                saved.link().sourceId(),
                                e.getMessage());
                        return Optional.<StoredLink>empty().stream();
                    }
                })
                .toList();
    }

    /** Whether there is something to run. */
    boolean runsSomething() {
        return !actors.isEmpty() || !providers.isEmpty();
    }

    @Override
    public String toString() {
        return "SavedHost[scheduling=%s, %d actors, %d providers, %d links, %d configs]"
                .formatted(scheduling, actors.size(), providers.size(), links.size(), configs.size());
    }
}

package dev.trellis.host.node;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.Settings;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The links that one provider is to have, whichever start of it serves them. Not safe for concurrent use. */
final class WantedLinks {
    /**
     * One of them.
     *
     * @param prepared whether the provider is only to be its next target
     * @param missing why it cannot be offered yet; empty if it can
     */
    record Wanted(ProviderLink link, long revision, boolean prepared, String missing) {
        LinkKey key() {
            return LocalProvider.routeKey(link.link());
        }
    }

    private final EntityId id;
    private Map<LinkKey, Wanted> links = Map.of();
    private Set<LinkKey> moved = Set.of();
    private long generations;

    WantedLinks(EntityId id) {
        this.id = id;
    }

    /** The configs of a link that are for the end {@code id} of it. */
    static List<String> configNames(Link link, EntityId id) {
        return link.target().equals(id) ? link.targetConfig() : link.sourceConfig();
    }

    /**
     * All links of the provider, and the configs that they name for it, as far as those exist.
     *
     * @param nowElsewhere route keys of links that it was the target of and that have another one now
     */
    void change(List<StoredLink> stored, Map<String, Map<String, String>> configs, Set<LinkKey> nowElsewhere) {
        var next = new LinkedHashMap<LinkKey, Wanted>();
        for (StoredLink record : stored) {
            Link link = record.of(id).orElseThrow();
            LinkKey key = LocalProvider.routeKey(link);
            var names = configNames(link, id);
            var absent =
                    names.stream().filter(name -> !configs.containsKey(name)).toList();
            var merged = new HashMap<String, String>();
            names.forEach(name -> merged.putAll(configs.getOrDefault(name, Map.of())));
            Settings settings = Settings.of(merged);
            ProviderLink known =
                    Optional.ofNullable(links.get(key)).map(Wanted::link).orElse(null);
            boolean same =
                    known != null && known.link().equals(link) && known.config().equals(settings);
            next.put(
                    key,
                    new Wanted(
                            known != null && same ? known : new ProviderLink(link, id, settings, ++generations),
                            record.revision(),
                            !record.link().equals(link),
                            absent.isEmpty() ? "" : "waits for config " + String.join(", ", absent)));
        }
        links = next;
        moved = Set.copyOf(nowElsewhere);
    }

    Collection<Wanted> all() {
        return links.values();
    }

    @Nullable
    Wanted get(LinkKey key) {
        return links.get(key);
    }

    /** Whether the link has another target now, to which some host may not send its calls yet. */
    boolean moved(LinkKey key) {
        return moved.contains(key);
    }
}

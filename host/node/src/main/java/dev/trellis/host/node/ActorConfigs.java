package dev.trellis.host.node;

import dev.trellis.lattice.model.EntityId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** The configs that actors of this host read: those of the lattice in force, by the names that each actor was given. */
final class ActorConfigs {
    private final Map<EntityId, List<String>> names = new ConcurrentHashMap<>();
    private volatile Map<String, Map<String, String>> inForce;

    /** @param known those that this host has kept from before; until others are in force */
    ActorConfigs(Map<String, Map<String, String>> known) {
        this.inForce = Map.copyOf(known);
    }

    /** Replaces all configs. */
    void inForce(Map<String, Map<String, String>> configs) {
        inForce = Map.copyOf(configs);
    }

    /** An actor reads these configs from now on. */
    void give(EntityId actor, List<String> configNames) {
        names.put(actor, List.copyOf(configNames));
    }

    /** An actor does not run any more. */
    void forget(EntityId actor) {
        names.remove(actor);
    }

    /** What an actor reads now: its configs merged, of two with the same key the later one. */
    Map<String, String> of(EntityId actor) {
        List<String> own = names.getOrDefault(actor, List.of());
        Map<String, Map<String, String>> now = inForce;
        if (own.size() == 1) {
            return now.getOrDefault(own.getFirst(), Map.of());
        }
        var merged = new HashMap<String, String>();
        own.forEach(name -> merged.putAll(now.getOrDefault(name, Map.of())));
        return merged;
    }

    /** The names of those configs of an actor that are not there. */
    Set<String> missing(EntityId actor) {
        Map<String, Map<String, String>> now = inForce;
        return names.getOrDefault(actor, List.of()).stream()
                .filter(name -> !now.containsKey(name))
                .collect(Collectors.toSet());
    }
}

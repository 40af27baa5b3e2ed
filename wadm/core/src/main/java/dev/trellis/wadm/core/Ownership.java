package dev.trellis.wadm.core;

import dev.trellis.lattice.model.LinkKey;
import java.util.HashSet;
import java.util.Set;

/**
 * The links and configs that an application has, or may still have, in the lattice's stores. They carry no
 * annotations, so the controller remembers them, before it stores them, until they are gone.
 */
public record Ownership(String application, Set<LinkKey> links, Set<String> configs) {
    public Ownership {
        links = Set.copyOf(links);
        configs = Set.copyOf(configs);
    }

    /** An application that owns nothing. */
    public static Ownership none(String application) {
        return new Ownership(application, Set.of(), Set.of());
    }

    /** What either of both owns. */
    public Ownership with(Ownership other) {
        var allLinks = new HashSet<>(links);
        allLinks.addAll(other.links);
        var allConfigs = new HashSet<>(configs);
        allConfigs.addAll(other.configs);
        return new Ownership(application, allLinks, allConfigs);
    }

    /** Whether nothing is owned. */
    public boolean empty() {
        return links.isEmpty() && configs.isEmpty();
    }
}

package dev.trellis.wadm.core;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Everything observed of a lattice at one moment. Immutable. */
public record LatticeState(
        SortedMap<HostId, ObservedHost> hosts, Map<LinkKey, StoredLink> links, Map<String, StoredConfig> configs) {
    /** Nothing is there. */
    public static final LatticeState EMPTY = new LatticeState(new TreeMap<>(), Map.of(), Map.of());

    public LatticeState {
        hosts = Collections.unmodifiableSortedMap(new TreeMap<>(hosts));
        links = Map.copyOf(links);
        configs = Map.copyOf(configs);
    }

    /**
     * A link as it is stored, and the revision at which it was.
     *
     * @param next the same link to the target that it is to have next, if it is to move
     */
    public record StoredLink(Link link, Optional<Link> next, long revision) {
        /** A link that stays where it points. */
        public StoredLink(Link link, long revision) {
            this(link, Optional.empty(), revision);
        }
    }

    /** A config as it is stored, and the revision at which it was. Its values stay out of {@link #toString()}. */
    public record StoredConfig(Map<String, String> values, long revision) {
        public StoredConfig {
            values = Map.copyOf(values);
        }

        @Override
        public String toString() {
            return "StoredConfig[values=***, revision=" + revision + "]";
        }
    }
}

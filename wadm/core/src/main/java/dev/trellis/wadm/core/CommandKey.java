package dev.trellis.wadm.core;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LinkKey;

/**
 * What a command is about: the one thing in the lattice that it changes. Commands with equal keys supersede each
 * other and must not be under way at the same time.
 */
public sealed interface CommandKey {
    /** An actor on a host. */
    record Actor(EntityId actor, HostId host) implements CommandKey {
        @Override
        public String toString() {
            return "actor " + actor + " on host " + host;
        }
    }

    /** A provider on a host. */
    record Provider(EntityId provider, HostId host) implements CommandKey {
        @Override
        public String toString() {
            return "provider " + provider + " on host " + host;
        }
    }

    /** A link in the lattice's store. */
    record StoredLink(LinkKey link) implements CommandKey {
        @Override
        public String toString() {
            return "link " + link;
        }
    }

    /** A config in the lattice's store. */
    record StoredConfig(String name) implements CommandKey {
        @Override
        public String toString() {
            return "config " + name;
        }
    }
}

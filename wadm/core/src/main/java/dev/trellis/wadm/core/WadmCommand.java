package dev.trellis.wadm.core;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** One step towards what is desired, for one thing in the lattice. Sending it twice does no harm. */
public sealed interface WadmCommand {
    /** The application on whose behalf it is sent. */
    String application();

    /** What it changes. */
    CommandKey key();

    /** What it does, for an operator, without secrets. */
    default String describe() {
        return switch (this) {
            case ScaleActor scale
            when scale.count() == 0 -> "stop actor %s on host %s".formatted(scale.actor(), scale.host());
            case ScaleActor scale ->
                "run %d instances of actor %s (%s) on host %s"
                        .formatted(scale.count(), scale.actor(), scale.image(), scale.host());
            case StartProvider start ->
                "start provider %s (%s) on host %s".formatted(start.provider(), start.image(), start.host());
            case StopProvider stop -> "stop provider %s on host %s".formatted(stop.provider(), stop.host());
            case PutConfig put -> "store config " + put.name();
            case DeleteConfig delete -> "delete config " + delete.name();
            case PutLink put ->
                "link %s to %s".formatted(put.link().key(), put.link().target());
            case PrepareLink prepare ->
                "prepare link %s to move from %s to %s"
                        .formatted(
                                prepare.link().key(),
                                prepare.link().target(),
                                prepare.next().target());
            case MoveLink move ->
                "move link %s to %s".formatted(move.link().key(), move.link().target());
            case DeleteLink delete -> "delete link " + delete.link();
        };
    }

    /** Lets {@code count} calls of an actor run at once on a host; 0 stops it there. */
    record ScaleActor(
            String application,
            HostId host,
            EntityId actor,
            ImageRef image,
            int count,
            List<String> config,
            Map<String, String> annotations)
            implements WadmCommand {
        public ScaleActor {
            if (count < 0) {
                throw new IllegalArgumentException("count of actor " + actor + " must not be negative, was " + count);
            }
            config = List.copyOf(config);
            annotations = Map.copyOf(annotations);
        }

        @Override
        public CommandKey key() {
            return new CommandKey.Actor(actor, host);
        }
    }

    /**
     * Runs a provider on a host like this. One that the host runs with another image, config or annotations serves
     * until this one has taken all its links; then its calls get {@code drain} to end.
     */
    record StartProvider(
            String application,
            HostId host,
            EntityId provider,
            ImageRef image,
            List<String> config,
            Map<String, String> annotations,
            Duration drain)
            implements WadmCommand {
        public StartProvider {
            config = List.copyOf(config);
            annotations = Map.copyOf(annotations);
        }

        @Override
        public CommandKey key() {
            return new CommandKey.Provider(provider, host);
        }
    }

    /** Stops a provider on a host; its calls get {@code drain} to end. */
    record StopProvider(String application, HostId host, EntityId provider, Duration drain) implements WadmCommand {
        @Override
        public CommandKey key() {
            return new CommandKey.Provider(provider, host);
        }
    }

    /** Stores a config. Its values are secret and stay out of {@link #toString()}. */
    record PutConfig(String application, String name, Map<String, String> values) implements WadmCommand {
        public PutConfig {
            values = Map.copyOf(values);
        }

        @Override
        public CommandKey key() {
            return new CommandKey.StoredConfig(name);
        }

        @Override
        public String toString() {
            return "PutConfig[application=" + application + ", name=" + name + ", values=***]";
        }
    }

    /** Deletes a config. */
    record DeleteConfig(String application, String name) implements WadmCommand {
        @Override
        public CommandKey key() {
            return new CommandKey.StoredConfig(name);
        }
    }

    /** Stores a link. */
    record PutLink(String application, Link link) implements WadmCommand {
        @Override
        public CommandKey key() {
            return new CommandKey.StoredLink(link.key());
        }
    }

    /**
     * Has the target that a link is to have next offered the link, while calls keep going where they go.
     *
     * @param link as it is stored
     * @param next the same with the new target
     */
    record PrepareLink(String application, Link link, Link next) implements WadmCommand {
        @Override
        public CommandKey key() {
            return new CommandKey.StoredLink(link.key());
        }
    }

    /**
     * Has calls over a link go to the target for which it was prepared, which has acknowledged that.
     *
     * @param link with the new target
     * @param revision of the record as it was acknowledged; if it has changed since, nothing happens
     */
    record MoveLink(String application, Link link, long revision) implements WadmCommand {
        @Override
        public CommandKey key() {
            return new CommandKey.StoredLink(link.key());
        }
    }

    /** Deletes a link. */
    record DeleteLink(String application, LinkKey link) implements WadmCommand {
        @Override
        public CommandKey key() {
            return new CommandKey.StoredLink(link);
        }
    }
}

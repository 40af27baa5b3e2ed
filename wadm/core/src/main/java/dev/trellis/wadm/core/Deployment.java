package dev.trellis.wadm.core;

import dev.trellis.wadm.manifest.ConfigEntry;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestLink;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A version of an application that is to run. */
public record Deployment(Manifest manifest, String version) {
    /** Name of the application. */
    public String application() {
        return manifest.name();
    }

    /** Time that calls in flight get to end on a provider that is replaced or stopped. */
    Duration drain() {
        return manifest.drain();
    }

    /** The links and configs that it puts into the lattice's stores. */
    public Ownership ownership() {
        return new Ownership(
                application(),
                manifest.links().stream().map(link -> link.toLink().key()).collect(Collectors.toSet()),
                configs()
                        .filter(ConfigEntry::managed)
                        .map(ConfigEntry::key)
                        .collect(Collectors.toCollection(HashSet::new)));
    }

    /** Every config that it names: of its components, then of its links. */
    Stream<ConfigEntry> configs() {
        return Stream.concat(
                manifest.components().stream().flatMap(component -> component.config().stream()),
                manifest.links().stream().flatMap(Deployment::configs));
    }

    static Stream<ConfigEntry> configs(ManifestLink link) {
        return Stream.of(link.sourceConfig(), link.targetConfig()).flatMap(List::stream);
    }
}

package dev.trellis.wadm.server;

import dev.trellis.wadm.core.Deployment;
import dev.trellis.wadm.core.Ownership;
import dev.trellis.wadm.server.CatalogRecord.Head;
import dev.trellis.wadm.server.CatalogRecord.ManifestText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Every application with its versions at one moment. Immutable.
 *
 * @param epoch the leader's term in which this is the truth
 */
record Catalog(long epoch, SortedMap<String, Application> applications) {
    Catalog {
        applications = Collections.unmodifiableSortedMap(new TreeMap<>(applications));
    }

    /**
     * One application.
     *
     * @param versions in the order of creation; empty once it has been deleted
     * @param deployment what is to run; absent if nothing is, or if it cannot be read any more
     * @param unreadable why the deployed version cannot be read; empty if it can
     */
    record Application(
            Head head,
            List<ManifestText> versions,
            @Nullable Deployment deployment,
            String unreadable) {
        Application {
            versions = List.copyOf(versions);
        }

        boolean deleted() {
            return versions.isEmpty();
        }

        Optional<ManifestText> newest() {
            return versions.isEmpty() ? Optional.empty() : Optional.of(versions.getLast());
        }

        Optional<ManifestText> version(String name) {
            return versions.stream()
                    .filter(version -> version.version().equals(name))
                    .findFirst();
        }

        Optional<ManifestText> deployed() {
            Long sequence = head.deployed();
            return versions.stream()
                    .filter(version -> sequence != null && version.sequence() == sequence)
                    .findFirst();
        }
    }

    /** The application called {@code name}, unless it is not known or has been deleted. */
    Optional<Application> find(String name) {
        return Optional.ofNullable(applications.get(name)).filter(application -> !application.deleted());
    }

    List<Deployment> deployments() {
        var deployments = new ArrayList<Deployment>();
        for (Application application : applications.values()) {
            if (application.deployment() != null) {
                deployments.add(application.deployment());
            }
        }
        return deployments;
    }

    /** What each application may have in the stores; without those whose manifest cannot be read, which are let be. */
    List<Ownership> known() {
        return applications.values().stream()
                .filter(application -> application.unreadable().isEmpty())
                .map(application -> application.head().ownership())
                .toList();
    }
}

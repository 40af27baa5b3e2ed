package dev.trellis.wadm.core;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The result of comparing what is desired with what is observed.
 *
 * @param commands at most one per {@link CommandKey}; what others need comes first, removals last
 * @param statuses by application, also those that are known but not deployed
 * @param ownerships what is left of each application's links and configs, by application; to be remembered
 * @param orphans sentences about things that a wadm started for applications this controller knows nothing of; they
 *     are left alone
 */
public record Plan(
        List<WadmCommand> commands,
        SortedMap<String, ApplicationStatus> statuses,
        Map<String, Ownership> ownerships,
        List<String> orphans) {
    public Plan {
        commands = List.copyOf(commands);
        statuses = Collections.unmodifiableSortedMap(new TreeMap<>(statuses));
        ownerships = Map.copyOf(ownerships);
        orphans = List.copyOf(orphans);
    }

    /** How far an application is; empty if it is not known at all. */
    public Optional<ApplicationStatus> status(String application) {
        return Optional.ofNullable(statuses.get(application));
    }

    /** What an application may still have in the stores. */
    public Ownership ownership(String application) {
        return ownerships.getOrDefault(application, Ownership.none(application));
    }
}

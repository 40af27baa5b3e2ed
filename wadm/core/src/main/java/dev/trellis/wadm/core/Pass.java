package dev.trellis.wadm.core;

import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.wadm.manifest.ConfigEntry;
import dev.trellis.wadm.manifest.ManifestComponent;
import dev.trellis.wadm.manifest.ManifestLink;
import dev.trellis.wadm.manifest.Spread;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What one reconciliation reads and gathers; its planners share it. Lives as long as the call. */
final class Pass {
    /** Hosts named in one message; further ones are counted. */
    private static final int HOSTS_TOLD_MAX = 5;

    /** The order of a plan: what others need first, removals last and traffic before what serves it. */
    enum Phase {
        CONFIG,
        LINK,
        PROVIDER,
        ACTOR,
        REMOVE_LINK,
        REMOVE_PROVIDER,
        REMOVE_ACTOR,
        REMOVE_CONFIG
    }

    record RunningActor(ObservedHost host, ActorDescription actor) {}

    record RunningProvider(ObservedHost host, ProviderDescription provider) {}

    final LatticeState state;
    private final Map<CommandKey, Activity> activities;
    private final Map<String, List<RunningActor>> actors = new HashMap<>();
    private final Map<String, List<RunningProvider>> providers = new HashMap<>();
    private final Map<Phase, List<WadmCommand>> commands = new EnumMap<>(Phase.class);
    private final Set<CommandKey> keys = new HashSet<>();
    private final Map<String, Set<LinkKey>> held = new HashMap<>();
    private final Set<EntityId> ready = new HashSet<>();

    Pass(LatticeState state, Map<CommandKey, Activity> activities) {
        this.state = state;
        this.activities = activities;
        for (ObservedHost host : state.hosts().values()) {
            HostInventory inventory = host.inventory();
            if (inventory == null) {
                continue;
            }
            inventory.components().stream()
                    .filter(actor -> actor.maxInstances() > 0 && usable(actor.id(), actor.imageRef()))
                    .forEach(actor -> actors.computeIfAbsent(actor.id(), _ -> new ArrayList<>())
                            .add(new RunningActor(host, actor)));
            inventory.providers().stream()
                    .filter(provider -> usable(provider.id(), provider.imageRef()))
                    .forEach(provider -> providers
                            .computeIfAbsent(provider.id(), _ -> new ArrayList<>())
                            .add(new RunningProvider(host, provider)));
        }
    }

    /** Whether an entry of an inventory can be meant by a command at all; hosts of others may say anything. */
    private static boolean usable(String id, String image) {
        try {
            return new EntityId(id).value().equals(id)
                    && new ImageRef(image).value().equals(image);
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    List<RunningActor> actors(String id) {
        return actors.getOrDefault(id, List.of());
    }

    List<RunningProvider> providers(String id) {
        return providers.getOrDefault(id, List.of());
    }

    Collection<List<RunningActor>> allActors() {
        return actors.values();
    }

    Collection<List<RunningProvider>> allProviders() {
        return providers.values();
    }

    /** What the stored links of {@code deployment} point to stays until they have moved to where it wants them. */
    void holdWhatServes(Deployment deployment) {
        for (ManifestLink wanted : deployment.manifest().links()) {
            Link link = wanted.toLink();
            var stored = state.links().get(link.key());
            if (stored != null && !stored.link().target().equals(link.target())) {
                held.computeIfAbsent(stored.link().target().value(), _ -> new HashSet<>())
                        .add(link.key());
            }
        }
    }

    /** The links, still to be moved, for which {@code id} must not be stopped yet. */
    Set<LinkKey> heldBy(String id) {
        return held.getOrDefault(id, Set.of());
    }

    /** All that is wanted of {@code target} runs as wanted, and is well: links may move to it. */
    void ready(EntityId target) {
        ready.add(target);
    }

    boolean isReady(EntityId target) {
        return ready.contains(target);
    }

    /** Adds {@code command} to the plan, unless the plan has one for the same thing already. */
    void emit(Phase phase, WadmCommand command) {
        if (keys.add(command.key())) {
            commands.computeIfAbsent(phase, _ -> new ArrayList<>()).add(command);
        }
    }

    List<WadmCommand> commands() {
        return commands.values().stream().flatMap(List::stream).toList();
    }

    /** Why the last command about {@code key} failed, if it did. */
    Optional<Activity.Failed> failure(CommandKey key) {
        return activities.get(key) instanceof Activity.Failed failed ? Optional.of(failed) : Optional.empty();
    }

    /**
     * Hosts whose labels meet {@code requirements} and that may be given work, or may at least keep what {@code runsIt}
     * says they run.
     */
    List<ObservedHost> eligible(Labels requirements, Predicate<ObservedHost> runsIt) {
        return state.hosts().values().stream()
                .filter(host -> host.takesWork() || (host.keepsWork() && runsIt.test(host)))
                .filter(host -> host.labels().satisfy(requirements))
                .toList();
    }

    /** Whether a provider has taken every stored link that it is an end of, as it stands. */
    boolean tookItsLinks(RunningProvider instance) {
        String id = instance.provider().id();
        return state.links().values().stream()
                .filter(stored -> stored.link().source().value().equals(id)
                        || stored.link().target().value().equals(id))
                .allMatch(stored -> instance.provider().links().stream()
                        .anyMatch(told -> told.acknowledged()
                                && told.generation() >= stored.revision()
                                && told.sourceId().equals(stored.link().source().value())
                                && told.name().equals(stored.link().name().value())
                                && told.contract()
                                        .equals(stored.link().contract().value())));
    }

    /** Why nothing can be decided yet, if so: no host, or one that has not told what it runs. */
    Optional<String> undecided() {
        if (state.hosts().isEmpty()) {
            return Optional.of("no host in the lattice");
        }
        var silent = state.hosts().values().stream()
                .filter(host -> host.inventory() == null)
                .map(ObservedHost::name)
                .toList();
        return silent.isEmpty() ? Optional.empty() : Optional.of("waiting for the inventory of host " + join(silent));
    }

    String noHostFor(Spread spread) {
        String wanted = spread.requirements().values().isEmpty()
                ? "no host takes work"
                : "no host that takes work has label "
                        + spread.requirements().values().entrySet().stream()
                                .map(Object::toString)
                                .collect(Collectors.joining(" and "));
        var hosts = state.hosts().values().stream().map(ObservedHost::describe).toList();
        return wanted + (spread.name().equals(Spread.DEFAULT_NAME) ? "" : " (spread " + spread.name() + ")")
                + "; hosts: " + join(hosts);
    }

    static String join(Collection<String> names) {
        var told = names.stream().limit(HOSTS_TOLD_MAX).collect(Collectors.joining(", "));
        return names.size() <= HOSTS_TOLD_MAX ? told : told + " and " + (names.size() - HOSTS_TOLD_MAX) + " more";
    }

    /** Those of {@code configs} that are not stored as this application wants them yet. */
    List<String> missing(Collection<ConfigEntry> configs) {
        return configs.stream()
                .filter(config -> {
                    var stored = state.configs().get(config.key());
                    return stored == null
                            || config.values()
                                    .filter(values -> !values.equals(stored.values()))
                                    .isPresent();
                })
                .map(ConfigEntry::key)
                .distinct()
                .toList();
    }

    /** The annotations of everything that is started for {@code component}, without those of its spread. */
    Map<String, String> annotations(Deployment deployment, ManifestComponent component, String scalerId) {
        var annotations = new TreeMap<String, String>();
        annotations.put(Annotations.MANAGED_BY, Annotations.MANAGED_BY_WADM);
        annotations.put(Annotations.APPLICATION, deployment.application());
        annotations.put(Annotations.SCALER, scalerId);
        String configs = component.config().stream()
                .map(ConfigEntry::key)
                .distinct()
                .map(key -> {
                    var stored = state.configs().get(key);
                    return key + "@" + (stored == null ? 0 : stored.revision());
                })
                .collect(Collectors.joining(","));
        if (!configs.isEmpty()) {
            annotations.put(Annotations.CONFIG, configs);
        }
        return annotations;
    }

    static List<String> configKeys(ManifestComponent component) {
        return component.config().stream().map(ConfigEntry::key).distinct().toList();
    }

    /** Stable identity of a scaler: what it looks after, but not how many. */
    static String scalerId(String... parts) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                digest.update(part.getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0); // no part holds it, so that "ab","c" and "a","bc" differ
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Whether nothing can be decided about {@code component} yet; {@code reasons} then learns why. */
    boolean heldBack(ManifestComponent component, Reasons reasons) {
        if (!component.secrets().isEmpty()) {
            reasons.add(
                    StatusType.FAILED,
                    "secret " + component.secrets().getFirst().name()
                            + " cannot be read: secrets are not supported yet; use a config");
            return true;
        }
        var undecided = undecided();
        if (undecided.isPresent()) {
            reasons.add(StatusType.WAITING, undecided.get());
            return true;
        }
        var missing = missing(component.config());
        if (!missing.isEmpty()) {
            reasons.add(StatusType.WAITING, "waiting for config " + join(missing));
            return true;
        }
        return false;
    }

    /** Reasons of one scaler, in the order in which they were found, and the worst type among them. */
    static final class Reasons {
        private final Map<String, StatusType> messages = new LinkedHashMap<>();
        private StatusType type = StatusType.DEPLOYED;

        void add(StatusType reasonType, String message) {
            if (reasonType.compareTo(type) < 0) {
                type = reasonType;
            }
            messages.putIfAbsent(message, reasonType);
        }

        void all(BiConsumer<StatusType, String> each) {
            messages.forEach((message, reasonType) -> each.accept(reasonType, message));
        }

        boolean none() {
            return messages.isEmpty();
        }

        StatusType type() {
            return type;
        }

        String message() {
            return String.join("; ", messages.keySet());
        }
    }
}

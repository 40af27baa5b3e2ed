package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A manifest changed so that another capability provider serves the links of one of its own: another component of it,
 * or the same component with another image. The new document is JSON, and has no {@code version}.
 *
 * @param manifest the new one
 * @param notes what changed besides and the author should know; without secrets
 */
public record ProviderSwap(Manifest manifest, List<String> notes) {
    public ProviderSwap {
        notes = List.copyOf(notes);
    }

    /**
     * Every link to {@code from} points to {@code to}, which runs as {@code from} did unless it runs already;
     * {@code from} stays in the manifest with no instances, so that it can be swapped back.
     *
     * <p>What a link says to a provider of one kind means nothing to one of another: between different kinds it is not
     * carried over. It becomes {@code from}'s own config, as far as all its links say the same.
     *
     * @throws IllegalArgumentException if one of them is not there, is no capability, or cannot take the other's place
     * @throws InvalidManifestException if the new manifest is not valid
     */
    public static ProviderSwap toComponent(Manifest manifest, String from, String to, Duration drain)
            throws InvalidManifestException {
        CapabilityComponent before = capability(manifest, from);
        CapabilityComponent after = capability(manifest, to);
        if (from.equals(to)) {
            throw new IllegalArgumentException("component " + from + " cannot take its own place; name another image");
        }
        if (!before.links().isEmpty()) {
            throw new IllegalArgumentException(
                    "component %s is the source of %d links, which cannot be moved to %s; swap its image, or deploy a manifest"
                            .formatted(from, before.links().size(), to));
        }
        boolean sameKind = ProviderKind.resolve(before.image()).equals(ProviderKind.resolve(after.image()));
        var own = new ArrayList<Map<String, String>>();
        manifest.links().stream()
                .filter(link -> link.target().equals(from))
                .map(link -> values(link.targetConfig()))
                .filter(values -> !values.isEmpty())
                .distinct()
                .forEach(own::add);
        boolean keep = !sameKind && own.size() == 1 && before.config().stream().allMatch(ConfigEntry::managed);
        var notes = new ArrayList<String>();
        if (!sameKind && !own.isEmpty()) {
            String keys = own.stream()
                    .flatMap(values -> values.keySet().stream())
                    .distinct()
                    .collect(Collectors.joining(", "));
            notes.add("%s of the links was meant for %s, %s"
                    .formatted(keys, from, keep ? "and is kept as its config" : "and is not carried over"));
        }
        boolean idle = idle(after);
        List<YamlNode.Mapping> scalers = new ArrayList<>();
        YamlNode.Mapping root = root(manifest);
        components(root).forEach(component -> {
            if (is(component, from)) {
                scalers.addAll(DocumentEdit.items(component, "traits").stream()
                        .filter(ProviderSwap::scaler)
                        .toList());
            }
        });
        var next = new ArrayList<YamlNode.Mapping>();
        for (YamlNode.Mapping component : components(root)) {
            YamlNode.Mapping changed = traits(component, trait -> retarget(trait, from, to, before, sameKind));
            if (is(component, from)) {
                changed = withScalers(changed, List.of(NONE));
                if (keep) {
                    var merged = new TreeMap<>(values(before.config()));
                    own.getFirst().forEach(merged::putIfAbsent);
                    changed = DocumentEdit.replace(
                            changed,
                            "properties",
                            properties -> DocumentEdit.with(properties, "config", DocumentEdit.strings(merged)));
                }
            } else if (is(component, to) && idle) {
                changed = withScalers(changed, scalers);
            }
            next.add(changed);
        }
        Manifest swapped = read(manifest, root, next, drain);
        Set<LinkKey> keys = keys(manifest);
        if (!keys(swapped).equals(keys)) {
            throw new IllegalArgumentException(
                    "component %s does not serve the same contracts under the same link names as %s"
                            .formatted(to, from));
        }
        return new ProviderSwap(swapped, notes);
    }

    /**
     * {@code component} runs {@code image}, with its config and {@code overrides} on top of that.
     *
     * @throws IllegalArgumentException if it is not there or no capability, or would be as it is
     * @throws InvalidManifestException if the new manifest is not valid
     */
    public static ProviderSwap toImage(
            Manifest manifest, String component, ImageRef image, Map<String, String> overrides, Duration drain)
            throws InvalidManifestException {
        CapabilityComponent before = capability(manifest, component);
        if (before.image().equals(image) && overrides.isEmpty()) {
            throw new IllegalArgumentException(
                    "component %s runs %s already; give --config to change that".formatted(component, image));
        }
        YamlNode.Mapping root = root(manifest);
        var next = new ArrayList<YamlNode.Mapping>();
        for (YamlNode.Mapping one : components(root)) {
            next.add(
                    is(one, component)
                            ? DocumentEdit.replace(one, "properties", properties -> {
                                var changed =
                                        DocumentEdit.with(properties, "image", DocumentEdit.string(image.value()));
                                return overrides.isEmpty()
                                        ? changed
                                        : DocumentEdit.with(changed, "config", config(before, overrides));
                            })
                            : one);
        }
        return new ProviderSwap(read(manifest, root, next, drain), List.of());
    }

    private static final YamlNode.Mapping NONE = DocumentEdit.mapping(
            DocumentEdit.entry("type", DocumentEdit.string("spreadscaler")),
            DocumentEdit.entry(
                    "properties",
                    DocumentEdit.mapping(DocumentEdit.entry(
                            "instances", new YamlNode.Scalar(Position.START, YamlNode.Kind.INTEGER, "0")))));

    private interface TraitChange {
        YamlNode.Mapping apply(YamlNode.Mapping trait);
    }

    private static CapabilityComponent capability(Manifest manifest, String name) {
        if (manifest.component(name).orElse(null) instanceof CapabilityComponent capability) {
            return capability;
        }
        String there = manifest.components().stream()
                .filter(CapabilityComponent.class::isInstance)
                .map(ManifestComponent::name)
                .collect(Collectors.joining(", "));
        throw new IllegalArgumentException("application %s has no capability '%s'; it has %s"
                .formatted(manifest.name(), name, there.isEmpty() ? "none" : there));
    }

    private static boolean idle(CapabilityComponent component) {
        return switch (component.scalers().getFirst()) {
            case SpreadScaler spread -> spread.instances() == 0;
            case DaemonScaler daemon -> daemon.instances() == 0;
        };
    }

    private static Map<String, String> values(List<ConfigEntry> configs) {
        var merged = new TreeMap<String, String>();
        configs.forEach(config -> config.values().ifPresent(merged::putAll));
        return merged;
    }

    private static YamlNode config(CapabilityComponent before, Map<String, String> overrides) {
        boolean unnamed =
                before.config().stream().allMatch(entry -> entry.name().equals(ConfigEntry.UNNAMED));
        if (unnamed) {
            var merged = new TreeMap<>(values(before.config()));
            merged.putAll(overrides);
            return DocumentEdit.strings(merged);
        }
        var named = new LinkedHashMap<String, Optional<Map<String, String>>>();
        before.config().forEach(entry -> named.put(entry.name(), entry.values()));
        var swapped = new TreeMap<>(named.getOrDefault("swap", Optional.empty()).orElse(Map.of()));
        swapped.putAll(overrides);
        named.remove("swap");
        named.put("swap", Optional.of(swapped)); // the last one wins
        return DocumentEdit.list(named.entrySet().stream()
                .map(entry -> {
                    var name = DocumentEdit.mapping(DocumentEdit.entry("name", DocumentEdit.string(entry.getKey())));
                    return entry.getValue()
                            .map(values -> DocumentEdit.with(name, "properties", DocumentEdit.strings(values)))
                            .orElse(name);
                })
                .toList());
    }

    private static YamlNode.Mapping root(Manifest manifest) throws InvalidManifestException {
        var source = manifest.source();
        if (YamlTree.parse(source.text(), new Problems(source.file(), source.text()))
                instanceof YamlNode.Mapping root) {
            return root;
        }
        throw new IllegalArgumentException("manifest " + manifest.name() + " was not read from its source");
    }

    private static List<YamlNode.Mapping> components(YamlNode.Mapping root) {
        return DocumentEdit.child(root, "spec")
                .map(spec -> DocumentEdit.items(spec, "components"))
                .orElse(List.of());
    }

    private static boolean is(YamlNode.Mapping component, String name) {
        return DocumentEdit.text(component, "name").equals(Optional.of(name));
    }

    private static boolean scaler(YamlNode.Mapping trait) {
        String type = DocumentEdit.text(trait, "type").orElse("");
        return type.equals("spreadscaler") || type.equals("daemonscaler");
    }

    private static YamlNode.Mapping traits(YamlNode.Mapping component, TraitChange change) {
        var traits = DocumentEdit.items(component, "traits");
        return traits.isEmpty()
                ? component
                : DocumentEdit.with(
                        component,
                        "traits",
                        DocumentEdit.list(traits.stream().map(change::apply).toList()));
    }

    private static YamlNode.Mapping withScalers(YamlNode.Mapping component, List<YamlNode.Mapping> scalers) {
        var traits = new ArrayList<>(DocumentEdit.items(component, "traits"));
        traits.removeIf(ProviderSwap::scaler);
        traits.addAll(scalers);
        return traits.isEmpty()
                ? DocumentEdit.without(component, "traits")
                : DocumentEdit.with(component, "traits", DocumentEdit.list(traits));
    }

    private static YamlNode.Mapping retarget(
            YamlNode.Mapping trait, String from, String to, CapabilityComponent before, boolean sameKind) {
        String type = DocumentEdit.text(trait, "type").orElse("");
        if (!type.equals("linkdef") && !type.equals("link")) {
            return trait;
        }
        return DocumentEdit.replace(trait, "properties", properties -> {
            Optional<YamlNode.Mapping> end = DocumentEdit.child(properties, "target");
            boolean meant = end.map(target -> is(target, from))
                    .orElseGet(() -> DocumentEdit.text(properties, "target").equals(Optional.of(from)));
            if (!meant) {
                return properties;
            }
            YamlNode.Mapping changed = end.isPresent()
                    ? DocumentEdit.with(
                            properties,
                            "target",
                            DocumentEdit.with(
                                    sameKind ? end.get() : DocumentEdit.without(end.get(), "config"),
                                    "name",
                                    DocumentEdit.string(to)))
                    : DocumentEdit.with(properties, "target", DocumentEdit.string(to));
            if (!sameKind) {
                changed = DocumentEdit.without(DocumentEdit.without(changed, "values"), "target_config");
            }
            boolean named = DocumentEdit.text(changed, "name").isPresent()
                    || DocumentEdit.text(changed, "link_name").isPresent();
            return named || before.linkName().isEmpty()
                    ? changed
                    : DocumentEdit.with(
                            changed,
                            "name",
                            DocumentEdit.string(before.linkName().get().value()));
        });
    }

    private static Set<LinkKey> keys(Manifest manifest) {
        return manifest.links().stream().map(link -> link.toLink().key()).collect(Collectors.toSet());
    }

    private static Manifest read(
            Manifest before, YamlNode.Mapping root, List<YamlNode.Mapping> components, Duration drain)
            throws InvalidManifestException {
        var annotations = new TreeMap<>(before.annotations());
        annotations.remove("version");
        annotations.put(Manifest.DRAIN, drain.toMillis() + "ms");
        YamlNode.Mapping changed = DocumentEdit.replace(
                DocumentEdit.withAnnotations(root, annotations),
                "spec",
                spec -> DocumentEdit.with(spec, "components", DocumentEdit.list(components)));
        return ManifestReader.read(
                before.source().file(), DocumentEdit.json(changed).getBytes(StandardCharsets.UTF_8));
    }
}

package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.wadm.manifest.ComponentDraft.ComponentType;
import dev.trellis.wadm.manifest.ComponentDraft.ConfigDraft;
import dev.trellis.wadm.manifest.ComponentDraft.InterfaceLinkDraft;
import dev.trellis.wadm.manifest.ComponentDraft.LinkDraft;
import dev.trellis.wadm.manifest.ComponentDraft.LinkEnd;
import dev.trellis.wadm.manifest.ComponentDraft.LinkdefDraft;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads an entry of {@code spec.components} with its traits. */
final class ComponentReader {
    private static final List<String> TYPES = List.of("actor", "component", "capability");
    private static final List<String> TRAITS = List.of("spreadscaler", "daemonscaler", "linkdef", "link");
    private static final String[] ACTOR_KEYS = {"image", "application", "id", "config", "secrets"};
    private static final String[] CAPABILITY_KEYS = {
        "image", "application", "id", "config", "secrets", "contract", "link_name"
    };
    private static final Map<String, String> CAPABILITY_ONLY = Map.of(
            "contract", "it on a component of type capability, or on a linkdef",
            "link_name", "it on a component of type capability, or on a linkdef");
    private static final Pattern INTERFACE = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,126}");

    private final Problems problems;
    private final String application;
    private final ConfigReader configs;
    private final ScalerReader scalers;
    private final Set<String> refusedNames = new HashSet<>();

    ComponentReader(Problems problems, String application, List<Manifest.Policy> policies) {
        this.problems = problems;
        this.application = application;
        this.configs = new ConfigReader(problems, policies);
        this.scalers = new ScalerReader(problems);
    }

    /** Names that are not valid: a link to one is no further mistake. */
    Set<String> refusedNames() {
        return refusedNames;
    }

    /** The component, as far as it is valid; empty if it has no valid name. */
    Optional<ComponentDraft> read(Fields.Item item) {
        Optional<Fields> read = Fields.of(item.node(), item.path(), problems, "name", "type", "properties", "traits");
        if (read.isEmpty()) {
            return Optional.empty();
        }
        Fields fields = read.get();
        Optional<String> name = DocumentReader.name(fields, problems);
        if (name.isEmpty() && fields.node("name").orElse(null) instanceof YamlNode.Scalar refused) {
            refusedNames.add(refused.text());
        }
        Optional<ComponentType> type = type(fields);
        Optional<Fields> properties = fields.required("properties", "a mapping with at least an image")
                .flatMap(node -> Fields.of(
                        node,
                        fields.pathOf("properties"),
                        problems,
                        CAPABILITY_ONLY,
                        type.equals(Optional.of(ComponentType.ACTOR)) ? ACTOR_KEYS : CAPABILITY_KEYS));
        Optional<ImageRef> image = properties.flatMap(this::image);
        Optional<EntityId> id = properties.flatMap(p -> p.value("id", EntityId::new));
        Optional<ContractId> contract = properties.flatMap(p -> p.value("contract", ContractId::new));
        Optional<LinkName> linkName = properties.flatMap(p -> p.value("link_name", LinkName::new));
        List<ConfigDraft> config = properties
                .flatMap(p -> p.node("config").map(node -> configs.config(node, p.pathOf("config"))))
                .orElse(List.of());
        List<SecretEntry> secrets = properties
                .flatMap(p -> p.node("secrets").map(node -> configs.secrets(node, p.pathOf("secrets"))))
                .orElse(List.of());
        var scalerTraits = new ArrayList<ManifestScaler>();
        var links = new ArrayList<LinkDraft>();
        for (Fields.Item trait : fields.items("traits", "a list of traits")) {
            trait(trait, scalerTraits, links);
        }
        if (scalerTraits.isEmpty() && type.equals(Optional.of(ComponentType.CAPABILITY))) {
            scalerTraits.add(new SpreadScaler(1, List.of(Spread.anywhere(fields.position())), fields.position()));
        } else if (scalerTraits.isEmpty() && type.isPresent() && !problems.anyError()) {
            problems.warning(
                    fields.position(),
                    fields.path(),
                    "the actor has no scaler, so it will not be started",
                    "a trait 'spreadscaler' with 'instances'");
        }
        return name.map(text -> new ComponentDraft(
                fields.path(),
                fields.position(),
                text,
                fields.positionOf("name"),
                type,
                id.orElseGet(() -> Slug.entityId(application, text)),
                properties
                        .filter(p -> id.isPresent())
                        .map(p -> p.positionOf("id"))
                        .orElse(fields.positionOf("name")),
                id.isPresent(),
                image,
                properties.map(p -> p.positionOf("image")).orElse(fields.position()),
                contract,
                linkName,
                config.stream().map(draft -> entry(draft, text)).toList(),
                secrets,
                scalerTraits,
                links));
    }

    private ConfigEntry entry(ConfigDraft draft, String component) {
        String name = draft.name().orElse(ConfigEntry.UNNAMED);
        String key =
                draft.values().isEmpty() ? name : Slug.of(application) + "-" + Slug.of(component) + "-" + Slug.of(name);
        return new ConfigEntry(name, key, draft.values(), draft.position());
    }

    private Optional<ComponentType> type(Fields fields) {
        Optional<String> type = fields.requiredString("type", Problems.oneOf(TYPES));
        if (type.isEmpty()) {
            return Optional.empty();
        }
        return switch (type.get()) {
            case "actor", "component" -> Optional.of(ComponentType.ACTOR);
            case "capability" -> Optional.of(ComponentType.CAPABILITY);
            default -> {
                problems.unknown(
                        fields.positionOf("type"),
                        fields.pathOf("type"),
                        "unknown component type " + Problems.quote(type.get()),
                        type.get(),
                        TYPES);
                yield Optional.empty();
            }
        };
    }

    private Optional<ImageRef> image(Fields properties) {
        if (properties.has("application")) {
            problems.error(
                    properties.keyPositionOf("application"),
                    properties.path(),
                    properties.has("image")
                            ? "'image' and 'application' are both given"
                            : "components of other applications cannot be shared yet",
                    "an 'image' only");
            return Optional.empty();
        }
        properties.required("image", "an image reference, such as ghcr.io/myorg/user-actor:1.0.0");
        return properties.value("image", ImageRef::new);
    }

    private void trait(Fields.Item item, List<ManifestScaler> scalerTraits, List<LinkDraft> links) {
        Optional<Fields> read = Fields.of(item.node(), item.path(), problems, "type", "properties");
        if (read.isEmpty()) {
            return;
        }
        Fields fields = read.get();
        Optional<String> type = fields.requiredString("type", Problems.oneOf(TRAITS));
        if (type.isEmpty()) {
            return;
        }
        if (!TRAITS.contains(type.get())) {
            problems.unknown(
                    fields.positionOf("type"),
                    fields.pathOf("type"),
                    "unknown trait type " + Problems.quote(type.get()),
                    type.get(),
                    TRAITS);
            return;
        }
        Optional<YamlNode> properties = fields.required("properties", "the properties of a " + type.get());
        if (properties.isEmpty()) {
            return;
        }
        YamlNode node = properties.get();
        Path path = fields.pathOf("properties");
        switch (type.get()) {
            case "linkdef" -> linkdef(node, path).ifPresent(links::add);
            case "link" -> link(node, path).ifPresent(links::add);
            case "spreadscaler" -> scaler(scalers.spread(node, path, fields.position()), fields, scalerTraits);
            default -> scaler(scalers.daemon(node, path, fields.position()), fields, scalerTraits);
        }
    }

    private void scaler(Optional<ManifestScaler> scaler, Fields trait, List<ManifestScaler> scalerTraits) {
        if (scaler.isEmpty()) {
            return;
        }
        if (!scalerTraits.isEmpty()) {
            problems.error(
                    trait.position(),
                    trait.path(),
                    "a second scaler; the first is at "
                            + scalerTraits.getFirst().position(),
                    "one scaler for each component; several places go into its 'spread'");
            return;
        }
        scalerTraits.add(scaler.get());
    }

    private Optional<LinkDraft> linkdef(YamlNode node, Path path) {
        return Fields.of(node, path, problems, "target", "values", "name", "link_name", "contract")
                .flatMap(fields -> {
                    Optional<String> target = fields.requiredString("target", "the name of a component");
                    Optional<ConfigDraft> values = fields.node("values")
                            .map(value -> new ConfigDraft(
                                    fields.pathOf("values"),
                                    value.position(),
                                    Optional.empty(),
                                    Optional.of(fields.strings("values"))));
                    Optional<LinkName> name = linkName(fields);
                    Optional<ContractId> contract = fields.value("contract", ContractId::new);
                    return target.map(
                            text -> new LinkdefDraft(path, text, fields.positionOf("target"), name, contract, values));
                });
    }

    private Optional<LinkName> linkName(Fields fields) {
        if (fields.has("name") && fields.has("link_name")) {
            problems.error(
                    fields.keyPositionOf("link_name"),
                    fields.path(),
                    "'name' and 'link_name' are both given",
                    "one of them: they mean the same");
        }
        return fields.value(fields.has("name") ? "name" : "link_name", LinkName::new);
    }

    private Optional<LinkDraft> link(YamlNode node, Path path) {
        return Fields.of(
                        node,
                        path,
                        problems,
                        "target",
                        "namespace",
                        "package",
                        "interfaces",
                        "name",
                        "source",
                        "source_config",
                        "target_config")
                .flatMap(this::link);
    }

    private Optional<LinkDraft> link(Fields fields) {
        Optional<ContractId> contract = contract(fields);
        List<String> interfaces = interfaces(fields);
        contract.ifPresent(id -> KnownInterfaces.check(
                problems,
                id,
                interfaces,
                fields.positionOf("package"),
                fields.pathOf("package"),
                fields.positionOf("interfaces"),
                fields.pathOf("interfaces")));
        Optional<LinkName> name = fields.value("name", LinkName::new);
        LinkEnd source = fields.node("source")
                .flatMap(node -> Fields.of(node, fields.pathOf("source"), problems, "config", "secrets"))
                .map(this::end)
                .orElse(LinkEnd.NOTHING);
        LinkEnd sourceEnd = withDeprecated(fields, "source", source);
        Optional<String> target = Optional.empty();
        Position targetPosition = fields.positionOf("target");
        LinkEnd targetEnd = LinkEnd.NOTHING;
        if (fields.node("target").orElse(null) instanceof YamlNode.Mapping mapping) {
            Optional<Fields> read = Fields.of(mapping, fields.pathOf("target"), problems, "name", "config", "secrets");
            if (read.isPresent()) {
                target = read.get().requiredString("name", "the name of a component");
                targetPosition = read.get().positionOf("name");
                targetEnd = end(read.get());
            }
        } else {
            target = fields.requiredString("target", "the name of a component, or {name, config, secrets}");
        }
        targetEnd = withDeprecated(fields, "target", targetEnd);
        if (target.isEmpty() || contract.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new InterfaceLinkDraft(
                fields.path(), target.get(), targetPosition, name, contract.get(), interfaces, sourceEnd, targetEnd));
    }

    private LinkEnd end(Fields fields) {
        return new LinkEnd(
                fields.node("config")
                        .map(node -> configs.config(node, fields.pathOf("config")))
                        .orElse(List.of()),
                fields.node("secrets")
                        .map(node -> configs.secrets(node, fields.pathOf("secrets")))
                        .orElse(List.of()));
    }

    /** {@code source_config} and {@code target_config}, as wadm had them before {@code source} and {@code target}. */
    private LinkEnd withDeprecated(Fields fields, String side, LinkEnd end) {
        String key = side + "_config";
        Optional<YamlNode> node = fields.node(key);
        if (node.isEmpty()) {
            return end;
        }
        if (!end.config().isEmpty()) {
            problems.error(
                    fields.keyPositionOf(key),
                    fields.path(),
                    "'" + key + "' and '" + side + ".config' are both given",
                    "'" + side + ".config' only: '" + key + "' is its old name");
            return end;
        }
        problems.warning(
                fields.keyPositionOf(key),
                fields.path(),
                "'" + key + "' is deprecated",
                "the same under '" + side + ": config:'");
        return new LinkEnd(configs.config(node.get(), fields.pathOf(key)), end.secrets());
    }

    private Optional<ContractId> contract(Fields fields) {
        Optional<String> namespace = fields.requiredString("namespace", "a namespace such as wasi");
        Optional<String> packageName = fields.requiredString("package", "a package such as keyvalue");
        if (namespace.isEmpty() || packageName.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ContractId.of(namespace.get(), packageName.get()));
        } catch (IllegalArgumentException e) {
            problems.error(
                    fields.positionOf("package"), fields.pathOf("package"), Problems.sentence(e.getMessage()), "");
            return Optional.empty();
        }
    }

    private List<String> interfaces(Fields fields) {
        var interfaces = new LinkedHashSet<String>();
        for (Fields.Item item : fields.items("interfaces", "a list of interface names")) {
            Fields.string(item.node(), item.path(), problems).ifPresent(name -> {
                if (!INTERFACE.matcher(name).matches()) {
                    problems.error(
                            item.node().position(),
                            item.path(),
                            "interface " + Problems.quote(name) + " is not valid",
                            "letters, digits and '-', such as incoming-handler");
                } else if (!interfaces.add(name)) {
                    problems.error(
                            item.node().position(),
                            item.path(),
                            "interface " + Problems.quote(name) + " is there twice",
                            "each interface once");
                }
            });
        }
        return List.copyOf(interfaces);
    }
}

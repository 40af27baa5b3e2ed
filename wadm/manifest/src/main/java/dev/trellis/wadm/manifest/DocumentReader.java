package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.EntityId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads the top of a document: version, kind, metadata, policies; components by {@link ComponentReader}. */
final class DocumentReader {
    static final String API_VERSION = "core.oam.dev/v1beta1";
    static final String KIND = "Application";

    /** Type that a policy must have for secrets to refer to it. */
    static final String SECRET_POLICY = "policy.secret.wasmcloud.dev/v1alpha1";

    /** Components of an application at most. */
    static final int COMPONENTS_MAX = 1_000;

    private static final String SHARED = "experimental.wasmcloud.dev/shared";

    /** Names of applications and components: they become parts of ids, keys and subjects. */
    private static final Pattern NAME = Pattern.compile("[-\\w]{1,63}");

    private static final String NAME_EXPECTED = "1 to 63 ASCII letters, digits, '-' or '_'";
    private static final Pattern DNS_PREFIX = Pattern.compile(
            "(?=.{1,253}$)[A-Za-z]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?(\\.[A-Za-z]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*");
    private static final Pattern KEY_NAME = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    private final Problems problems;
    private final Manifest.Source source;

    DocumentReader(Problems problems, Manifest.Source source) {
        this.problems = problems;
        this.source = source;
    }

    /** The manifest, which means something only if {@code problems} has no error afterwards. */
    Optional<Manifest> read(YamlNode root) {
        Optional<Fields> document = Fields.of(root, Path.ROOT, problems, "apiVersion", "kind", "metadata", "spec");
        if (document.isEmpty()) {
            return Optional.empty();
        }
        constant(document.get(), "apiVersion", API_VERSION);
        constant(document.get(), "kind", KIND);
        Optional<Fields> metadata = document.get()
                .required("metadata", "a mapping with at least a name")
                .flatMap(node -> Fields.of(
                        node,
                        document.get().pathOf("metadata"),
                        problems,
                        Map.of(
                                "version", "'version' among the annotations",
                                "description", "'description' among the annotations"),
                        "name",
                        "annotations",
                        "labels"));
        Optional<String> name = metadata.flatMap(fields -> name(fields, problems));
        Map<String, String> labels =
                metadata.map(fields -> keyed(fields, "labels")).orElse(Map.of());
        Map<String, String> annotations =
                metadata.map(fields -> keyed(fields, "annotations")).orElse(Map.of());
        Optional<Fields> spec = document.get()
                .required("spec", "a mapping with components")
                .flatMap(node -> Fields.of(node, document.get().pathOf("spec"), problems, "components", "policies"));
        if (spec.isEmpty()) {
            return Optional.empty();
        }
        List<Manifest.Policy> policies = policies(spec.get());
        List<ManifestComponent> components = components(spec.get(), name.orElse("unnamed"), policies);
        metadata.ifPresent(fields -> checkAnnotations(fields, annotations, components));
        if (problems.anyError() || name.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Manifest(
                name.get(),
                Optional.ofNullable(annotations.get("version")),
                Optional.ofNullable(annotations.get("description")),
                labels,
                annotations,
                components,
                policies,
                source,
                problems.sorted()));
    }

    /** The {@code name} of an application or a component. */
    static Optional<String> name(Fields fields, Problems problems) {
        Optional<String> name = fields.requiredString("name", NAME_EXPECTED);
        if (name.isPresent() && !NAME.matcher(name.get()).matches()) {
            problems.error(
                    fields.positionOf("name"),
                    fields.pathOf("name"),
                    "name " + Problems.quote(name.get()) + " is not valid",
                    NAME_EXPECTED);
            return Optional.empty();
        }
        return name;
    }

    private void constant(Fields fields, String key, String value) {
        Optional<String> found = fields.requiredString(key, value);
        if (found.isPresent() && !found.get().equals(value)) {
            problems.error(
                    fields.positionOf(key),
                    fields.pathOf(key),
                    "found " + Problems.quote(found.get()),
                    "'" + value + "'");
        }
    }

    /** Labels or annotations, whose keys follow a rule. */
    private Map<String, String> keyed(Fields metadata, String key) {
        Optional<YamlNode> node = metadata.node(key);
        if (node.isPresent() && node.get() instanceof YamlNode.Mapping mapping) {
            for (YamlNode.Entry entry : mapping.entries()) {
                if (!validKey(entry.key())) {
                    problems.error(
                            entry.keyPosition(),
                            metadata.pathOf(key),
                            "key " + Problems.quote(entry.key()) + " is not valid",
                            "a name of at most 63 letters, digits, '-', '_' or '.', optionally after a DNS name and '/'");
                }
            }
        }
        return metadata.strings(key);
    }

    private static boolean validKey(String key) {
        if (key.startsWith(Manifest.PIN_PREFIX)) {
            return true; // the rest is a component's name, which is checked as such
        }
        int slash = key.indexOf('/');
        return KEY_NAME.matcher(key.substring(slash + 1)).matches()
                && (slash < 0 || DNS_PREFIX.matcher(key.substring(0, slash)).matches());
    }

    private void checkAnnotations(
            Fields metadata, Map<String, String> annotations, List<ManifestComponent> components) {
        Path path = metadata.pathOf("annotations");
        Map<String, Position> places = new HashMap<>();
        if (metadata.node("annotations").orElse(null) instanceof YamlNode.Mapping mapping) {
            mapping.entries()
                    .forEach(entry -> places.put(entry.key(), entry.value().position()));
        }
        String version = annotations.getOrDefault("version", "1");
        if (version.equals("latest") || version.isBlank() || version.length() > 128) {
            problems.error(
                    places.getOrDefault("version", Position.START),
                    path.key("version"),
                    "version " + Problems.quote(version) + " is not allowed",
                    "a version of your own of at most 128 characters; 'latest' always means the newest");
        }
        if (annotations.getOrDefault(SHARED, "false").equals("true")) {
            problems.warning(
                    places.getOrDefault(SHARED, Position.START),
                    path.key(SHARED),
                    "components cannot be shared with other applications yet; this application deploys for itself",
                    "");
        }
        String drain = annotations.get(Manifest.DRAIN);
        if (drain != null && Manifest.drain(drain).isEmpty()) {
            problems.error(
                    places.getOrDefault(Manifest.DRAIN, Position.START),
                    path.key(Manifest.DRAIN),
                    "time " + Problems.quote(drain) + " is not valid",
                    "a number of ms, s or m up to 5m, such as 30s");
        }
        annotations.forEach((key, value) -> {
            if (key.startsWith(Manifest.PIN_PREFIX)) {
                checkPin(key, value, places.getOrDefault(key, Position.START), path.key(key), components);
            }
        });
    }

    private void checkPin(String key, String value, Position position, Path path, List<ManifestComponent> components) {
        String component = key.substring(Manifest.PIN_PREFIX.length());
        List<String> names = components.stream().map(ManifestComponent::name).toList();
        if (!names.contains(component) && !problems.anyError()) {
            problems.unknown(position, path, "no component is named " + Problems.quote(component), component, names);
        }
        if (!DIGEST.matcher(value).matches()) {
            problems.error(
                    position, path, "digest " + Problems.quote(value) + " is not valid", "64 lower-case hex digits");
        }
    }

    private List<Manifest.Policy> policies(Fields spec) {
        var policies = new LinkedHashMap<String, Manifest.Policy>();
        for (Fields.Item item : spec.items("policies", "a list of policies")) {
            Fields.of(item.node(), item.path(), problems, "name", "type", "properties")
                    .ifPresent(fields -> {
                        Optional<String> name = fields.requiredString("name", "a string");
                        Optional<String> type = fields.requiredString("type", "a type such as " + SECRET_POLICY);
                        Map<String, String> properties = fields.strings("properties");
                        if (name.isEmpty() || type.isEmpty()) {
                            return;
                        }
                        var policy = new Manifest.Policy(name.get(), type.get(), properties, fields.position());
                        Manifest.Policy before = policies.putIfAbsent(name.get(), policy);
                        if (before != null) {
                            problems.error(
                                    fields.positionOf("name"),
                                    fields.pathOf("name"),
                                    "policy " + Problems.quote(name.get()) + " is there twice, first at "
                                            + before.position(),
                                    "a name of its own for each policy");
                        }
                    });
        }
        return List.copyOf(policies.values());
    }

    private List<ManifestComponent> components(Fields spec, String application, List<Manifest.Policy> policies) {
        spec.required("components", "a list of components");
        List<Fields.Item> items = spec.items("components", "a list of components");
        if (items.size() > COMPONENTS_MAX) {
            problems.error(
                    items.get(COMPONENTS_MAX).node().position(),
                    items.get(COMPONENTS_MAX).path(),
                    "an application has " + items.size() + " components here",
                    "at most " + COMPONENTS_MAX);
            return List.of();
        }
        var reader = new ComponentReader(problems, application, policies);
        var drafts = new ArrayList<ComponentDraft>();
        items.forEach(item -> reader.read(item).ifPresent(drafts::add));
        checkUnique(drafts);
        return new LinkResolver(problems, application, drafts, reader.refusedNames()).resolve();
    }

    private void checkUnique(List<ComponentDraft> drafts) {
        var names = new HashMap<String, ComponentDraft>();
        var ids = new HashMap<EntityId, ComponentDraft>();
        for (ComponentDraft draft : drafts) {
            ComponentDraft sameName = names.putIfAbsent(draft.name(), draft);
            if (sameName != null) {
                problems.error(
                        draft.namePosition(),
                        draft.path().key("name"),
                        "component " + Problems.quote(draft.name()) + " is there twice, first at "
                                + sameName.namePosition(),
                        "a name of its own for each component");
                continue;
            }
            ComponentDraft sameId = ids.putIfAbsent(draft.id(), draft);
            if (sameId != null) {
                problems.error(
                        draft.idPosition(),
                        draft.path(),
                        "components " + Problems.quote(sameId.name()) + " (at " + sameId.namePosition() + ") and "
                                + Problems.quote(draft.name()) + " both have the id '" + draft.id() + "'",
                        "an id of its own for each component: change the name or give 'id' in the properties");
            }
        }
    }
}

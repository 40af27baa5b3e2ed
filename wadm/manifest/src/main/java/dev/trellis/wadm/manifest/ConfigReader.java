package dev.trellis.wadm.manifest;

import dev.trellis.wadm.manifest.ComponentDraft.ConfigDraft;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads {@code config} and {@code secrets}. A config comes as a mapping, as a list of {@code {name, properties}} or of
 * {@code {name, value}}, or as a string that holds a JSON object.
 */
final class ConfigReader {
    /** Names in the lattice's config store. */
    private static final Pattern NAME = Pattern.compile("[-\\w]{1,63}");

    private static final String EXPECTED =
            "a mapping, a list of {name, properties} or {name, value}, or a string that holds a JSON object";

    private final Problems problems;
    private final List<Manifest.Policy> policies;

    ConfigReader(Problems problems, List<Manifest.Policy> policies) {
        this.problems = problems;
        this.policies = policies;
    }

    List<ConfigDraft> config(YamlNode node, Path path) {
        return switch (node) {
            case YamlNode.Mapping mapping ->
                List.of(new ConfigDraft(
                        path,
                        mapping.position(),
                        Optional.empty(),
                        Optional.of(Fields.strings(mapping, path, problems))));
            case YamlNode.Sequence sequence -> list(sequence, path);
            case YamlNode.Scalar scalar -> json(scalar, path);
        };
    }

    private List<ConfigDraft> list(YamlNode.Sequence sequence, Path path) {
        var named = new LinkedHashMap<String, ConfigDraft>();
        var values = new LinkedHashMap<String, String>();
        Optional<Position> firstNamed = Optional.empty();
        Optional<Position> firstValue = Optional.empty();
        for (Fields.Item item : Fields.items(sequence, path, problems, EXPECTED)) {
            Optional<Fields> read = Fields.of(item.node(), item.path(), problems, "name", "properties", "value");
            if (read.isEmpty()) {
                continue;
            }
            Fields fields = read.get();
            boolean bare = fields.has("value");
            if (bare ? firstNamed.isPresent() || fields.has("properties") : firstValue.isPresent()) {
                problems.error(
                        fields.position(),
                        fields.path(),
                        "{name, value} and {name, properties} are mixed",
                        "one form for all: 'value' for single values, 'properties' for named configs");
                continue;
            }
            if (bare) {
                firstValue = firstValue.or(() -> Optional.of(fields.position()));
                Optional<String> name = fields.requiredString("name", "a string");
                Optional<String> value =
                        fields.node("value").flatMap(n -> Fields.text(n, fields.pathOf("value"), problems));
                if (name.isPresent() && value.isPresent() && values.put(name.get(), value.get()) != null) {
                    problems.error(
                            fields.positionOf("name"),
                            fields.pathOf("name"),
                            "value " + Problems.quote(name.get()) + " is given twice",
                            "each name once");
                }
            } else {
                firstNamed = firstNamed.or(() -> Optional.of(fields.position()));
                configName(fields).ifPresent(name -> add(named, fields, name));
            }
        }
        return firstValue
                .map(position -> List.of(new ConfigDraft(path, position, Optional.empty(), Optional.of(values))))
                .orElseGet(() -> List.copyOf(named.values()));
    }

    private void add(Map<String, ConfigDraft> named, Fields fields, String name) {
        if (named.containsKey(name)) {
            problems.error(
                    fields.positionOf("name"),
                    fields.pathOf("name"),
                    "config " + Problems.quote(name) + " is there twice",
                    "each name once");
            return;
        }
        Optional<Map<String, String>> values =
                fields.has("properties") ? Optional.of(fields.strings("properties")) : Optional.empty();
        named.put(name, new ConfigDraft(fields.path(), fields.position(), Optional.of(name), values));
    }

    private Optional<String> configName(Fields fields) {
        Optional<String> name = fields.requiredString("name", "a string");
        if (name.isPresent() && !NAME.matcher(name.get()).matches()) {
            problems.error(
                    fields.positionOf("name"),
                    fields.pathOf("name"),
                    "config name " + Problems.quote(name.get()) + " is not valid",
                    "1 to 63 ASCII letters, digits, '-' or '_'");
            return Optional.empty();
        }
        return name;
    }

    /** The config of wasmCloud 0.x: a JSON object in a string. */
    private List<ConfigDraft> json(YamlNode.Scalar scalar, Path path) {
        if (scalar.kind() == YamlNode.Kind.STRING
                && scalar.text().stripLeading().startsWith("{")) {
            var inner = new Problems("config", scalar.text());
            try {
                YamlNode root = YamlTree.parse(scalar.text(), inner);
                var values = Fields.strings(root, Path.ROOT, inner);
                if (!inner.anyError()) {
                    return List.of(new ConfigDraft(path, scalar.position(), Optional.empty(), Optional.of(values)));
                }
            } catch (InvalidManifestException _) {
                // told below, at a place that the author can find: positions within the string mean nothing to them
            }
            Problem first = inner.sorted().getFirst();
            problems.error(
                    scalar.position(),
                    path,
                    "the string holds no JSON object of strings: "
                            + (first.path().isEmpty() ? "" : first.path() + ": ") + first.message(),
                    "a string such as '{\"PORT\": \"8080\"}'");
            return List.of();
        }
        // the value may be a credential: it stays out of messages
        String found = scalar.kind() == YamlNode.Kind.STRING ? "a string without a JSON object" : scalar.describe();
        problems.error(scalar.position(), path, "found " + found, EXPECTED);
        return List.of();
    }

    List<SecretEntry> secrets(YamlNode node, Path path) {
        var secrets = new LinkedHashMap<String, SecretEntry>();
        for (Fields.Item item : Fields.items(node, path, problems, "a list of {name, properties: {policy, key}}")) {
            Fields.of(item.node(), item.path(), problems, "name", "properties")
                    .flatMap(this::secret)
                    .ifPresent(secret -> {
                        if (secrets.putIfAbsent(secret.name(), secret) != null) {
                            problems.error(
                                    secret.position(),
                                    item.path(),
                                    "secret " + Problems.quote(secret.name()) + " is there twice",
                                    "each name once");
                        }
                    });
        }
        return List.copyOf(secrets.values());
    }

    private Optional<SecretEntry> secret(Fields fields) {
        Optional<String> name = configName(fields);
        Optional<Fields> read = fields.required("properties", "a mapping with policy and key")
                .flatMap(node ->
                        Fields.of(node, fields.pathOf("properties"), problems, "policy", "key", "field", "version"));
        if (read.isEmpty()) {
            return Optional.empty();
        }
        Fields properties = read.get();
        Optional<String> policy = properties.requiredString("policy", "the name of a policy in spec.policies");
        policy.ifPresent(wanted -> checkPolicy(wanted, properties));
        Optional<String> key = properties.requiredString("key", "the secret's key in the policy's backend");
        Optional<String> field = properties.string("field");
        Optional<String> version = properties.string("version");
        if (name.isEmpty() || policy.isEmpty() || key.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new SecretEntry(name.get(), policy.get(), key.get(), field, version, fields.position()));
    }

    private void checkPolicy(String wanted, Fields properties) {
        Position position = properties.positionOf("policy");
        Path path = properties.pathOf("policy");
        Optional<Manifest.Policy> policy =
                policies.stream().filter(p -> p.name().equals(wanted)).findFirst();
        if (policy.isEmpty()) {
            problems.unknown(
                    position,
                    path,
                    "no policy is named " + Problems.quote(wanted),
                    wanted,
                    policies.stream().map(Manifest.Policy::name).toList());
        } else if (!policy.get().type().equals(DocumentReader.SECRET_POLICY)) {
            problems.error(
                    position,
                    path,
                    "policy " + Problems.quote(wanted) + " has type "
                            + Problems.quote(policy.get().type()),
                    "type '" + DocumentReader.SECRET_POLICY + "'");
        } else if (!policy.get().properties().containsKey("backend")) {
            problems.error(
                    position,
                    path,
                    "policy " + Problems.quote(wanted) + " names no backend",
                    "'backend' among the policy's properties (it begins at "
                            + policy.get().position() + ")");
        }
    }
}

package dev.trellis.wadm.manifest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/** The keys of one mapping, read by what they should hold; whatever is not so becomes a problem and reads as absent. */
final class Fields {
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(0|[1-9][0-9]{0,8})");

    private final Position position;
    private final Path path;
    private final Map<String, YamlNode> values;
    private final Map<String, Position> keyPositions;
    private final Problems problems;

    private Fields(
            Position position,
            Path path,
            Map<String, YamlNode> values,
            Map<String, Position> keyPositions,
            Problems problems) {
        this.position = position;
        this.path = path;
        this.values = values;
        this.keyPositions = keyPositions;
        this.problems = problems;
    }

    /** The fields of {@code node}, which may have the {@code allowed} keys only. Empty if it is no mapping. */
    static Optional<Fields> of(YamlNode node, Path path, Problems problems, String... allowed) {
        return of(node, path, problems, Map.of(), allowed);
    }

    /** The same; for some keys that belong {@code elsewhere}, the error says where. */
    static Optional<Fields> of(
            YamlNode node, Path path, Problems problems, Map<String, String> elsewhere, String... allowed) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            problems.error(
                    node.position(),
                    path,
                    "found " + node.describe(),
                    "a mapping with " + Problems.oneOf(Arrays.asList(allowed)));
            return Optional.empty();
        }
        List<String> known = Arrays.asList(allowed);
        var values = new LinkedHashMap<String, YamlNode>();
        var keyPositions = new LinkedHashMap<String, Position>();
        for (YamlNode.Entry entry : mapping.entries()) {
            if (known.contains(entry.key())) {
                values.put(entry.key(), entry.value());
                keyPositions.put(entry.key(), entry.keyPosition());
            } else if (elsewhere.containsKey(entry.key())) {
                problems.error(
                        entry.keyPosition(),
                        path,
                        "unknown key '" + entry.key() + "'",
                        String.valueOf(elsewhere.get(entry.key())));
            } else {
                problems.unknown(
                        entry.keyPosition(), path, "unknown key " + Problems.quote(entry.key()), entry.key(), known);
            }
        }
        return Optional.of(new Fields(mapping.position(), path, values, keyPositions, problems));
    }

    Position position() {
        return position;
    }

    Path path() {
        return path;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    Path pathOf(String key) {
        return path.key(key);
    }

    /** Where the value of {@code key} stands, or this mapping if it has no such key. */
    Position positionOf(String key) {
        YamlNode value = values.get(key);
        return value == null ? position : value.position();
    }

    /** Where {@code key} itself stands, or this mapping if it has no such key. */
    Position keyPositionOf(String key) {
        return keyPositions.getOrDefault(key, position);
    }

    Optional<YamlNode> node(String key) {
        return Optional.ofNullable(values.get(key));
    }

    Optional<YamlNode> required(String key, String expected) {
        if (!has(key)) {
            problems.error(position, path, "'" + key + "' is missing", expected);
        }
        return node(key);
    }

    /** The string at {@code key}; a number or boolean must be quoted to be one. */
    Optional<String> string(String key) {
        return node(key).flatMap(node -> string(node, pathOf(key), problems));
    }

    Optional<String> requiredString(String key, String expected) {
        return required(key, expected).flatMap(node -> string(node, pathOf(key), problems));
    }

    static Optional<String> string(YamlNode node, Path path, Problems problems) {
        if (node instanceof YamlNode.Scalar scalar) {
            switch (scalar.kind()) {
                case STRING -> {
                    if (!scalar.text().isBlank()) {
                        return Optional.of(scalar.text());
                    }
                    problems.error(node.position(), path, "found an empty string", "a string");
                    return Optional.empty();
                }
                case INTEGER, FLOAT, BOOLEAN, DATE -> {
                    problems.error(
                            node.position(), path, "found " + node.describe(), "a string; put the value in quotes");
                    return Optional.empty();
                }
                case NULL -> {}
            }
        }
        problems.error(node.position(), path, "found " + node.describe(), "a string");
        return Optional.empty();
    }

    /** The string at {@code key} as an identity, whose constructor says what is wrong with it. */
    <T> Optional<T> value(String key, Function<String, T> constructor) {
        return node(key).flatMap(node -> value(node, pathOf(key), problems, constructor));
    }

    static <T> Optional<T> value(YamlNode node, Path path, Problems problems, Function<String, T> constructor) {
        Optional<String> text = string(node, path, problems);
        try {
            return text.map(constructor);
        } catch (IllegalArgumentException e) {
            problems.error(node.position(), path, Problems.sentence(e.getMessage()), "");
            return Optional.empty();
        }
    }

    /** The whole number at {@code key}. */
    Optional<Integer> integer(String key, IntPredicate valid, String expected) {
        return node(key).flatMap(node -> {
            if (node instanceof YamlNode.Scalar(var _, var kind, var text)
                    && kind == YamlNode.Kind.INTEGER
                    && DECIMAL.matcher(text).matches()
                    && valid.test(Integer.parseInt(text))) {
                return Optional.of(Integer.parseInt(text));
            }
            boolean quoted = node instanceof YamlNode.Scalar scalar
                    && scalar.kind() == YamlNode.Kind.STRING
                    && DECIMAL.matcher(scalar.text()).matches();
            problems.error(
                    node.position(),
                    pathOf(key),
                    "found " + node.describe(),
                    quoted ? expected + ", without quotes" : expected);
            return Optional.empty();
        });
    }

    /** The items at {@code key} with their paths; none if there is no such key. */
    List<Item> items(String key, String expected) {
        return node(key)
                .map(node -> items(node, pathOf(key), problems, expected))
                .orElse(List.of());
    }

    static List<Item> items(YamlNode node, Path path, Problems problems, String expected) {
        if (!(node instanceof YamlNode.Sequence sequence)) {
            problems.error(node.position(), path, "found " + node.describe(), expected);
            return List.of();
        }
        var items = new ArrayList<Item>();
        for (YamlNode item : sequence.items()) {
            items.add(new Item(item, path.index(items.size())));
        }
        return items;
    }

    /** The mapping from strings to strings at {@code key}; empty if there is no such key. */
    Map<String, String> strings(String key) {
        return node(key).map(node -> strings(node, pathOf(key), problems)).orElse(Map.of());
    }

    /**
     * {@code node} as a mapping from strings to strings, in its order. Numbers, booleans and dates are taken as they are
     * written: {@code PORT: 8080} means "8080".
     */
    static Map<String, String> strings(YamlNode node, Path path, Problems problems) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            problems.error(node.position(), path, "found " + node.describe(), "a mapping from names to strings");
            return Map.of();
        }
        var strings = new LinkedHashMap<String, String>();
        for (YamlNode.Entry entry : mapping.entries()) {
            if (entry.key().isBlank()) {
                problems.error(entry.keyPosition(), path, "found an empty key", "a name for each value");
            }
            text(entry.value(), path.key(entry.key()), problems).ifPresent(text -> strings.put(entry.key(), text));
        }
        return strings;
    }

    /** The scalar {@code node} as written. */
    static Optional<String> text(YamlNode node, Path path, Problems problems) {
        if (node instanceof YamlNode.Scalar scalar && scalar.kind() != YamlNode.Kind.NULL) {
            return Optional.of(scalar.text());
        }
        problems.error(node.position(), path, "found " + node.describe(), "a string");
        return Optional.empty();
    }

    /** An item of a list. */
    record Item(YamlNode node, Path path) {}
}

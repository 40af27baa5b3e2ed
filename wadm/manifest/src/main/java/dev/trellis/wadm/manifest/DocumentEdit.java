package dev.trellis.wadm.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Changes parts of a document and writes it anew, as JSON, which is YAML too. */
final class DocumentEdit {
    private static final Pattern JSON_INTEGER = Pattern.compile("-?(0|[1-9][0-9]*)");

    private DocumentEdit() {}

    static YamlNode.Scalar string(String text) {
        return new YamlNode.Scalar(Position.START, YamlNode.Kind.STRING, text);
    }

    static YamlNode.Mapping mapping(YamlNode.Entry... entries) {
        return new YamlNode.Mapping(Position.START, List.of(entries), 0, 0);
    }

    static YamlNode.Mapping strings(Map<String, String> values) {
        return new YamlNode.Mapping(
                Position.START,
                values.entrySet().stream()
                        .map(value -> entry(value.getKey(), string(value.getValue())))
                        .toList(),
                0,
                0);
    }

    static YamlNode.Mapping without(YamlNode.Mapping mapping, String key) {
        return new YamlNode.Mapping(
                mapping.position(),
                mapping.entries().stream()
                        .filter(entry -> !entry.key().equals(key))
                        .toList(),
                0,
                0);
    }

    /** {@code mapping} with {@code value} at {@code key}. */
    static YamlNode.Mapping with(YamlNode.Mapping mapping, String key, YamlNode value) {
        List<YamlNode.Entry> entries = new ArrayList<>(without(mapping, key).entries());
        entries.add(entry(key, value));
        return new YamlNode.Mapping(mapping.position(), entries, 0, 0);
    }

    /** The text at {@code key}; empty if there is none. */
    static Optional<String> text(YamlNode.Mapping mapping, String key) {
        return mapping.entries().stream()
                .filter(entry -> entry.key().equals(key))
                .map(YamlNode.Entry::value)
                .filter(YamlNode.Scalar.class::isInstance)
                .map(value -> ((YamlNode.Scalar) value).text())
                .findFirst();
    }

    /** The mappings in the list at {@code key}. */
    static List<YamlNode.Mapping> items(YamlNode.Mapping mapping, String key) {
        return mapping.entries().stream()
                .filter(entry -> entry.key().equals(key))
                .map(YamlNode.Entry::value)
                .filter(YamlNode.Sequence.class::isInstance)
                .flatMap(value -> ((YamlNode.Sequence) value).items().stream())
                .filter(YamlNode.Mapping.class::isInstance)
                .map(YamlNode.Mapping.class::cast)
                .toList();
    }

    static YamlNode.Sequence list(List<? extends YamlNode> items) {
        return new YamlNode.Sequence(Position.START, List.copyOf(items), 0, 0);
    }

    static Optional<YamlNode.Mapping> child(YamlNode.Mapping mapping, String key) {
        return mapping.entries().stream()
                .filter(entry -> entry.key().equals(key))
                .map(YamlNode.Entry::value)
                .filter(YamlNode.Mapping.class::isInstance)
                .map(YamlNode.Mapping.class::cast)
                .findFirst();
    }

    static YamlNode.Mapping withAnnotations(YamlNode.Mapping root, Map<String, String> annotations) {
        return replace(root, "metadata", metadata -> replace(metadata, "annotations", _ -> strings(annotations)));
    }

    interface Change {
        YamlNode.Mapping apply(YamlNode.Mapping before);
    }

    static YamlNode.Mapping replace(YamlNode.Mapping mapping, String key, Change change) {
        List<YamlNode.Entry> entries = new ArrayList<>(mapping.entries());
        entries.removeIf(entry -> entry.key().equals(key));
        YamlNode.Mapping before =
                child(mapping, key).orElseGet(() -> new YamlNode.Mapping(Position.START, List.of(), 0, 0));
        entries.add(entry(key, change.apply(before)));
        return new YamlNode.Mapping(mapping.position(), entries, 0, 0);
    }

    static YamlNode.Entry entry(String key, YamlNode value) {
        return new YamlNode.Entry(Position.START, key, value);
    }

    static String json(YamlNode node) {
        var out = new StringBuilder();
        write(node, "\n", out);
        return out.append('\n').toString();
    }

    private static void write(YamlNode node, String newLine, StringBuilder out) {
        String deeper = newLine + "  ";
        switch (node) {
            case YamlNode.Scalar(var _, var kind, var text) -> {
                boolean integer = kind == YamlNode.Kind.INTEGER
                        && JSON_INTEGER.matcher(text).matches();
                out.append(kind == YamlNode.Kind.NULL ? "null" : integer ? text : quoted(text));
            }
            case YamlNode.Sequence sequence -> {
                String separator = deeper;
                out.append('[');
                for (YamlNode item : sequence.items()) {
                    out.append(separator);
                    write(item, deeper, out);
                    separator = "," + deeper;
                }
                out.append(sequence.items().isEmpty() ? "]" : newLine + "]");
            }
            case YamlNode.Mapping mapping -> {
                String separator = deeper;
                out.append('{');
                for (YamlNode.Entry entry : mapping.entries()) {
                    out.append(separator).append(quoted(entry.key())).append(": ");
                    write(entry.value(), deeper, out);
                    separator = "," + deeper;
                }
                out.append(mapping.entries().isEmpty() ? "}" : newLine + "}");
            }
        }
    }

    /** A JSON string, which is a YAML one too. */
    static String quoted(String text) {
        var out = new StringBuilder("\"");
        text.chars().forEach(c -> {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c >= 0xfeff) {
                        out.append("\\u%04x".formatted(c));
                    } else {
                        out.append((char) c);
                    }
                }
            }
        });
        return out.append('"').toString();
    }
}

package dev.trellis.wadm.manifest;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Adds {@link Manifest#PIN_PREFIX} annotations to a manifest, so that every host runs the very bytes that were meant. */
public final class ManifestPins {
    /*
     * The author's text is kept, comments included, by inserting lines before the first key of `metadata` or of its
     * `annotations`. That is right for block mappings that begin a line; the result is read again, and where it does
     * not say what it should (flow style, anchors, earlier pins) the document is written anew as JSON.
     */

    private static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\n\r\u0085\u2028\u2029]");
    private static final Pattern JSON_INTEGER = Pattern.compile("-?(0|[1-9][0-9]*)");

    private ManifestPins() {}

    /**
     * The manifest with the images of some components pinned; its {@link Manifest#source} has the new document.
     *
     * @param digests SHA-256, lower-case hex, by name of the component; replaces earlier pins of these components
     * @throws IllegalArgumentException if there is no such component
     * @throws InvalidManifestException if a digest is not valid or the document becomes too large
     */
    public static Manifest pin(Manifest manifest, Map<String, String> digests) throws InvalidManifestException {
        var pins = new TreeMap<String, String>();
        digests.forEach((component, digest) -> {
            if (manifest.component(component).isEmpty()) {
                throw new IllegalArgumentException("cannot pin '" + component + "': application " + manifest.name()
                        + " has no component of that name");
            }
            pins.put(Manifest.PIN_PREFIX + component, digest);
        });
        if (pins.isEmpty()) {
            return manifest;
        }
        var annotations = new TreeMap<>(manifest.annotations());
        annotations.putAll(pins);
        String file = manifest.source().file();
        String text = manifest.source().text();
        if (!(YamlTree.parse(text, new Problems(file, text)) instanceof YamlNode.Mapping root)) {
            throw new IllegalArgumentException("manifest " + manifest.name() + " was not read from its source");
        }
        Optional<String> inserted = insert(text, root, pins);
        if (inserted.isPresent()) {
            try {
                Manifest pinned = read(file, inserted.get());
                if (pinned.annotations().equals(annotations)
                        && pinned.components().size() == manifest.components().size()) {
                    return pinned;
                }
            } catch (InvalidManifestException _) {
                // the JSON below is right, or says what is wrong with the digests
            }
        }
        return read(file, json(withAnnotations(root, annotations)));
    }

    private static Manifest read(String file, String text) throws InvalidManifestException {
        return ManifestReader.read(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static Optional<String> insert(String text, YamlNode.Mapping root, Map<String, String> pins) {
        Optional<YamlNode.Mapping> metadata = child(root, "metadata");
        Optional<YamlNode.Mapping> annotations = metadata.flatMap(mapping -> child(mapping, "annotations"));
        Optional<YamlNode.Mapping> place = annotations.or(() -> metadata);
        if (place.isEmpty()
                || place.get().entries().isEmpty()
                || !place.get()
                        .position()
                        .equals(place.get().entries().getFirst().keyPosition())) {
            return Optional.empty();
        }
        Position position = place.get().position();
        String indent = " ".repeat(position.column() - 1);
        String deeper = annotations.isPresent() ? indent : indent + "  ";
        String head = annotations.isPresent() ? "" : indent + "annotations:\n";
        String lines = pins.entrySet().stream()
                .map(pin -> deeper + pin.getKey() + ": " + quoted(pin.getValue()) + "\n")
                .collect(Collectors.joining("", head, ""));
        int start = lineStart(text, position.line());
        return text.startsWith(indent, start)
                ? Optional.of(text.substring(0, start) + lines + text.substring(start))
                : Optional.empty();
    }

    private static Optional<YamlNode.Mapping> child(YamlNode.Mapping mapping, String key) {
        return mapping.entries().stream()
                .filter(entry -> entry.key().equals(key))
                .map(YamlNode.Entry::value)
                .filter(YamlNode.Mapping.class::isInstance)
                .map(YamlNode.Mapping.class::cast)
                .findFirst();
    }

    private static int lineStart(String text, int line) {
        Matcher breaks = LINE_BREAK.matcher(text);
        int start = 0;
        for (int i = 1; i < line && breaks.find(); i++) {
            start = breaks.end();
        }
        return start;
    }

    private static YamlNode.Mapping withAnnotations(YamlNode.Mapping root, Map<String, String> annotations) {
        var written = new ArrayList<YamlNode.Entry>();
        annotations.forEach((key, value) ->
                written.add(entry(key, new YamlNode.Scalar(Position.START, YamlNode.Kind.STRING, value))));
        return replace(
                root,
                "metadata",
                metadata -> replace(metadata, "annotations", _ -> new YamlNode.Mapping(Position.START, written, 0, 0)));
    }

    private interface Change {
        YamlNode.Mapping apply(YamlNode.Mapping before);
    }

    private static YamlNode.Mapping replace(YamlNode.Mapping mapping, String key, Change change) {
        List<YamlNode.Entry> entries = new ArrayList<>(mapping.entries());
        entries.removeIf(entry -> entry.key().equals(key));
        YamlNode.Mapping before =
                child(mapping, key).orElseGet(() -> new YamlNode.Mapping(Position.START, List.of(), 0, 0));
        entries.add(entry(key, change.apply(before)));
        return new YamlNode.Mapping(mapping.position(), entries, 0, 0);
    }

    private static YamlNode.Entry entry(String key, YamlNode value) {
        return new YamlNode.Entry(Position.START, key, value);
    }

    private static String json(YamlNode node) {
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
    private static String quoted(String text) {
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

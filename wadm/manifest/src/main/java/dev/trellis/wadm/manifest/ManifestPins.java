package dev.trellis.wadm.manifest;

import java.nio.charset.StandardCharsets;
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
        return read(file, DocumentEdit.json(DocumentEdit.withAnnotations(root, annotations)));
    }

    private static Manifest read(String file, String text) throws InvalidManifestException {
        return ManifestReader.read(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static Optional<String> insert(String text, YamlNode.Mapping root, Map<String, String> pins) {
        Optional<YamlNode.Mapping> metadata = DocumentEdit.child(root, "metadata");
        Optional<YamlNode.Mapping> annotations =
                metadata.flatMap(mapping -> DocumentEdit.child(mapping, "annotations"));
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
                .map(pin -> deeper + pin.getKey() + ": " + DocumentEdit.quoted(pin.getValue()) + "\n")
                .collect(Collectors.joining("", head, ""));
        int start = lineStart(text, position.line());
        return text.startsWith(indent, start)
                ? Optional.of(text.substring(0, start) + lines + text.substring(start))
                : Optional.empty();
    }

    private static int lineStart(String text, int line) {
        Matcher breaks = LINE_BREAK.matcher(text);
        int start = 0;
        for (int i = 1; i < line && breaks.find(); i++) {
            start = breaks.end();
        }
        return start;
    }
}

package dev.trellis.wadm.manifest;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The way from the document's root to a node, written {@code spec.components[1].traits[0]}. */
final class Path {
    /** Keys written with a dot; others in brackets, since they may contain dots themselves. */
    private static final Pattern PLAIN = Pattern.compile("[-\\w]{1,64}");

    static final Path ROOT = new Path(null, "");

    private final @Nullable Path parent;
    private final String step;

    private Path(@Nullable Path parent, String step) {
        this.parent = parent;
        this.step = step;
    }

    Path key(String key) {
        return new Path(this, PLAIN.matcher(key).matches() ? "." + key : "[\"" + Problems.shorten(key) + "\"]");
    }

    Path index(int index) {
        return new Path(this, "[" + index + "]");
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        for (Path at = this; at != null; at = at.parent) {
            text.insert(0, at.step);
        }
        return text.isEmpty() || text.charAt(0) != '.' ? text.toString() : text.substring(1);
    }
}

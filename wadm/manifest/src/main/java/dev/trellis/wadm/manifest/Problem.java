package dev.trellis.wadm.manifest;

import java.util.Optional;

/**
 * One thing that is wrong with a manifest, told so that its author can mend it without reading documentation.
 *
 * @param file the name that the reader was given for the manifest
 * @param path the part of the document, such as {@code spec.components[1].traits[0].properties.target}; empty for the
 *     document itself
 * @param message what is wrong, with the value that was found
 * @param expected what would be right; empty if the message says it all
 * @param nearest the valid name that resembles the one found most
 * @param excerpt the source line with a caret under the place, two lines; empty if there is no such line
 */
public record Problem(
        Level level,
        String file,
        Position position,
        String path,
        String message,
        String expected,
        Optional<String> nearest,
        String excerpt) {
    /** An error refuses the manifest; a warning goes with one that is accepted. */
    public enum Level {
        ERROR,
        WARNING
    }

    /** The problem in one line: {@code wadm.yaml:31:11: error: spec.components[1]...: ...}. */
    public String summary() {
        var text = new StringBuilder(file).append(':').append(position).append(": ");
        text.append(
                switch (level) {
                    case ERROR -> "error: ";
                    case WARNING -> "warning: ";
                });
        if (!path.isEmpty()) {
            text.append(path).append(": ");
        }
        text.append(message);
        if (!expected.isEmpty()) {
            text.append("; expected ").append(expected);
        }
        nearest.ifPresent(name -> text.append("; did you mean '").append(name).append("'?"));
        return text.toString();
    }

    /** The summary, then the source line and a caret. */
    public String format() {
        return excerpt.isEmpty() ? summary() : summary() + "\n" + excerpt;
    }

    @Override
    public String toString() {
        return summary();
    }
}

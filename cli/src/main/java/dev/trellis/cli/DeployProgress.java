package dev.trellis.cli;

import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One line per component with its state: updated in place on a terminal, else a line for each change. */
final class DeployProgress implements AutoCloseable {
    private static final String NO_WRAP = "\u001b[?7l";
    private static final String WRAP = "\u001b[?7h";

    private final Console console;
    private final List<String> components;
    private final int width;
    private final Map<String, String> shown = new LinkedHashMap<>();

    DeployProgress(Console console, Manifest manifest) {
        this.console = console;
        this.components =
                manifest.components().stream().map(ManifestComponent::name).toList();
        this.width = components.stream().mapToInt(String::length).max().orElse(0);
    }

    void show(WadmReplies.Status status) {
        var lines = new LinkedHashMap<String, String>();
        for (String component : components) {
            lines.put(component, line(component, status));
        }
        if (lines.equals(shown)) {
            return;
        }
        if (console.moving()) {
            var text = new StringBuilder(NO_WRAP);
            if (!shown.isEmpty()) {
                text.append("\u001b[").append(shown.size()).append('A');
            }
            lines.values()
                    .forEach(line -> text.append("\r\u001b[K").append(line).append('\n'));
            console.raw(text.append(WRAP).toString());
        } else {
            lines.forEach((component, line) -> {
                if (!line.equals(shown.get(component))) {
                    console.note(line);
                }
            });
        }
        shown.clear();
        shown.putAll(lines);
    }

    private String line(String name, WadmReplies.Status status) {
        boolean planned = !status.scalers().isEmpty(); // before that, components have nothing that could be missing
        String state = status.status().type();
        List<String> reasons = new ArrayList<>();
        for (WadmReplies.Component component : status.components()) {
            if (planned && component.name().equals(name)) {
                state = component.status().type();
                add(reasons, component.status());
                for (WadmReplies.Trait trait : component.traits()) {
                    if (trait.status().type().equals(state)) {
                        add(reasons, trait.status());
                    }
                }
            }
        }
        Standing standing = Standing.ofStatus(state);
        String mark =
                switch (standing) {
                    case GOOD -> "ok";
                    case BUSY -> "..";
                    case BAD -> "!!";
                };
        return "  %s %s  %s%s"
                .formatted(
                        console.standing(standing, mark),
                        name + " ".repeat(width - name.length()),
                        console.standing(standing, state),
                        reasons.isEmpty() ? "" : "  " + console.dim(String.join("; ", reasons)));
    }

    private static void add(List<String> reasons, WadmReplies.State state) {
        String message = AppCommands.oneLine(state.message());
        if (!message.isEmpty() && !reasons.contains(message)) {
            reasons.add(message);
        }
    }

    /** Leaves the last lines as they are. */
    @Override
    public void close() {
        if (console.moving()) {
            console.raw(WRAP);
        }
    }
}

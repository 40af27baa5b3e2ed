package dev.trellis.cli;

import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.component.WitPrinter;
import dev.trellis.host.wasi.ComponentNeeds;
import dev.trellis.host.wasi.ComponentNeeds.Caller;
import dev.trellis.host.wasi.ComponentNeeds.Origin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells what a component needs, what it answers, and whether it runs. In text all of it is WIT and comments of WIT. */
final class ComponentReport {
    /** Names longer than this push what is said of them to the right. */
    private static final int NAME_COLUMN_MAX = 60;

    private final Console console;
    private final Path file;
    private final Map<String, Object> head;
    private final ComponentNeeds needs;
    private final String wit;

    /** @param head what every report of a file begins with */
    ComponentReport(Console console, Path file, ValidComponent component, Map<String, Object> head) {
        this.console = console;
        this.file = file;
        this.head = head;
        this.needs = ComponentNeeds.of(component);
        this.wit = WitPrinter.print(component).stripTrailing();
    }

    /** Prints it; the exit code. */
    int print() {
        if (console.json()) {
            json();
        } else {
            text();
        }
        return runsAs().isEmpty() ? ExitCode.INVALID.number() : ExitCode.OK.number();
    }

    /** How it runs; empty if it does not. */
    private String runsAs() {
        if (!needs.missing().isEmpty()) {
            return "";
        }
        return needs.answers() ? "actor" : needs.command() ? "command" : "";
    }

    private void json() {
        var data = new LinkedHashMap<>(head);
        data.put(
                "imports",
                needs.imports().stream()
                        .map(one -> {
                            var entry = new LinkedHashMap<String, Object>();
                            entry.put("name", one.name());
                            switch (one.origin()) {
                                case Origin.Host _ -> entry.put("from", "host");
                                case Origin.Provider(var link, var contract) -> {
                                    entry.put("from", "provider");
                                    entry.put("contract", contract.value());
                                    entry.put("link", document(link));
                                }
                                case Origin.Actor(var link) -> {
                                    entry.put("from", "actor");
                                    entry.put("link", document(link));
                                }
                                case Origin.Missing(String why) -> {
                                    entry.put("from", "nowhere");
                                    entry.put("missing", why);
                                }
                            }
                            return entry;
                        })
                        .toList());
        data.put(
                "exports",
                needs.exports().stream()
                        .map(one -> Map.of("name", one.name(), "calledBy", word(one.caller())))
                        .toList());
        data.put("wit", wit + "\n");
        data.put("runnable", !runsAs().isEmpty());
        if (!runsAs().isEmpty()) {
            data.put("runsAs", runsAs());
        }
        console.document("ActorInspection", data);
    }

    private static Map<String, Object> document(ComponentNeeds.Link link) {
        var data = new LinkedHashMap<String, Object>();
        data.put("namespace", link.namespace());
        data.put("package", link.packageName());
        data.put("interfaces", List.of(link.interfaceName()));
        return data;
    }

    private static String word(Caller caller) {
        return switch (caller) {
            case Caller.HttpServer _ -> "http-server";
            case Caller.Actors _ -> "actors";
            case Caller.Command _ -> "command";
            case Caller.Nobody _ -> "nobody";
        };
    }

    private void text() {
        console.print("// %s: a component, %s bytes, sha256 %s".formatted(file, head.get("bytes"), head.get("sha256")));
        console.print(wit);
        List<String[]> imports = new ArrayList<>();
        needs.imports().forEach(one -> imports.add(new String[] {one.name(), words(one.origin())}));
        List<String[]> exports = new ArrayList<>();
        needs.exports().forEach(one -> exports.add(new String[] {one.name(), words(one.caller())}));
        table("What it imports is linked to:", imports);
        table("What it exports is called by:", exports);
        if (!needs.links().isEmpty()) {
            console.print("");
            console.print("// Its traits in wadm.yaml, TARGET being the component that serves them there:");
            needs.links().forEach((to, interfaces) -> {
                console.print("//   - type: link");
                console.print("//     properties:");
                console.print("//       target: TARGET");
                console.print("//       namespace: " + to.namespace());
                console.print("//       package: " + to.packageName());
                console.print("//       interfaces: [" + String.join(", ", interfaces) + "]");
            });
        }
        console.print("");
        console.print("// " + verdict());
    }

    private String verdict() {
        return switch (runsAs()) {
            case "actor" -> "It runs as an actor" + (needs.command() ? ", and as a command: trellis actor run." : ".");
            case "command" -> "It runs as a command: trellis actor run " + file;
            default ->
                needs.missing().isEmpty()
                        ? "It does not run: it exports nothing that anybody calls."
                        : "It does not run: %d of its imports %s missing."
                                .formatted(
                                        needs.missing().size(), needs.missing().size() == 1 ? "is" : "are");
        };
    }

    private void table(String title, List<String[]> rows) {
        if (rows.isEmpty()) {
            return;
        }
        int width = rows.stream()
                .mapToInt(row -> row[0].length())
                .filter(length -> length <= NAME_COLUMN_MAX)
                .max()
                .orElse(0);
        console.print("");
        console.print("// " + title);
        rows.forEach(row -> console.print(("//   %-" + Math.max(1, width) + "s  %s")
                .formatted(row[0], row[1])
                .stripTrailing()));
    }

    private static String words(Origin origin) {
        return switch (origin) {
            case Origin.Host _ -> "the host";
            case Origin.Provider(var _, var contract) -> "a provider of " + contract + ", by a link";
            case Origin.Actor _ -> "an actor that exports it, by a link";
            case Origin.Missing(String why) -> "MISSING: " + why;
        };
    }

    private static String words(Caller caller) {
        return switch (caller) {
            case Caller.HttpServer(var link) ->
                "an HTTP server, by its link of %s:%s [%s]"
                        .formatted(link.namespace(), link.packageName(), link.interfaceName());
            case Caller.Actors(var link) ->
                "actors, by their links of %s:%s [%s]"
                        .formatted(link.namespace(), link.packageName(), link.interfaceName());
            case Caller.Command _ -> "trellis actor run";
            case Caller.Nobody(String why) -> "nobody: " + why;
        };
    }
}

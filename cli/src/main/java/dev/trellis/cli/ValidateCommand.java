package dev.trellis.cli;

import dev.trellis.wadm.manifest.ActorComponent;
import dev.trellis.wadm.manifest.InvalidManifestException;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.Problem;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code trellis validate}: says what is wrong with a manifest, with nothing but the file. */
@Command(name = "validate", description = "Check a manifest, without a lattice.")
final class ValidateCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "FILE", description = "The manifest, such as wadm.yaml.")
    Path file = Path.of("wadm.yaml");

    ValidateCommand(Session session) {
        this.console = session.console();
    }

    @Override
    public Integer call() throws CliException {
        try {
            Manifest manifest = ManifestFiles.read(file);
            report(manifest);
            return ExitCode.OK.number();
        } catch (InvalidManifestException e) {
            if (console.json()) {
                console.document("Validation", document(false, e.problems(), Map.of()));
            } else {
                ManifestFiles.print(console, e.problems());
            }
            throw ManifestFiles.invalid(file, e);
        }
    }

    private void report(Manifest manifest) {
        long actors = manifest.components().stream()
                .filter(ActorComponent.class::isInstance)
                .count();
        long capabilities = manifest.components().size() - actors;
        if (console.json()) {
            var application = new LinkedHashMap<String, Object>();
            application.put("name", manifest.name());
            application.put("actors", actors);
            application.put("capabilities", capabilities);
            application.put("links", manifest.links().size());
            console.document("Validation", document(true, manifest.warnings(), application));
            return;
        }
        ManifestFiles.print(console, manifest.warnings());
        console.print("%s is valid: application %s, %s, %s, %s"
                .formatted(
                        file,
                        manifest.name(),
                        count(actors, "actor", "actors"),
                        count(capabilities, "capability", "capabilities"),
                        count(manifest.links().size(), "link", "links")));
    }

    private static Map<String, Object> document(
            boolean valid, List<Problem> problems, Map<String, Object> application) {
        var data = new LinkedHashMap<String, Object>();
        data.put("valid", valid);
        if (!application.isEmpty()) {
            data.put("application", application);
        }
        data.put(
                "problems",
                problems.stream()
                        .map(problem -> {
                            var one = new LinkedHashMap<String, Object>();
                            one.put("level", problem.level().name().toLowerCase(java.util.Locale.ROOT));
                            one.put("file", problem.file());
                            one.put("line", problem.position().line());
                            one.put("column", problem.position().column());
                            one.put("path", problem.path());
                            one.put("message", problem.message());
                            one.put("expected", problem.expected());
                            problem.nearest().ifPresent(nearest -> one.put("nearest", nearest));
                            return one;
                        })
                        .toList());
        return data;
    }

    static String count(long number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }
}

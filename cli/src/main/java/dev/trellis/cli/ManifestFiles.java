package dev.trellis.cli;

import dev.trellis.wadm.manifest.InvalidManifestException;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestReader;
import dev.trellis.wadm.manifest.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads manifest files and tells what is wrong with them. */
final class ManifestFiles {
    /** Larger files are not read: no manifest is near it. */
    private static final long BYTES_MAX = 1 << 20;

    private ManifestFiles() {}

    /** The manifest in {@code file}. */
    static Manifest read(Path file) throws CliException, InvalidManifestException {
        try {
            long size = Files.size(file);
            if (size > BYTES_MAX) {
                throw new CliException(
                                ExitCode.INVALID,
                                "the manifest is too large",
                                "give a wadm.yaml; images and data do not belong into it")
                        .at(file.toString())
                        .because("it has " + size + " bytes, at most " + BYTES_MAX + " are read");
            }
            return ManifestReader.read(file.toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            boolean missing = !Files.exists(file);
            throw new CliException(
                            missing ? ExitCode.NOT_FOUND : ExitCode.INVALID,
                            missing ? "there is no such manifest file" : "the manifest cannot be read",
                            "give the path of a wadm.yaml, such as manifests/user-api/wadm.yaml")
                    .at(file.toAbsolutePath().normalize().toString())
                    .because(missing ? "no file of that name" : String.valueOf(e));
        }
    }

    /** What to say about a manifest that cannot be used. */
    static CliException invalid(Path file, InvalidManifestException invalid) {
        long errors = invalid.problems().stream()
                .filter(problem -> problem.level() == Problem.Level.ERROR)
                .count();
        Problem first = invalid.problems().stream()
                .filter(problem -> problem.level() == Problem.Level.ERROR)
                .findFirst()
                .orElseThrow();
        return new CliException(
                        ExitCode.INVALID,
                        "the manifest is not valid: " + errors + (errors == 1 ? " error" : " errors"),
                        "mend it, then: trellis validate " + file)
                .at(file + ":" + first.position());
    }

    /** Prints problems with their source lines to standard error. */
    static void print(Console console, List<Problem> problems) {
        for (Problem problem : problems) {
            String summary = problem.summary();
            String coloured =
                    switch (problem.level()) {
                        case ERROR -> summary.replaceFirst("error:", console.red("error:"));
                        case WARNING -> summary.replaceFirst("warning:", console.standing(Standing.BUSY, "warning:"));
                    };
            console.error(problem.excerpt().isEmpty() ? coloured : coloured + "\n" + problem.excerpt());
        }
    }
}

package dev.trellis.cli;

import dev.trellis.observability.telemetry.TelemetrySettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of commands that run a host. */
final class HostOptions {
    @Option(
            names = "--label",
            paramLabel = "KEY=VALUE",
            description = "Label of the host, such as site=edge-1. Repeatable.")
    List<String> labels = new ArrayList<>();

    @Option(
            names = "--image",
            paramLabel = "REF=PATH",
            description = "A local file that this host runs in place of an image reference. Repeatable.")
    List<String> images = new ArrayList<>();

    @Option(names = "--name", paramLabel = "NAME", description = "Name of the host, for people.")
    @Nullable
    String name;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where to keep identity, state and logs. Default: $$TRELLIS_DATA, else ~/.trellis.")
    @Nullable
    Path data;

    Servers.HostWish wish(Session session) throws CliException {
        return new Servers.HostWish(
                session.options().lattice,
                name,
                ImageOverrides.labels(labels),
                ImageOverrides.parse(images),
                telemetry(session));
    }

    private static TelemetrySettings telemetry(Session session) throws CliException {
        try {
            return TelemetrySettings.of(session.environment());
        } catch (IllegalArgumentException e) {
            throw new CliException(
                            ExitCode.USAGE,
                            "an OTEL_* variable of the environment has a value that it cannot have",
                            "mend the variable, or unset it")
                    .because(e);
        }
    }

    Path dataDirectory(Session session) {
        return data == null ? session.dataDirectory() : data.toAbsolutePath().normalize();
    }
}

package dev.trellis.cli;

import dev.trellis.lattice.model.LatticeName;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Options that every command takes, before or after its name. */
final class GlobalOptions {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            scope = ScopeType.INHERIT,
            order = 90,
            description = "Form of the output; json is one document. Default: text.")
    OutputFormat output = OutputFormat.TEXT;

    @Option(
            names = "--lattice",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            order = 91,
            description = "The lattice to work on. Default: default.")
    LatticeName lattice = LatticeName.DEFAULT;

    @Option(
            names = "--nats",
            paramLabel = "URL",
            scope = ScopeType.INHERIT,
            order = 92,
            description = "NATS server of the lattice. Default: $TRELLIS_NATS_URL, else that of the running"
                    + " `trellis up`, else nats://127.0.0.1:4222.")
    @Nullable
    String nats;

    @Mixin
    NatsOptions natsOptions = new NatsOptions();

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            scope = ScopeType.INHERIT,
            order = 94,
            description = "How long to wait for an answer, such as 500ms, 5s, 1m30s. Default: 5s.")
    @Nullable
    Duration timeout;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            order = 95,
            description = "Print only names or ids, and no messages but errors.")
    boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            order = 96,
            description = "Log details, and show where an error came from.")
    boolean verbose;
}

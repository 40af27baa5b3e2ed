package dev.trellis.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Runs command lines in this process, with streams of their own. */
final class Shell {
    private final Map<String, String> environment;
    private final LatticeConnector connector;

    Shell(Map<String, String> environment, LatticeConnector connector) {
        this.environment = environment;
        this.connector = connector;
    }

    /** What became of a command. */
    record Outcome(int exitCode, String out, String err) {}

    Outcome run(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        Console console = Console.plain(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        int exitCode = new Cli(console, environment, connector).run(arguments);
        return new Outcome(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}

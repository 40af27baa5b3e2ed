package dev.trellis.cli;

import dev.trellis.lattice.nats.NatsTransport;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Entry point of the {@code trellis} command. */
public final class Main {
    /** Level of Trellis' own log; read by logback.xml. */
    private static final String LOG_LEVEL_PROPERTY = "trellis.log.level";

    /** Which streams are terminals; set by the launcher, since Java can only ask for all at once. */
    private static final String TERMINALS_PROPERTY = "trellis.terminals";

    private Main() {}

    /** Runs the command and exits with its code. */
    public static void main(String[] arguments) {
        System.setProperty(LOG_LEVEL_PROPERTY, logLevel(List.of(arguments)));
        Console console = Console.of(
                stream(FileDescriptor.out),
                stream(FileDescriptor.err),
                System.getenv(),
                System.getProperty(TERMINALS_PROPERTY, ""));
        int exitCode = new Cli(console, System.getenv(), NatsTransport::connect).run(arguments);
        System.exit(exitCode);
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }

    /** Servers tell what they do, tools only what is wrong. Decided before anything logs. */
    private static String logLevel(List<String> arguments) {
        if (arguments.contains("-v") || arguments.contains("--verbose")) {
            return "DEBUG";
        }
        boolean server = arguments.stream()
                .filter(argument -> !argument.startsWith("-"))
                .findFirst()
                .map(List.of("up", "host", "controller")::contains)
                .orElse(false);
        return server ? "INFO" : "WARN";
    }
}

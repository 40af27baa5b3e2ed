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

    private static final List<String> SERVERS = List.of("up", "host", "controller");

    /** What {@code host} does beside running one. */
    private static final List<String> HOST_TOOLS = List.of("list", "get", "stop", "cordon", "drain", "uncordon");

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
        String command = arguments.stream()
                .filter(argument -> !argument.startsWith("-"))
                .findFirst()
                .orElse("");
        boolean server = SERVERS.contains(command) && HOST_TOOLS.stream().noneMatch(arguments::contains);
        return server ? "INFO" : "WARN";
    }
}

package dev.trellis.cli;

import dev.trellis.lattice.model.LatticeName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The whole command line: every command, and how each way of failing is told. */
final class Cli {
    /** {@code trellis} itself. */
    @Command(
            name = "trellis",
            description = "WebAssembly actors over a NATS lattice, kept true by a controller.",
            synopsisSubcommandLabel = "COMMAND",
            footer = {
                "",
                "First steps:",
                "  trellis up --demo          start a lattice here and deploy the sample application",
                "  curl localhost:8080/users  call it",
                "  trellis doctor             what is missing on this machine",
                "",
                "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 conflict, 5 invalid manifest or image,",
                "6 refused, 7 unreachable, 8 timeout, 9 partly done, 130 interrupted."
            })
    static final class Root extends GroupCommand {
        @Mixin
        final GlobalOptions options;

        Root(GlobalOptions options) {
            this.options = options;
        }
    }

    private final GlobalOptions options = new GlobalOptions();
    private final Console console;
    private final CommandLine commandLine;

    Cli(Console console, Map<String, String> environment, LatticeConnector connector) {
        this.console = console;
        Session session = new Session(options, console, environment, connector);
        this.commandLine = commands(session);
    }

    private CommandLine commands(Session session) {
        CommandLine root = new CommandLine(new Root(options));
        root.addSubcommand(new UpCommand(session));
        root.addSubcommand(new DownCommand(session));
        root.addSubcommand(new CommandLine(new HostCommand(session))
                .addSubcommand(new HostCommands.ListHosts(session))
                .addSubcommand(new HostCommands.Get(session))
                .addSubcommand(new HostSchedulingCommands.Cordon(session))
                .addSubcommand(new HostSchedulingCommands.Drain(session))
                .addSubcommand(new HostSchedulingCommands.Uncordon(session))
                .addSubcommand(new HostCommands.Stop(session)));
        root.addSubcommand(new ControllerCommand(session));
        root.addSubcommand(new DeployCommand(session));
        root.addSubcommand(new UndeployCommand(session));
        root.addSubcommand(new CommandLine(new AppCommands.Group())
                .addSubcommand(new AppCommands.ListApps(session))
                .addSubcommand(new AppCommands.Get(session))
                .addSubcommand(new AppCommands.Status(session))
                .addSubcommand(new AppCommands.Delete(session)));
        root.addSubcommand(new CommandLine(new InventoryCommands.ActorGroup())
                .addSubcommand(new InventoryCommands.ListActors(session))
                .addSubcommand(new ActorInspectCommand(session))
                .addSubcommand(new ActorInvokeCommand(session))
                .addSubcommand(new ActorRunCommand(session)));
        root.addSubcommand(new CommandLine(new InventoryCommands.ProviderGroup())
                .addSubcommand(new InventoryCommands.ListProviders(session))
                .addSubcommand(new ProviderSwapCommand(session)));
        root.addSubcommand(new CommandLine(new InventoryCommands.LinkGroup())
                .addSubcommand(new InventoryCommands.ListLinks(session)));
        root.addSubcommand(new CommandLine(new TraceCommands.Group())
                .addSubcommand(new TraceCommands.ListTraces(session))
                .addSubcommand(new TraceCommands.Last(session))
                .addSubcommand(new TraceCommands.Show(session)));
        root.addSubcommand(new ValidateCommand(session));
        root.addSubcommand(new DoctorCommand(session));
        root.addSubcommand(new VersionCommand(session));
        configure(root);
        return root;
    }

    private void configure(CommandLine root) {
        root.registerConverter(Duration.class, new DurationConverter());
        root.registerConverter(LatticeName.class, LatticeName::new);
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setUsageHelpAutoWidth(false);
        root.setUsageHelpWidth(100);
        addHelp(root);
        root.setParameterExceptionHandler((failure, _) -> usage(failure));
        root.setExecutionExceptionHandler((failure, _, _) -> failure(failure));
        root.setExecutionStrategy(parsed -> {
            console.configure(options);
            return new CommandLine.RunLast().execute(parsed);
        });
    }

    private static void addHelp(CommandLine command) {
        command.getCommandSpec().mixinStandardHelpOptions(false);
        command.getCommandSpec()
                .addOption(CommandLine.Model.OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .order(99)
                        .description("Show this help.")
                        .build());
        command.getCommandSpec().usageMessage().sortOptions(false).abbreviateSynopsis(true);
        command.getSubcommands().values().forEach(Cli::addHelp);
    }

    /** Runs one command line and returns its exit code. Never throws. */
    int run(String... arguments) {
        commandLine.setColorScheme(CommandLine.Help.defaultColorScheme(console.outColour() ? Ansi.ON : Ansi.OFF));
        commandLine.setOut(console.outWriter());
        commandLine.setErr(console.errWriter());
        try {
            return commandLine.execute(arguments);
        } finally {
            if (Thread.interrupted()) {
                console.note("Interrupted.");
            }
        }
    }

    private int usage(ParameterException failure) {
        console.configure(options);
        CommandLine command = failure.getCommandLine();
        CliException told = new CliException(
                ExitCode.USAGE,
                String.valueOf(failure.getMessage()),
                command.getCommandSpec().qualifiedName() + " --help");
        if (failure instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            if (!suggestions.isEmpty()) {
                told = told.because("did you mean "
                        + String.join(" or ", suggestions.subList(0, Math.min(3, suggestions.size()))) + "?");
            }
        }
        console.failure(told);
        return told.exitCode().number();
    }

    private int failure(Exception failure) {
        if (failure instanceof InterruptedException) {
            console.note("Interrupted.");
            return ExitCode.INTERRUPTED.number();
        }
        CliException told = failure instanceof CliException expected
                ? expected
                : new CliException(
                                ExitCode.FAILED,
                                "this is a fault of trellis itself: "
                                        + failure.getClass().getSimpleName(),
                                "run it again with -v and report what it prints")
                        .because(failure);
        console.failure(told);
        if (options.verbose) {
            console.stackTrace(failure);
        }
        return told.exitCode().number();
    }
}

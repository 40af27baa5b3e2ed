package dev.trellis.cli;

import dev.trellis.host.component.ComponentLinkException;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.InvalidModuleException;
import dev.trellis.host.engine.LinkException;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.host.wasi.CommandEnvironment;
import dev.trellis.host.wasi.WasiCommand;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis actor run}: one run of a command component in this process, without a lattice. */
@Command(
        name = "run",
        description = {
            "Run a component that exports wasi:cli/run, here and now, without a lattice.",
            "It gets the arguments, the standard streams, and of the machine only what the options give it.",
            "Its exit code becomes that of trellis. It may take a day, or --timeout, which ends it with 8."
        },
        footer = {
            "",
            "Examples:",
            "  trellis actor run tool.wasm -- --help",
            "  trellis actor run tool.wasm --dir .::/work:ro --env LEVEL=debug <input.txt"
        })
final class ActorRunCommand implements Callable<Integer> {
    /** What a command may use: 1 GiB of memory, and as much time as there is. */
    private static final GuestLimits LIMITS = GuestLimits.DEFAULTS
            .withMemoryPagesMax(16_384)
            .withTableEntriesMax(GuestLimits.TABLE_ENTRIES_CEILING)
            .withTimeBudget(GuestLimits.TIME_BUDGET_CEILING);

    private static final String GUEST_SEPARATOR = "::";
    private static final String READ_ONLY = ":ro";

    private final Session session;
    private final Console console;

    @Parameters(index = "0", paramLabel = "FILE", description = "A component in binary form.")
    Path file = Path.of("command.wasm");

    @Parameters(
            index = "1..*",
            paramLabel = "ARGS",
            arity = "0..*",
            description = "Arguments of the command, after --.")
    List<String> arguments = List.of();

    @Option(names = "--env", paramLabel = "NAME=VALUE", description = "A variable of its environment. May be repeated.")
    List<String> variables = List.of();

    @Option(
            names = "--dir",
            paramLabel = "HOST[::GUEST][:ro]",
            description =
                    "A directory that it may use, what it calls it (as on the host if not said), and whether it may"
                            + " only read. May be repeated.")
    List<String> directories = List.of();

    ActorRunCommand(Session session) {
        this.session = session;
        this.console = session.console();
    }

    @Override
    public Integer call() throws CliException, InterruptedException {
        CommandEnvironment environment = environment();
        ValidComponent component = component();
        EngineConfig config =
                EngineConfig.DEFAULTS.withCacheDirectory(session.dataDirectory().resolve("command-modules"));
        try (var engine = new WasmEngine(config)) {
            return WasiCommand.link(component, engine)
                    .run(environment, LIMITS.withTimeBudget(session.timeout(GuestLimits.TIME_BUDGET_CEILING)));
        } catch (ComponentLinkException | InvalidModuleException | LinkException e) {
            throw new CliException(
                            ExitCode.INVALID,
                            "the command cannot be linked",
                            "trellis actor inspect " + file + " prints all that it imports")
                    .at(file.toString())
                    .because(e);
        } catch (GuestException e) {
            throw failed(e);
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.NOT_FOUND, "a directory cannot be given to the command", "check what --dir names")
                    .because(e);
        }
    }

    private CliException failed(GuestException e) {
        boolean timeout = e.failure() instanceof GuestFailure.TimedOut;
        return new CliException(
                        timeout ? ExitCode.TIMEOUT : ExitCode.FAILED,
                        timeout ? "the command took too long" : "the command was ended",
                        timeout ? "give it more time with --timeout" : "this is a fault of the command itself")
                .at(file.toString())
                .because(e);
    }

    // ---- what it gets

    private CommandEnvironment environment() throws CliException {
        Map<String, String> env = new LinkedHashMap<>();
        for (String one : variables) {
            int equals = one.indexOf('=');
            if (equals < 1) {
                throw usage("--env takes NAME=VALUE, not '" + one + "'", "--env LEVEL=debug");
            }
            env.put(one.substring(0, equals), one.substring(equals + 1));
        }
        List<CommandEnvironment.Directory> dirs = new ArrayList<>();
        for (String one : directories) {
            dirs.add(directory(one));
        }
        List<String> all = new ArrayList<>();
        all.add(String.valueOf(file.getFileName()));
        all.addAll(arguments);
        return new CommandEnvironment(env, all, dirs, System.in, console.out(), console.err());
    }

    private static CommandEnvironment.Directory directory(String text) throws CliException {
        boolean writable = !text.endsWith(READ_ONLY);
        String names = writable ? text : text.substring(0, text.length() - READ_ONLY.length());
        int separator = names.indexOf(GUEST_SEPARATOR);
        String host = separator < 0 ? names : names.substring(0, separator);
        String guest = separator < 0 ? names : names.substring(separator + GUEST_SEPARATOR.length());
        if (host.isEmpty() || guest.isEmpty()) {
            throw usage("--dir takes HOST[::GUEST][:ro], not '" + text + "'", "--dir .::/work:ro");
        }
        try {
            return new CommandEnvironment.Directory(Path.of(host), guest, writable);
        } catch (InvalidPathException e) {
            throw usage("--dir takes the path of a directory, not '" + text + "'", "--dir .::/work:ro");
        }
    }

    private static CliException usage(String what, String example) {
        return new CliException(ExitCode.USAGE, what, "for example: trellis actor run tool.wasm " + example);
    }

    // ---- the file

    private ValidComponent component() throws CliException {
        byte[] bytes = WasmFile.read(file);
        if (!ValidComponent.isComponent(bytes)) {
            throw noCommand("it is no component")
                    .because("a core module with WASI preview 1 becomes one with the adapter for commands:"
                            + " wasm-tools component new --adapt wasi_snapshot_preview1.command.wasm");
        }
        ValidComponent component = WasmFile.component(file, bytes);
        if (!WasiCommand.isCommand(component)) {
            throw noCommand("it exports no wasi:cli/run@0.2.x but "
                    + (component.type().exports().isEmpty()
                            ? "nothing"
                            : String.join(", ", component.type().exports().keySet())));
        }
        return component;
    }

    private CliException noCommand(String why) {
        return new CliException(
                        ExitCode.INVALID,
                        "the file is no command that can be run",
                        "an actor is deployed with a manifest: trellis deploy; what a file is says trellis actor inspect")
                .at(file.toString())
                .because(why);
    }
}

package dev.trellis.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code trellis up}: a whole lattice on this machine. */
@Command(
        name = "up",
        description = "Start a lattice here: a NATS server (unless --nats names one), a controller and a host.",
        footer = {"", "Examples:", "  trellis up --demo", "  trellis up -d --label site=hub"})
final class UpCommand implements Callable<Integer> {
    /** Environment variable that tells the child of {@code up -d} what it is. */
    static final String DETACHED_VARIABLE = "TRELLIS_DETACHED";

    private final Session session;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Mixin
    HostOptions hostOptions = new HostOptions();

    @Option(
            names = {"-d", "--detach"},
            description = "Run in the background; returns when all is up. End it with: trellis down")
    boolean detach;

    @Option(
            names = "--demo",
            description = "Deploy the sample application manifests/user-api, and wait until it serves.")
    boolean demo;

    UpCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CliException, InterruptedException {
        Path data = hostOptions.dataDirectory(session);
        Optional<UpState> other = UpState.read(data).filter(UpState::running);
        if (other.isPresent()) {
            throw alreadyUp(data, other);
        }
        Optional<Demo> wanted = demo ? Optional.of(Demo.find()) : Optional.empty();
        if (wanted.isPresent()) {
            wanted.get().checkPort();
        }
        if (detach && session.environment(DETACHED_VARIABLE).isEmpty()) {
            UpState state = new DetachedUp(session, data).start(arguments());
            report(state, wanted, true);
            return ExitCode.OK.number();
        }
        return run(data, wanted);
    }

    private List<String> arguments() {
        return spec.root().commandLine().getParseResult().originalArgs();
    }

    private int run(Path data, Optional<Demo> wanted) throws CliException, InterruptedException {
        Servers.HostWish wish = hostOptions.wish(session);
        try (Shutdown shutdown = Shutdown.onSignals()) {
            try {
                var lattice = new LocalLattice(session, data, shutdown);
                UpState state = lattice.start(wish);
                if (wanted.isPresent()) {
                    wanted.get().deploy(lattice.client(), session);
                }
                state = lattice.ready(state);
                report(state, wanted, false);
                lattice.awaitEnd();
            } catch (InterruptedException | CliException | RuntimeException e) {
                if (!shutdown.stopping()) {
                    throw e;
                }
                return ExitCode.INTERRUPTED.number();
            }
        }
        return ExitCode.OK.number();
    }

    static CliException alreadyUp(Path data, Optional<UpState> other) {
        String place = other.map(up -> "process " + up.up().pid() + ", "
                        + (up.nats() == null ? "lattice in its own process" : up.nats())
                        + ", ")
                .orElse("");
        return new CliException(
                        ExitCode.CONFLICT,
                        "another `trellis up` runs already",
                        "trellis down    (or start this one elsewhere: --data DIR)")
                .at(place + "data in " + data);
    }

    private void report(UpState state, Optional<Demo> wanted, boolean detached) {
        Console console = session.console();
        String nats = state.nats();
        if (console.json()) {
            var document = new LinkedHashMap<String, Object>();
            document.put("pid", state.up().pid());
            document.put("lattice", state.lattice());
            document.put("nats", nats == null ? "in-process" : nats);
            document.put("host", state.host());
            document.put("data", state.data());
            if (state.log() != null) {
                document.put("log", state.log());
            }
            wanted.ifPresent(shown -> document.put("demo", shown.url()));
            console.document("Up", document);
            return;
        }
        if (console.quiet()) {
            console.print(String.valueOf(state.up().pid()));
            return;
        }
        console.print(console.outStanding(Standing.GOOD, "Trellis is up") + "  process "
                + state.up().pid());
        console.print("  lattice   " + state.lattice() + (nats == null ? ", inside this process" : " over " + nats));
        console.print("  host      " + state.host() + "  labels " + HostCommands.labels(labels()));
        console.print("  data      " + state.data());
        if (state.log() != null) {
            console.print("  log       " + state.log());
        }
        console.print("  stop      " + (detached ? "trellis down" : "Ctrl-C, or: trellis down"));
        if (nats == null) {
            console.note(console.standing(Standing.BUSY, "note: ")
                    + "no nats-server was found, so no other host and no other trellis command can join this lattice;"
                    + " install nats-server, or give --nats URL");
        }
        wanted.ifPresent(shown -> shown.tryIt(console));
    }

    private java.util.Map<String, String> labels() {
        try {
            return ImageOverrides.labels(hostOptions.labels);
        } catch (CliException e) {
            throw new IllegalStateException("labels were checked before", e);
        }
    }
}

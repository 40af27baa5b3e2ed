package dev.trellis.cli;

import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.transport.LatticeTransport;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code trellis host}: runs a host; its subcommands manage hosts. */
@Command(
        name = "host",
        description = "Run a host that joins a lattice; or, with a subcommand, manage the hosts of the lattice.",
        footer = {"", "Example:", "  trellis host --nats nats://127.0.0.1:4222 --label site=edge-1"})
final class HostCommand implements Callable<Integer> {
    private final Session session;

    @Mixin
    HostOptions hostOptions = new HostOptions();

    HostCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CliException, InterruptedException {
        Console console = session.console();
        Servers.HostWish wish = hostOptions.wish(session);
        Session.NatsAddress address = session.natsAddress();
        try (Shutdown shutdown = Shutdown.onSignals()) {
            try {
                Path directory = hostOptions.data == null
                        ? Servers.freeHostDirectory(session.dataDirectory().resolve("hosts"))
                        : hostOptions.dataDirectory(session);
                LatticeTransport transport = connect(address, directory);
                shutdown.add("the connection", transport::close);
                Servers.RunningHost host = Servers.host(wish, directory, transport);
                shutdown.add("the host", host::stop);
                report(console, host, transport.description());
                host.awaitStopRequest();
                console.note("Host " + host.name() + " stops.");
            } catch (InterruptedException | CliException | RuntimeException e) {
                if (!shutdown.stopping()) {
                    throw e;
                }
                return ExitCode.INTERRUPTED.number();
            }
        }
        return ExitCode.OK.number();
    }

    /** A host that knows what to run does so without its lattice, and searches for that meanwhile. */
    private LatticeTransport connect(Session.NatsAddress address, Path directory)
            throws CliException, InterruptedException {
        try {
            return session.connect(address, Role.HOST);
        } catch (CliException e) {
            if (e.exitCode() != ExitCode.UNREACHABLE || !Servers.canRunAlone(directory, session.options().lattice)) {
                throw e;
            }
            session.console()
                    .note("No NATS server can be reached at " + e.where().orElse(address.url())
                            + ". The host runs what it ran before, and searches for its lattice meanwhile.");
            return session.search(address, Role.HOST);
        }
    }

    private void report(Console console, Servers.RunningHost host, String nats) {
        if (console.json()) {
            var data = new LinkedHashMap<String, Object>();
            data.put("id", host.id());
            data.put("name", host.name());
            data.put("lattice", session.options().lattice.value());
            data.put("nats", nats);
            data.put("labels", host.labels());
            data.put("data", host.directory().toString());
            console.document("HostStarted", data);
            return;
        }
        if (console.quiet()) {
            console.print(host.id());
            return;
        }
        console.print(console.outStanding(Standing.GOOD, "Host is up") + "  " + console.outBold(host.name()));
        console.print("  id        " + host.id());
        console.print("  lattice   " + session.options().lattice + " over " + nats);
        console.print("  labels    " + HostCommands.labels(host.labels()));
        console.print("  data      " + host.directory());
        console.print("  stop      Ctrl-C, or: trellis host stop " + host.name());
    }
}

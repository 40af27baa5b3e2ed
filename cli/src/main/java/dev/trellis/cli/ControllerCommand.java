package dev.trellis.cli;

import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.transport.LatticeTransport;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code trellis controller}: runs a controller. Of several in a lattice one leads. */
@Command(name = "controller", description = "Run a controller, which keeps the applications of a lattice true.")
final class ControllerCommand implements Callable<Integer> {
    private final Session session;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where to keep the journal. Default: controllers/1 in $$TRELLIS_DATA or ~/.trellis.")
    @Nullable
    Path data;

    ControllerCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CliException, InterruptedException {
        Console console = session.console();
        Path directory = data == null
                ? session.dataDirectory().resolve("controllers").resolve("1")
                : data.toAbsolutePath().normalize();
        Session.NatsAddress address = session.natsAddress();
        try (Shutdown shutdown = Shutdown.onSignals()) {
            try {
                LatticeTransport transport = session.connect(address, Role.CONTROLLER);
                shutdown.add("the connection", transport::close);
                shutdown.add("the controller", Servers.controller(session.options().lattice, directory, transport));
                report(console, directory, transport.description());
                new CountDownLatch(1).await();
            } catch (InterruptedException | CliException | RuntimeException e) {
                if (!shutdown.stopping()) {
                    throw e;
                }
            }
        }
        return ExitCode.INTERRUPTED.number();
    }

    private void report(Console console, Path directory, String nats) {
        if (console.json()) {
            var document = new LinkedHashMap<String, Object>();
            document.put("lattice", session.options().lattice.value());
            document.put("nats", nats);
            document.put("data", directory.toString());
            console.document("ControllerStarted", document);
            return;
        }
        console.print(console.outStanding(Standing.GOOD, "Controller is up"));
        console.print("  lattice   " + session.options().lattice + " over " + nats);
        console.print("  data      " + directory);
        console.print("  stop      Ctrl-C");
    }
}

package dev.trellis.cli;

import dev.trellis.lattice.model.HostInventory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis undeploy}: stops an application; the controller keeps its manifest. */
@Command(name = "undeploy", description = "Stop an application. Its manifest stays with the controller.")
final class UndeployCommand extends LatticeCommand {
    private static final Duration POLL_INTERVAL = Duration.ofMillis(250);

    @Parameters(index = "0", paramLabel = "NAME", description = "The application.")
    String name = "";

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            arity = "0..1",
            preprocessor = WaitOption.class,
            description = "Wait until no host runs anything of it; at most TIME. Default: 60s.")
    @Nullable
    Duration wait;

    UndeployCommand(Session session) {
        super(session);
    }

    @Override
    ExitCode run(LatticeClient client) throws CliException, InterruptedException {
        if (!AppCommands.known(client, name)) {
            throw AppCommands.noSuchApplication(client, name, "");
        }
        WadmReplies.Acknowledgement reply = client.undeployApplication(name);
        if (reply.result().equals("notfound")) {
            throw AppCommands.noSuchApplication(client, name, "");
        }
        AppCommands.check(reply.result(), reply.message(), "application " + name + " is not undeployed");
        if (wait == null) {
            report("accepted", "Undeploying " + name + " is accepted. Follow it with: trellis app status " + name);
            return ExitCode.OK;
        }
        long end = System.nanoTime() + wait.toNanos();
        List<String> left = remains(client);
        while (!left.isEmpty()) {
            if (System.nanoTime() > end) {
                throw new CliException(
                                ExitCode.TIMEOUT,
                                name + " still runs after " + DurationConverter.format(wait)
                                        + "; the controller goes on",
                                "trellis app status " + name)
                        .because("running: " + String.join(", ", left));
            }
            Thread.sleep(POLL_INTERVAL);
            left = remains(client);
        }
        report("undeployed", name + " is undeployed; no host runs anything of it.");
        return ExitCode.OK;
    }

    private List<String> remains(LatticeClient client) throws CliException, InterruptedException {
        return client.inventories().stream().flatMap(this::remains).toList();
    }

    private Stream<String> remains(HostInventory host) {
        Stream<String> actors = host.components().stream()
                .filter(actor ->
                        InventoryCommands.application(actor.annotations()).equals(name))
                .map(actor -> actor.id() + " on " + host.friendlyName());
        Stream<String> providers = host.providers().stream()
                .filter(provider ->
                        InventoryCommands.application(provider.annotations()).equals(name))
                .map(provider -> provider.id() + " on " + host.friendlyName());
        return Stream.concat(actors, providers);
    }

    private void report(String status, String message) {
        if (console.json()) {
            var data = new LinkedHashMap<String, Object>();
            data.put("name", name);
            data.put("status", status);
            console.document("Undeployment", data);
        } else if (console.quiet()) {
            console.print(name);
        } else {
            console.print(message);
        }
    }
}

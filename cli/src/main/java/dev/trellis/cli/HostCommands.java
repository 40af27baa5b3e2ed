package dev.trellis.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.HostSummary;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.WireJson;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code trellis host list|get|stop}: the hosts of the lattice. */
final class HostCommands {
    private HostCommands() {}

    @Command(name = "list", description = "List hosts with what they run.")
    static final class ListHosts extends LatticeCommand {
        ListHosts(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            List<HostInventory> hosts = client.inventories();
            if (console.json()) {
                console.document("HostList", hosts);
                return ExitCode.OK;
            }
            if (hosts.isEmpty()) {
                console.note("No host answers in lattice " + client.lattice() + ". Start one: trellis host --nats "
                        + client.transport().description());
                return ExitCode.OK;
            }
            Table table = new Table("ID", "NAME", "STATE", "UPTIME", "ACTORS", "PROVIDERS", "VERSION", "LABELS");
            for (HostInventory host : hosts) {
                table.row(
                        host.hostId(),
                        host.friendlyName(),
                        host.scheduling().text(),
                        DurationConverter.format(Duration.ofSeconds(host.uptimeSeconds())),
                        String.valueOf(host.components().size()),
                        String.valueOf(host.providers().size()),
                        host.version(),
                        labels(host.labels()));
            }
            table.print(console);
            return ExitCode.OK;
        }
    }

    @Command(name = "get", description = "Show all that one host runs.")
    static final class Get extends LatticeCommand {
        @Parameters(index = "0", paramLabel = "ID", description = "Id of the host, its beginning, or the host's name.")
        String id = "";

        Get(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            HostInventory host = client.inventory(client.host(id));
            if (console.json()) {
                console.document("Host", host);
                return ExitCode.OK;
            }
            console.print(console.outBold(host.friendlyName()) + "  " + host.hostId());
            console.print("version " + host.version() + ", up "
                    + DurationConverter.format(Duration.ofSeconds(host.uptimeSeconds()))
                    + (host.scheduling() == HostScheduling.OPEN
                            ? ""
                            : ", " + host.scheduling().text()));
            console.print("labels " + labels(host.labels()));
            if (!host.components().isEmpty()) {
                Table actors = new Table("ACTOR", "INSTANCES", "APPLICATION", "IMAGE");
                for (ActorDescription actor : host.components()) {
                    actors.row(
                            actor.id(),
                            String.valueOf(actor.maxInstances()),
                            InventoryCommands.application(actor.annotations()),
                            actor.imageRef());
                }
                console.print("");
                actors.print(console);
            }
            if (!host.providers().isEmpty()) {
                Table providers = new Table("PROVIDER", "HEALTH", "LINKS", "APPLICATION", "IMAGE");
                for (ProviderDescription provider : host.providers()) {
                    providers.row(
                            provider.id(),
                            provider.healthy() ? "healthy" : "unhealthy",
                            InventoryCommands.links(provider),
                            InventoryCommands.application(provider.annotations()),
                            InventoryCommands.image(provider));
                }
                console.print("");
                providers.print(console);
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "stop", description = "Stop a host: it finishes its calls, then leaves the lattice.")
    static final class Stop extends LatticeCommand {
        private static final Duration LEAVE_TIMEOUT_DEFAULT = Duration.ofSeconds(15);

        @Parameters(index = "0", paramLabel = "ID", description = "Id of the host, its beginning, or the host's name.")
        String id = "";

        Stop(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            HostSummary host = client.host(id);
            HostId hostId = new HostId(host.id());
            var left = new CountDownLatch(1);
            Duration patience = session.timeout(LEAVE_TIMEOUT_DEFAULT);
            try (var _ = client.transport().subscribe(client.subjects().beat(hostId), message -> {
                if (leaving(message.message().payload())) {
                    left.countDown();
                }
            })) {
                ControlReply<Object> reply = client.control(
                        "host.stop",
                        hostId,
                        WireJson.write(Map.of("host_id", host.id())),
                        Object.class,
                        "stop host " + host.friendlyName());
                if (!reply.success()) {
                    throw new CliException(
                                    ExitCode.FAILED,
                                    "host " + host.friendlyName() + " refuses to stop",
                                    "trellis host get " + host.id())
                            .because(reply.message());
                }
                if (!left.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new CliException(
                                    ExitCode.TIMEOUT,
                                    "host " + host.friendlyName() + " agreed to stop, but has not left yet",
                                    "see whether it still answers: trellis host list")
                            .because("waited " + DurationConverter.format(patience) + " for its last beat");
                }
            }
            if (console.json()) {
                console.document("HostStopped", Map.of("id", host.id(), "name", host.friendlyName()));
            } else {
                console.note("Host " + host.friendlyName() + " has left lattice " + client.lattice() + ".");
            }
            return ExitCode.OK;
        }

        private static boolean leaving(byte[] payload) {
            try {
                return Beat.parseFrom(payload).getState() == Beat.State.LEAVING;
            } catch (InvalidProtocolBufferException e) {
                return false;
            }
        }
    }

    /** Labels without those that every host has. */
    static String labels(Map<String, String> labels) {
        String text = labels.entrySet().stream()
                .filter(label -> !label.getKey().startsWith("hostcore."))
                .sorted(Map.Entry.comparingByKey())
                .map(label -> label.getKey() + "=" + label.getValue())
                .collect(Collectors.joining(","));
        return text.isEmpty() ? "-" : text;
    }
}

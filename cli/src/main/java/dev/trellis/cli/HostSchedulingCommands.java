package dev.trellis.cli;

import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostSummary;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis host cordon|drain|uncordon}: how much work a host may be given. The host keeps it over restarts. */
final class HostSchedulingCommands {
    private static final Duration POLL_INTERVAL = Duration.ofMillis(250);

    private HostSchedulingCommands() {}

    /** One of the three. */
    abstract static class Scheduling extends LatticeCommand {
        @Parameters(
                index = "0",
                paramLabel = "HOST",
                description = "Id of the host, its beginning, or the host's name.")
        String id = "";

        Scheduling(Session session) {
            super(session);
        }

        HostSummary schedule(LatticeClient client, String operation) throws CliException, InterruptedException {
            HostSummary host = client.host(id);
            ControlReply<Object> reply =
                    client.schedule(operation, new HostId(host.id()), operation + " host " + host.friendlyName());
            if (!reply.success()) {
                throw new CliException(
                                ExitCode.FAILED,
                                "host " + host.friendlyName() + " refuses to " + operation,
                                "trellis host get " + host.id())
                        .because(reply.message());
            }
            return host;
        }

        void report(HostSummary host, String kind, String said) {
            if (console.json()) {
                console.document(kind, Map.of("id", host.id(), "name", host.friendlyName()));
            } else {
                console.note(said);
            }
        }
    }

    @Command(name = "cordon", description = "Give a host no new work; what it runs stays.")
    static final class Cordon extends Scheduling {
        Cordon(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            HostSummary host = schedule(client, "cordon");
            report(
                    host,
                    "HostCordoned",
                    "Host %s is cordoned: it is given nothing new. Undo: trellis host uncordon %s"
                            .formatted(host.friendlyName(), host.friendlyName()));
            return ExitCode.OK;
        }
    }

    @Command(name = "uncordon", description = "Let a host have any work again, after cordon or drain.")
    static final class Uncordon extends Scheduling {
        Uncordon(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            HostSummary host = schedule(client, "uncordon");
            report(host, "HostUncordoned", "Host " + host.friendlyName() + " takes work again.");
            return ExitCode.OK;
        }
    }

    @Command(
            name = "drain",
            description =
                    "Move all that a host runs to others, without losing a call; ends when the host is empty, or says"
                            + " what cannot move and why.")
    static final class Drain extends Scheduling {
        private static final Duration WAIT_DEFAULT = Duration.ofSeconds(60);

        /** How long nothing may change on the host, with the controller seeing no way, before it is given up. */
        private static final Duration STUCK_AFTER = Duration.ofSeconds(5);

        @Option(
                names = "--wait",
                paramLabel = "TIME",
                converter = DurationConverter.class,
                description = "How long the host may take to become empty. Default: 60s.")
        @Nullable
        Duration wait;

        Drain(Session session) {
            super(session);
        }

        /** What still runs there: {@code actor x} or {@code provider y}, and the application it belongs to. */
        private record Left(Map<String, String> applications, String text) {
            static Left of(HostInventory host) {
                var applications = new TreeMap<String, String>();
                int instances = 0;
                for (var actor : host.components()) {
                    applications.put("actor " + actor.id(), InventoryCommands.application(actor.annotations()));
                    instances += actor.maxInstances();
                }
                host.providers()
                        .forEach(provider -> applications.put(
                                "provider " + provider.id(), InventoryCommands.application(provider.annotations())));
                return new Left(
                        applications,
                        "%d actors (%d instances), %d providers"
                                .formatted(
                                        host.components().size(),
                                        instances,
                                        host.providers().size()));
            }
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            HostSummary host = schedule(client, "drain");
            Duration patience = wait == null ? WAIT_DEFAULT : wait;
            long start = System.nanoTime();
            long changed = start;
            Left before = Left.of(client.inventory(host));
            int total = before.applications().size();
            console.note("Host %s drains: %s to move.".formatted(host.friendlyName(), before.text()));
            while (true) {
                Left now = Left.of(client.inventory(host));
                if (now.applications().isEmpty()) {
                    return done(host, total, Duration.ofNanos(System.nanoTime() - start));
                }
                if (!now.equals(before)) {
                    console.note("  " + now.text() + " left");
                    changed = System.nanoTime();
                    before = now;
                }
                boolean late = System.nanoTime() - start > patience.toNanos();
                if (late || System.nanoTime() - changed > STUCK_AFTER.toNanos()) {
                    Map<String, String> reasons = reasons(client, now);
                    if (late || reasons.values().stream().noneMatch(String::isEmpty)) {
                        throw stuck(host, now, reasons, late ? patience : null);
                    }
                    changed = System.nanoTime();
                }
                Thread.sleep(POLL_INTERVAL);
            }
        }

        private ExitCode done(HostSummary host, int moved, Duration took) {
            if (console.json()) {
                var data = new LinkedHashMap<String, Object>();
                data.put("id", host.id());
                data.put("name", host.friendlyName());
                data.put("moved", moved);
                data.put("millis", took.toMillis());
                console.document("HostDrained", data);
            } else {
                console.note(
                        "Host %s is empty after %s: %d actors and providers moved. It is given nothing until: trellis host uncordon %s"
                                .formatted(
                                        host.friendlyName(),
                                        DurationConverter.format(took),
                                        moved,
                                        host.friendlyName()));
            }
            return ExitCode.OK;
        }

        /** Why each thing that is left does not move; empty if the controller is still at it. */
        private static Map<String, String> reasons(LatticeClient client, Left left)
                throws CliException, InterruptedException {
            var reasons = new TreeMap<String, String>();
            var states = new TreeMap<String, WadmReplies.State>();
            for (var entry : left.applications().entrySet()) {
                String application = entry.getValue();
                if (application.equals("-")) {
                    reasons.put(entry.getKey(), "no application of the controller: stop it by hand");
                    continue;
                }
                WadmReplies.State state = states.get(application);
                if (state == null) {
                    WadmReplies.Status status =
                            client.applicationStatus(application).status();
                    state = status == null
                            ? new WadmReplies.State("failed", "the controller does not know application " + application)
                            : status.status();
                    states.put(application, state);
                }
                boolean hopeless = List.of("failed", "undeployed", "unhealthy").contains(state.type());
                reasons.put(entry.getKey(), hopeless ? application + ": " + state.message() : "");
            }
            return reasons;
        }

        private static CliException stuck(
                HostSummary host, Left left, Map<String, String> reasons, @Nullable Duration patience) {
            CliException failure = new CliException(
                    patience == null ? ExitCode.PARTIAL : ExitCode.TIMEOUT,
                    "host " + host.friendlyName() + " is not empty: " + left.text() + " cannot move"
                            + (patience == null ? "" : " within " + DurationConverter.format(patience)),
                    "make room on another host, then the rest moves by itself; or: trellis host uncordon "
                            + host.friendlyName());
            for (var reason : reasons.entrySet()) {
                failure = failure.because(
                        reason.getKey() + ": " + (reason.getValue().isEmpty() ? "is on its way" : reason.getValue()));
            }
            return failure;
        }
    }
}

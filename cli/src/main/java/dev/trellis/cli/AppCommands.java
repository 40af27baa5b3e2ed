package dev.trellis.cli;

import dev.trellis.lattice.model.WireJson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis app}: the applications that the controller keeps. */
final class AppCommands {
    private AppCommands() {}

    @Command(name = "app", description = "Applications that the controller keeps.")
    static final class Group extends GroupCommand {}

    @Command(name = "list", description = "List applications with their versions and status.")
    static final class ListApps extends LatticeCommand {
        ListApps(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            WadmReplies.Listing listing = client.listApplications();
            check(listing.result(), listing.message(), "the applications cannot be listed");
            if (console.json()) {
                console.document("ApplicationList", listing.models());
                return ExitCode.OK;
            }
            if (listing.models().isEmpty()) {
                console.note("No applications in lattice " + client.lattice() + ". Deploy one: trellis deploy FILE");
                return ExitCode.OK;
            }
            Table table = new Table("NAME", "STATUS", "DEPLOYED", "NEWEST", "MESSAGE");
            for (WadmReplies.Summary app : listing.models()) {
                String deployed = app.deployedVersion();
                table.row(
                        app.name(),
                        app.status(),
                        deployed == null || deployed.isEmpty() ? "-" : deployed,
                        app.version(),
                        oneLine(app.statusMessage()));
            }
            table.print(console);
            return ExitCode.OK;
        }
    }

    @Command(name = "get", description = "Print the manifest of an application.")
    static final class Get extends LatticeCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "The application.")
        String name = "";

        @Option(names = "--version", paramLabel = "VERSION", description = "Which version. Default: the newest.")
        String version = "";

        Get(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            WadmReplies.Model model = client.getApplication(name, version);
            Object manifest = model.manifest();
            if (model.result().equals("notfound") || manifest == null) {
                check(model.result(), model.message(), "application " + name + " cannot be read");
                throw noSuchApplication(client, name, version);
            }
            check(model.result(), model.message(), "application " + name + " cannot be read");
            if (console.json()) {
                console.document("Application", manifest);
            } else {
                console.print(manifest instanceof String text ? text : WireJson.writePretty(manifest));
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "status", description = "Show how far an application is, part by part.")
    static final class Status extends LatticeCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "The application.")
        String name = "";

        Status(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            WadmReplies.Status status = status(client, name);
            if (console.json()) {
                var data = new LinkedHashMap<String, Object>();
                data.put("name", name);
                data.put("version", status.version());
                data.put("status", status.status());
                data.put("scalers", status.scalers());
                console.document("ApplicationStatus", data);
                return ExitCode.OK;
            }
            String type = status.status().type();
            if (console.quiet()) {
                console.print(type);
                return ExitCode.OK;
            }
            console.print(console.outBold(name)
                    + (status.version().isEmpty() ? "" : " " + status.version())
                    + "  "
                    + console.outStanding(Standing.ofStatus(type), type)
                    + (status.status().message().isEmpty()
                            ? ""
                            : "  " + oneLine(status.status().message())));
            if (!status.scalers().isEmpty()) {
                Table table = new Table("PART", "KIND", "STATUS", "MESSAGE");
                for (WadmReplies.Scaler scaler : status.scalers()) {
                    table.row(
                            scaler.name(),
                            scaler.kind(),
                            scaler.status().type(),
                            oneLine(scaler.status().message()));
                }
                table.print(console);
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "delete", description = "Delete an application, or one version of it, from the controller.")
    static final class Delete extends LatticeCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "The application.")
        String name = "";

        @Option(names = "--version", paramLabel = "VERSION", description = "Delete only this version.")
        String version = "";

        Delete(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            WadmReplies.Deletion deletion = client.deleteApplication(name, version);
            return switch (deletion.result()) {
                case "deleted" -> {
                    String what = version.isEmpty() ? "Application " + name : "Version " + version + " of " + name;
                    done(
                            what + " is deleted" + (deletion.undeploy() ? "; what it runs is being stopped." : "."),
                            Map.of("name", name, "undeploy", deletion.undeploy()));
                    yield ExitCode.OK;
                }
                case "noop" -> throw noSuchApplication(client, name, version);
                default -> {
                    check(deletion.result(), deletion.message(), "application " + name + " was not deleted");
                    yield ExitCode.FAILED;
                }
            };
        }

        private void done(String message, Map<String, Object> data) {
            if (console.json()) {
                console.document("ApplicationDeleted", data);
            } else {
                console.note(message);
            }
        }
    }

    /** The status of an application that the controller knows. */
    static WadmReplies.Status status(LatticeClient client, String name) throws CliException, InterruptedException {
        WadmReplies.StatusReply reply = client.applicationStatus(name);
        WadmReplies.@Nullable Status status = reply.status();
        boolean unknown = reply.result().equals("notfound")
                || (reply.result().equals("ok")
                        && status != null
                        && status.version().isEmpty()
                        && status.scalers().isEmpty()
                        && !known(client, name));
        if (unknown) {
            throw noSuchApplication(client, name, "");
        }
        check(reply.result(), reply.message(), "the status of application " + name + " is not known");
        return status == null ? WadmReplies.Status.UNKNOWN : status;
    }

    /** Whether the controller has an application; its status alone does not tell, by the wadm API. */
    static boolean known(LatticeClient client, String name) throws CliException, InterruptedException {
        return client.listApplications().models().stream()
                .anyMatch(app -> app.name().equals(name));
    }

    /** Throws unless {@code result} is a good one of the wadm API. */
    static void check(String result, String message, String what) throws CliException {
        if (result.equals("error")) {
            throw new CliException(ExitCode.FAILED, what, "trellis app list")
                    .because("the controller says: " + message);
        }
    }

    static CliException noSuchApplication(LatticeClient client, String name, String version)
            throws CliException, InterruptedException {
        List<String> names = client.listApplications().models().stream()
                .map(WadmReplies.Summary::name)
                .toList();
        boolean onlyVersion = !version.isEmpty() && names.contains(name);
        return new CliException(
                        ExitCode.NOT_FOUND,
                        onlyVersion
                                ? "application " + name + " has no version '" + version + "'"
                                : "the controller has no application '" + name + "'",
                        "trellis app list")
                .because(names.isEmpty() ? "it has none at all" : "it has: " + String.join(", ", names));
    }

    static String oneLine(String message) {
        return message.replaceAll("\\s*\n\\s*", "; ").strip();
    }
}

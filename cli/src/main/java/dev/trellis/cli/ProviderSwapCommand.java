package dev.trellis.cli;

import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.wadm.manifest.InvalidManifestException;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestReader;
import dev.trellis.wadm.manifest.ProviderSwap;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis provider swap}: another provider serves the links of one of an application, and no call is lost. */
@Command(
        name = "swap",
        description = {
            "Let another provider serve the links of one of an application.",
            "The new one is started and acknowledges every link before calls go to it; calls in flight end on the old "
                    + "one. If anything fails before that, the application is as it was."
        },
        footer = {
            "",
            "Examples:",
            "  trellis provider swap user-api keyvalue-redis keyvalue-nats",
            "  trellis provider swap user-api httpserver ghcr.io/wasmcloud/httpserver:0.20.0 --drain 10s"
        })
final class ProviderSwapCommand extends LatticeCommand {
    @Parameters(index = "0", paramLabel = "APP", description = "The application.")
    String application = "";

    @Parameters(index = "1", paramLabel = "OLD", description = "The capability component that serves now.")
    String from = "";

    @Parameters(
            index = "2",
            paramLabel = "NEW",
            description = "Another capability component of the application, or an image for OLD.")
    String to = "";

    @Option(
            names = "--config",
            paramLabel = "KEY=VALUE",
            description = "With an image: a value of the component's config to set besides. Repeatable.")
    Map<String, String> config = new LinkedHashMap<>();

    @Option(
            names = "--drain",
            paramLabel = "TIME",
            description = "How long calls in flight get to end on the old one; at most 5m. Default: 30s.")
    Duration drain = Manifest.DRAIN_DEFAULT;

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            description = "How long the new one has to serve before the swap is given up. Default: 60s.")
    Duration wait = ApplicationDeployer.WAIT_DEFAULT;

    ProviderSwapCommand(Session session) {
        super(session);
    }

    @Override
    ExitCode run(LatticeClient client) throws CliException, InterruptedException {
        if (drain.compareTo(Manifest.DRAIN_MAX) > 0) {
            throw new CliException(
                    ExitCode.USAGE,
                    "--drain must be at most " + DurationConverter.format(Manifest.DRAIN_MAX) + ", was "
                            + DurationConverter.format(drain),
                    "trellis provider swap --help");
        }
        String version = deployedVersion(client);
        Manifest before = manifest(client, version);
        boolean component = before.component(to).isPresent();
        if (component && !config.isEmpty()) {
            throw new CliException(
                    ExitCode.USAGE,
                    "--config is for an image in place of " + to + ": a component has its config in the manifest",
                    "trellis provider swap --help");
        }
        ProviderSwap swap = changed(before, component);
        swap.notes().forEach(note -> console.note("note: " + note));
        var follower = new SwapFollower(client, console, before, version, swap.manifest(), from, component ? to : from);
        follower.run(drain, wait);
        return ExitCode.OK;
    }

    private String deployedVersion(LatticeClient client) throws CliException, InterruptedException {
        WadmReplies.Listing listing = client.listApplications();
        AppCommands.check(listing.result(), listing.message(), "the applications cannot be listed");
        for (WadmReplies.Summary app : listing.models()) {
            if (app.name().equals(application)) {
                String deployed = app.deployedVersion();
                if (deployed == null || deployed.isEmpty()) {
                    throw new CliException(
                            ExitCode.CONFLICT,
                            "application " + application + " is not deployed, so there is nothing to swap",
                            "trellis app status " + application);
                }
                return deployed;
            }
        }
        throw AppCommands.noSuchApplication(client, application, "");
    }

    private Manifest manifest(LatticeClient client, String version) throws CliException, InterruptedException {
        WadmReplies.Model model = client.getApplication(application, version);
        Object document = model.manifest();
        if (document == null) {
            throw new CliException(
                            ExitCode.FAILED,
                            "version " + version + " of " + application + " cannot be read",
                            "trellis app get " + application)
                    .because("the controller says: " + model.message());
        }
        try {
            return ManifestReader.read(application, WireJson.write(document));
        } catch (InvalidManifestException e) {
            throw ManifestFiles.invalid(java.nio.file.Path.of(application), e);
        }
    }

    private ProviderSwap changed(Manifest before, boolean component) throws CliException {
        try {
            if (component) {
                return ProviderSwap.toComponent(before, from, to, drain);
            }
            if (before.component(from).isPresent() && to.indexOf(':') < 0 && to.indexOf('/') < 0) {
                throw new CliException(
                        ExitCode.NOT_FOUND,
                        "application " + application + " has no component '" + to + "', and that is no image either",
                        "name a capability of the manifest (trellis app get " + application
                                + ") or an image such as trellis:keyvalue-nats");
            }
            return ProviderSwap.toImage(before, from, new ImageRef(to), config, drain);
        } catch (InvalidManifestException e) {
            throw ManifestFiles.invalid(java.nio.file.Path.of(application), e);
        } catch (IllegalArgumentException e) {
            throw new CliException(
                            before.component(from).isEmpty() ? ExitCode.NOT_FOUND : ExitCode.CONFLICT,
                            "%s of %s cannot be swapped for %s".formatted(from, application, to),
                            "trellis app get " + application)
                    .because(String.valueOf(e.getMessage()));
        }
    }
}

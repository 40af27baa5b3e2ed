package dev.trellis.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis deploy}: makes an application run. */
@Command(
        name = "deploy",
        description = "Deploy a manifest: upload its local images, put it, and have the controller make it true.",
        footer = {
            "",
            "Example:",
            "  trellis deploy manifests/user-api/wadm.yaml --wait \\",
            "    --image ghcr.io/myorg/user-actor:1.0.0=actor-sdk/samples/user-actor/user-actor.wasm"
        })
final class DeployCommand extends LatticeCommand {
    @Parameters(index = "0", paramLabel = "FILE", description = "The manifest, such as wadm.yaml.")
    Path file = Path.of("wadm.yaml");

    @Option(
            names = "--image",
            paramLabel = "REF=PATH",
            description = "A local file in place of an image reference of the manifest. Repeatable.")
    List<String> imageOptions = new ArrayList<>();

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            arity = "0..1",
            preprocessor = WaitOption.class,
            description = "Wait until the controller reports it deployed; at most TIME. Default: 60s.")
    @Nullable
    Duration wait;

    DeployCommand(Session session) {
        super(session);
    }

    @Override
    ExitCode run(LatticeClient client) throws CliException, InterruptedException {
        var deployer = new ApplicationDeployer(client, session.images(client), console);
        long start = System.nanoTime();
        ApplicationDeployer.Accepted accepted = deployer.deploy(file, ImageOverrides.parse(imageOptions));
        if (wait == null) {
            report(
                    accepted,
                    "accepted",
                    "%s %s is accepted. Follow it with: trellis app status %s"
                            .formatted(accepted.name(), accepted.version(), accepted.name()));
            return ExitCode.OK;
        }
        console.note("Deploying " + console.bold(accepted.name()) + " " + accepted.version());
        deployer.await(accepted, wait);
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        report(
                accepted,
                "deployed",
                "%s %s is deployed (%.1f s).".formatted(accepted.name(), accepted.version(), took.toMillis() / 1000.0));
        return ExitCode.OK;
    }

    private void report(ApplicationDeployer.Accepted accepted, String status, String message) {
        if (console.json()) {
            var data = new LinkedHashMap<String, Object>();
            data.put("name", accepted.name());
            data.put("version", accepted.version());
            data.put("status", status);
            console.document("Deployment", data);
        } else if (console.quiet()) {
            console.print(accepted.name());
        } else {
            console.print(message);
        }
    }
}

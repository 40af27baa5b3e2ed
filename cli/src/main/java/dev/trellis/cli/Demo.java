package dev.trellis.cli;

import dev.trellis.lattice.model.ImageRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The application of {@code up --demo}: manifests/user-api with the committed sample actor. */
record Demo(Path manifest, Path actor) {
    /** System property with the folder that Trellis was installed or checked out to; set by the launcher. */
    static final String HOME_PROPERTY = "trellis.home";

    private static final ImageRef IMAGE = new ImageRef("ghcr.io/myorg/user-actor:1.0.0");
    private static final int PORT = 8080;

    static Demo find() throws CliException {
        Path home = Path.of(System.getProperty(HOME_PROPERTY, "")).toAbsolutePath();
        var demo = new Demo(
                home.resolve("manifests/user-api/demo.wadm.yaml"),
                home.resolve("actor-sdk/samples/user-actor/user-actor.wasm"));
        for (Path file : new Path[] {demo.manifest(), demo.actor()}) {
            if (!Files.isRegularFile(file)) {
                throw new CliException(
                                ExitCode.NOT_FOUND,
                                "the sample application is not where Trellis is",
                                "run ./trellis of a complete checkout")
                        .at(file.toString());
            }
        }
        return demo;
    }

    /** Refuses to begin when somebody else has the demo's port: the deployment could only fail. */
    void checkPort() throws CliException {
        if (!DoctorCommand.portFree(PORT)) {
            throw new CliException(
                            ExitCode.CONFLICT,
                            "port " + PORT + ", where the demo serves, is taken by another process",
                            "stop that process, or deploy a copy of the manifest with another PORT: trellis up, then"
                                    + " trellis deploy FILE")
                    .at(url())
                    .because("nothing was started");
        }
    }

    void deploy(LatticeClient client, Session session) throws CliException, InterruptedException {
        Console console = session.console();
        var deployer = new ApplicationDeployer(client, session.images(client), console);
        ApplicationDeployer.Accepted accepted = deployer.deploy(manifest, Map.of(IMAGE, actor));
        console.note("Deploying " + console.bold(accepted.name()) + " " + accepted.version());
        deployer.await(accepted, session.timeout(ApplicationDeployer.WAIT_DEFAULT));
    }

    String url() {
        return "http://localhost:" + PORT;
    }

    void tryIt(Console console) {
        console.print("");
        console.print("user-api serves on " + console.outBold(url()) + ". Try:");
        console.print("  curl localhost:" + PORT + "/users      # stores a user");
        console.print("  curl localhost:" + PORT + "/users/1    # reads it back");
        console.print("  curl -i localhost:" + PORT + "/nobody  # 404");
    }
}

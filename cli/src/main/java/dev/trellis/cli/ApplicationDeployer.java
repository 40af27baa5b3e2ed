package dev.trellis.cli;

import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.wadm.manifest.InvalidManifestException;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestPins;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Puts a manifest with its local images into a lattice, has it deployed, and watches until it is. Everything that can be
 * found wrong here is found before anything is sent.
 */
final class ApplicationDeployer {
    /** How long a wait lasts unless told otherwise. */
    static final Duration WAIT_DEFAULT = Duration.ofSeconds(60);

    /** How long an application may say that it failed before a wait gives up: the controller tries again meanwhile. */
    private static final Duration FAILURE_PATIENCE = Duration.ofSeconds(8);

    /** How often the status is asked for. */
    private static final Duration POLL_INTERVAL = Duration.ofMillis(150);

    private final LatticeClient client;
    private final ImageStore images;
    private final Console console;

    ApplicationDeployer(LatticeClient client, ImageStore images, Console console) {
        this.client = client;
        this.images = images;
        this.console = console;
    }

    /** A version that the controller has taken on. */
    record Accepted(Manifest manifest, String version) {
        String name() {
            return manifest.name();
        }
    }

    /** Reads, checks, uploads, puts and deploys. */
    Accepted deploy(Path file, Map<ImageRef, Path> overrides) throws CliException, InterruptedException {
        Manifest manifest;
        Map<String, byte[]> actors;
        try {
            manifest = ManifestFiles.read(file);
            actors = LocalImages.read(manifest, file, overrides);
        } catch (InvalidManifestException e) {
            ManifestFiles.print(console, e.problems());
            throw ManifestFiles.invalid(file, e);
        }
        if (!console.quiet()) {
            ManifestFiles.print(console, manifest.warnings());
        }
        AppCommands.check(client.listApplications().result(), "", "the controller cannot be asked");
        Manifest pinned = pin(file, manifest, upload(actors));
        WadmReplies.Put put = client.putApplication(pinned.source().bytes());
        if (put.result().equals("error")) {
            throw new CliException(
                            put.message().contains("already") ? ExitCode.CONFLICT : ExitCode.INVALID,
                            "the controller does not take " + manifest.name(),
                            "change the manifest (a new version needs a new `version` annotation), then deploy again")
                    .at(file.toString())
                    .because("the controller says: " + put.message());
        }
        WadmReplies.Acknowledgement deployed = client.deployApplication(manifest.name(), put.currentVersion());
        if (!deployed.result().equals("acknowledged")) {
            throw new CliException(
                            ExitCode.FAILED,
                            "the controller keeps version " + put.currentVersion() + " of " + manifest.name()
                                    + " but does not deploy it",
                            "trellis app status " + manifest.name())
                    .because("the controller says: " + deployed.message());
        }
        String version = deployed.version().isEmpty() ? put.currentVersion() : deployed.version();
        return new Accepted(pinned, version);
    }

    private Map<String, String> upload(Map<String, byte[]> actors) throws CliException, InterruptedException {
        var digests = new LinkedHashMap<String, String>();
        for (var actor : actors.entrySet()) {
            try {
                digests.put(actor.getKey(), images.put(actor.getValue()));
            } catch (TransportException e) {
                throw new CliException(
                                ExitCode.UNREACHABLE,
                                "the image of actor " + actor.getKey() + " cannot be stored in the lattice",
                                "check that the NATS server runs with JetStream: trellis doctor")
                        .at(client.transport().description())
                        .because(e);
            }
        }
        return digests;
    }

    private static Manifest pin(Path file, Manifest manifest, Map<String, String> digests) throws CliException {
        try {
            return ManifestPins.pin(manifest, digests);
        } catch (InvalidManifestException e) {
            throw ManifestFiles.invalid(file, e);
        }
    }

    /** Waits until the controller has observed all that the application desires, showing each part's state. */
    void await(Accepted accepted, Duration patience) throws CliException, InterruptedException {
        long start = System.nanoTime();
        long failedSince = 0;
        try (var progress = new DeployProgress(console, accepted.manifest())) {
            while (true) {
                WadmReplies.Status status = status(accepted);
                boolean current = status.version().equals(accepted.version());
                progress.show(status);
                String type = status.status().type();
                if (current && Standing.ofStatus(type) == Standing.GOOD) {
                    return;
                }
                long now = System.nanoTime();
                failedSince = type.equals("failed") ? (failedSince == 0 ? now : failedSince) : 0;
                if (failedSince != 0 && now - failedSince > FAILURE_PATIENCE.toNanos()) {
                    throw failed(accepted, status);
                }
                if (now - start > patience.toNanos()) {
                    throw type.equals("failed") ? failed(accepted, status) : late(accepted, status, patience);
                }
                Thread.sleep(POLL_INTERVAL);
            }
        }
    }

    private WadmReplies.Status status(Accepted accepted) throws CliException, InterruptedException {
        WadmReplies.Status status = client.applicationStatus(accepted.name()).status();
        return status == null ? WadmReplies.Status.UNKNOWN : status;
    }

    private static CliException failed(Accepted accepted, WadmReplies.Status status) {
        return reasons(
                new CliException(
                        ExitCode.FAILED,
                        "%s %s is not deployed; the controller keeps trying"
                                .formatted(accepted.name(), accepted.version()),
                        "mend what is in the way, and follow it with: trellis app status " + accepted.name()),
                status);
    }

    private static CliException late(Accepted accepted, WadmReplies.Status status, Duration patience) {
        return reasons(
                new CliException(
                        ExitCode.TIMEOUT,
                        "%s %s is not deployed yet after %s; the controller goes on"
                                .formatted(accepted.name(), accepted.version(), DurationConverter.format(patience)),
                        "trellis app status " + accepted.name()),
                status);
    }

    /** {@code failure} with what the controller says of each part that is not as it should be. */
    static CliException reasons(CliException failure, WadmReplies.Status status) {
        CliException result = failure;
        boolean any = false;
        for (WadmReplies.Scaler scaler : status.scalers()) {
            if (Standing.ofStatus(scaler.status().type()) != Standing.GOOD) {
                any = true;
                result = result.because("%s: %s%s"
                        .formatted(
                                scaler.name(),
                                scaler.status().type(),
                                scaler.status().message().isEmpty()
                                        ? ""
                                        : ": "
                                                + AppCommands.oneLine(
                                                        scaler.status().message())));
            }
        }
        return any
                ? result
                : result.because("the controller says: " + status.status().type() + " "
                        + status.status().message());
    }
}

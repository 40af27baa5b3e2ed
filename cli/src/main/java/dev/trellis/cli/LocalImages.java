package dev.trellis.cli;

import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.wadm.manifest.ActorComponent;
import dev.trellis.wadm.manifest.CapabilityComponent;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestComponent;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The files behind the images of a manifest's actors: a path (from the manifest's folder), a {@code file://} URL, or what
 * {@code --image} puts in place of a registry reference. Everything is read and checked before anything is sent.
 */
final class LocalImages {
    /** Largest module taken, as hosts do. */
    private static final long BYTES_MAX = 64L << 20;

    private static final byte[] WASM_MAGIC = {0, 'a', 's', 'm'};

    private LocalImages() {}

    /** The bytes to run, by name of the component. */
    static Map<String, byte[]> read(Manifest manifest, Path manifestFile, Map<ImageRef, Path> overrides)
            throws CliException {
        checkOverrides(manifest, manifestFile, overrides);
        var images = new LinkedHashMap<String, byte[]>();
        for (ManifestComponent component : manifest.components()) {
            switch (component) {
                case ActorComponent actor -> images.put(actor.name(), read(actor, manifestFile, overrides));
                case CapabilityComponent capability -> checkProvider(capability, manifestFile);
            }
        }
        return images;
    }

    private static void checkOverrides(Manifest manifest, Path manifestFile, Map<ImageRef, Path> overrides)
            throws CliException {
        for (ImageRef image : overrides.keySet()) {
            boolean used = manifest.components().stream()
                    .anyMatch(component -> component instanceof ActorComponent
                            && component.image().equals(image));
            if (!used) {
                throw new CliException(
                                ExitCode.USAGE,
                                "no actor of " + manifest.name() + " has image '" + image + "'",
                                "write --image with a reference exactly as the manifest has it")
                        .at(manifestFile.toString())
                        .because("its actors have: "
                                + String.join(
                                        ", ",
                                        manifest.components().stream()
                                                .filter(ActorComponent.class::isInstance)
                                                .map(component ->
                                                        component.image().value())
                                                .toList()));
            }
        }
    }

    private static void checkProvider(CapabilityComponent capability, Path manifestFile) throws CliException {
        if (ProviderKind.resolve(capability.image()).isEmpty()) {
            throw new CliException(
                            ExitCode.INVALID,
                            "Trellis has no provider for image '" + capability.image() + "' of " + capability.name(),
                            "choose one of: "
                                    + String.join(
                                            ", ",
                                            Arrays.stream(ProviderKind.values())
                                                    .map(kind -> kind.image().value())
                                                    .toList()))
                    .at(manifestFile + ":" + capability.imagePosition());
        }
    }

    private static byte[] read(ActorComponent actor, Path manifestFile, Map<ImageRef, Path> overrides)
            throws CliException {
        ImageRef image = actor.image();
        String place = manifestFile + ":" + actor.imagePosition();
        Path override = overrides.get(image);
        Path file = override != null ? override : find(actor, manifestFile, place);
        byte[] bytes;
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw new CliException(
                                ExitCode.INVALID,
                                "the image of actor " + actor.name() + " is too large",
                                "build it smaller: in release mode, without debug information")
                        .at(file.toString())
                        .because("it has " + Files.size(file) + " bytes, at most " + BYTES_MAX + " are taken");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            boolean missing = !Files.exists(file);
            throw new CliException(
                            missing ? ExitCode.NOT_FOUND : ExitCode.INVALID,
                            "the image of actor " + actor.name() + " cannot be read",
                            "build the actor, or give another file with: --image " + image + "=PATH")
                    .at(place)
                    .because(missing ? "there is no file " + file : String.valueOf(e));
        }
        if (bytes.length < 8 || !Arrays.equals(bytes, 0, 4, WASM_MAGIC, 0, 4)) {
            throw new CliException(
                            ExitCode.INVALID,
                            "the image of actor " + actor.name() + " is no WebAssembly module",
                            "give the .wasm file that the actor's build writes")
                    .at(file.toString())
                    .because("it does not begin with the bytes 00 61 73 6d");
        }
        return bytes;
    }

    private static Path find(ActorComponent actor, Path manifestFile, String place) throws CliException {
        String reference = actor.image().value();
        if (reference.startsWith("file:")) {
            try {
                return Path.of(URI.create(reference));
            } catch (IllegalArgumentException e) {
                throw new CliException(
                                ExitCode.INVALID,
                                "image '" + reference + "' of actor " + actor.name() + " is no file URL",
                                "write it as file:///absolute/path/actor.wasm, or as a path from the manifest's folder")
                        .at(place)
                        .because(e);
            }
        }
        return localPath(reference, manifestFile).orElseThrow(() -> new CliException(
                        ExitCode.INVALID,
                        "image '" + reference + "' of actor " + actor.name() + " is in a registry",
                        "run a local build in its place: --image " + reference + "=PATH")
                .at(place)
                .because("pulling images from registries comes later; nothing was sent"));
    }

    private static Optional<Path> localPath(String reference, Path manifestFile) {
        Path folder = manifestFile.toAbsolutePath().normalize().getParent();
        Path path = (folder == null ? Path.of("") : folder).resolve(reference).normalize();
        boolean meantAsPath = reference.startsWith("/")
                || reference.startsWith("./")
                || reference.startsWith("../")
                || reference.endsWith(".wasm");
        return meantAsPath || Files.isRegularFile(path) ? Optional.of(path) : Optional.empty();
    }
}

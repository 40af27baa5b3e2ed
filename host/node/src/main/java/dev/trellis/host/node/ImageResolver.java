package dev.trellis.host.node;

import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.transport.ArtifactStore;
import dev.trellis.lattice.transport.TransportException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the bytes of an actor's image: by the digest that a deployment pinned, among the host's own overrides, or as a
 * file of this machine. Blocks; call it from a virtual thread.
 */
final class ImageResolver {
    /** Largest module read; the engine has a limit of its own. */
    static final long BYTES_MAX = 64L << 20;

    /** Gives the lattice's artifact store, which may be away. */
    interface Artifacts {
        ArtifactStore open() throws InterruptedException;
    }

    private final Artifacts artifacts;
    private final Map<ImageRef, Path> overrides;

    ImageResolver(Artifacts artifacts, Map<ImageRef, Path> overrides) {
        this.artifacts = artifacts;
        this.overrides = overrides;
    }

    /**
     * Reads the image.
     *
     * @param digest SHA-256 in lower-case hex that the deployment pinned, if it did
     * @throws ImageException if it cannot be found, with what to do
     */
    byte[] resolve(ImageRef image, Optional<String> digest) throws ImageException, InterruptedException {
        if (digest.isPresent()) {
            return fromLattice(image, digest.get());
        }
        Path override = overrides.get(image);
        if (override != null) {
            return read(image, override);
        }
        String reference = image.value();
        if (reference.startsWith("file:")) {
            return read(image, path(image));
        }
        if (reference.startsWith("/")) {
            return read(image, Path.of(reference));
        }
        throw new ImageException(("image %s is a registry reference, and pulling from registries is not there yet. "
                        + "Deploy it from a file: trellis deploy FILE --image %s=PATH.wasm")
                .formatted(reference, reference));
    }

    private byte[] fromLattice(ImageRef image, String digest) throws ImageException, InterruptedException {
        try {
            return artifacts
                    .open()
                    .get(digest)
                    .orElseThrow(() -> new ImageException(
                            "image %s: the lattice has no artifact sha256:%s; deploy the application again to upload it"
                                    .formatted(image, digest)));
        } catch (TransportException e) {
            throw new ImageException(
                    "image %s: the lattice's artifact store cannot be read: %s".formatted(image, e.getMessage()), e);
        }
    }

    private static Path path(ImageRef image) throws ImageException {
        try {
            return Path.of(URI.create(image.value()));
        } catch (IllegalArgumentException e) {
            throw new ImageException(
                    "image %s must be a URL of a file with an absolute path, such as file:///opt/actor.wasm"
                            .formatted(image),
                    e);
        }
    }

    private static byte[] read(ImageRef image, Path file) throws ImageException {
        try {
            long size = Files.size(file);
            if (size > BYTES_MAX) {
                throw new ImageException(
                        "image %s: file %s has %d bytes, more than %d".formatted(image, file, size, BYTES_MAX));
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ImageException("image %s: cannot read file %s: %s".formatted(image, file, e), e);
        }
    }
}

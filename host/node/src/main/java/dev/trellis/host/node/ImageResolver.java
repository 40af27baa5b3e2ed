package dev.trellis.host.node;

import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.transport.ArtifactStore;
import dev.trellis.lattice.transport.Digest;
import dev.trellis.lattice.transport.TransportException;
import java.io.IOException;
import java.io.InputStream;
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
    static final int BYTES_MAX = 64 << 20;

    /** Gives the lattice's artifact store, which may be away. */
    interface Artifacts {
        ArtifactStore open() throws InterruptedException;
    }

    private final Artifacts artifacts;
    private final ArtifactCache cache;
    private final Map<ImageRef, Path> overrides;

    ImageResolver(Artifacts artifacts, ArtifactCache cache, Map<ImageRef, Path> overrides) {
        this.artifacts = artifacts;
        this.cache = cache;
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
            return read(image, path(image));
        }
        throw new ImageException(("image %s is a registry reference, and pulling from registries is not there yet. "
                        + "Deploy it from a file: trellis deploy FILE --image %s=PATH.wasm")
                .formatted(reference, reference));
    }

    private byte[] fromLattice(ImageRef image, String digest) throws ImageException, InterruptedException {
        try {
            var wanted = new Digest(digest);
            Optional<byte[]> kept = cache.get(wanted);
            if (kept.isPresent()) {
                return kept.get();
            }
            byte[] fetched = artifacts
                    .open()
                    .get(digest)
                    .orElseThrow(() -> new ImageException(
                            "image %s: the lattice has no artifact sha256:%s; deploy the application again to upload it"
                                    .formatted(image, digest)));
            cache.put(wanted, fetched);
            return fetched;
        } catch (IllegalArgumentException e) {
            throw new ImageException(
                    "image %s: annotation %s must be 64 lower-case hex digits, was '%s'"
                            .formatted(image, ActorSupervisor.DIGEST_ANNOTATION, InvocationFailure.limited(digest)),
                    e);
        } catch (TransportException e) {
            throw new ImageException(
                    "image %s: the lattice's artifact store cannot be read: %s".formatted(image, e.getMessage()), e);
        }
    }

    private static Path path(ImageRef image) throws ImageException {
        try {
            return image.value().startsWith("/") ? Path.of(image.value()) : Path.of(URI.create(image.value()));
        } catch (IllegalArgumentException e) {
            throw new ImageException(
                    "image %s must be an absolute path or the URL of one, such as file:///opt/actor.wasm"
                            .formatted(image),
                    e);
        }
    }

    private static byte[] read(ImageRef image, Path file) throws ImageException {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // a pipe may never end, a device has no size
            throw new ImageException("image %s: %s is not a regular file".formatted(image, file));
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(BYTES_MAX + 1);
            if (bytes.length > BYTES_MAX) {
                throw new ImageException("image %s: file %s has more than %d bytes".formatted(image, file, BYTES_MAX));
            }
            return bytes;
        } catch (IOException e) {
            throw new ImageException("image %s: cannot read file %s: %s".formatted(image, file, e), e);
        }
    }
}

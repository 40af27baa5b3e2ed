package dev.trellis.lattice.transport;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Artifacts of a lattice, such as the Wasm files of actors, under the digest of their bytes: whoever asks for a digest
 * gets those very bytes or nothing.
 *
 * <p>Safe for concurrent use, also by several hosts. Methods block, and throw as those of {@link KeyValueStore} do.
 */
public final class ArtifactStore {
    /*
     * Key {digest}.{n} holds the nth chunk, key {digest} the manifest: "v1 {bytes} {chunks}". The manifest is written
     * last and deleted first, so an artifact is there with all its chunks or not at all. Chunks without a manifest, of
     * an upload that broke off, are overwritten by the next one: the same digest has the same chunks.
     */

    /** Largest artifact; a larger one is refused. */
    public static final int ARTIFACT_BYTES_MAX = 64 << 20;

    /** Bytes of a chunk: fits into one message of a server with default limits. */
    static final int CHUNK_BYTES = 512 * 1024;

    private static final Pattern MANIFEST = Pattern.compile("v1 ([0-9]{1,9}) ([0-9]{1,4})");

    private final KeyValueStore store;

    /** The artifacts in {@code store}, which holds nothing else. */
    public ArtifactStore(KeyValueStore store) {
        this.store = store;
    }

    /** Opens the artifacts of {@code lattice}. */
    public static ArtifactStore open(LatticeTransport transport, LatticeName lattice) throws InterruptedException {
        return new ArtifactStore(transport.store(Subjects.of(lattice).artifactBucket()));
    }

    /**
     * Stores {@code bytes}; does nothing if the lattice has them already. Returns when {@link #get} finds them.
     *
     * @throws TransportException with {@link TransportFailure.PayloadTooLarge} above {@link #ARTIFACT_BYTES_MAX}
     */
    public Digest put(byte[] bytes) throws InterruptedException {
        if (bytes.length > ARTIFACT_BYTES_MAX) {
            throw new TransportException(
                    new TransportFailure.PayloadTooLarge("an artifact", bytes.length, ARTIFACT_BYTES_MAX));
        }
        Digest digest = Digest.of(bytes);
        if (get(digest.hex()).isPresent()) {
            return digest;
        }
        int chunks = chunks(bytes.length);
        for (int i = 0; i < chunks; i++) {
            int from = i * CHUNK_BYTES;
            store.put(key(digest, i), Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + CHUNK_BYTES)));
        }
        store.put(digest.hex(), ("v1 " + bytes.length + " " + chunks).getBytes(StandardCharsets.US_ASCII));
        return digest;
    }

    /**
     * The artifact with this digest; empty if the lattice has none, or what it has is not whole, which another {@link
     * #put} heals.
     *
     * @param digestHex 64 lower-case hex digits
     * @throws IllegalArgumentException if {@code digestHex} is no digest
     */
    public Optional<byte[]> get(String digestHex) throws InterruptedException {
        Digest digest = new Digest(digestHex);
        Optional<KeyValueStore.Entry> manifest = store.get(digest.hex());
        if (manifest.isEmpty()) {
            return Optional.empty();
        }
        Matcher parsed = MANIFEST.matcher(new String(manifest.get().value(), StandardCharsets.US_ASCII));
        if (!parsed.matches()) {
            return Optional.empty();
        }
        int length = Integer.parseInt(parsed.group(1));
        int chunks = Integer.parseInt(parsed.group(2));
        if (length > ARTIFACT_BYTES_MAX || chunks != chunks(length)) {
            return Optional.empty();
        }
        byte[] bytes = new byte[length];
        for (int i = 0; i < chunks; i++) {
            int from = i * CHUNK_BYTES;
            Optional<KeyValueStore.Entry> chunk = store.get(key(digest, i));
            if (chunk.isEmpty() || chunk.get().value().length != Math.min(CHUNK_BYTES, length - from)) {
                return Optional.empty();
            }
            System.arraycopy(chunk.get().value(), 0, bytes, from, chunk.get().value().length);
        }
        return Digest.of(bytes).equals(digest) ? Optional.of(bytes) : Optional.empty();
    }

    /** Whether the lattice has an artifact with this digest, without fetching and verifying it. */
    public boolean has(Digest digest) throws InterruptedException {
        return store.get(digest.hex()).isPresent();
    }

    /** Deletes the artifact with this digest, if there is one. */
    public void delete(Digest digest) throws InterruptedException {
        store.delete(digest.hex());
        for (int i = 0;
                i < chunks(ARTIFACT_BYTES_MAX) && store.get(key(digest, i)).isPresent();
                i++) {
            store.delete(key(digest, i));
        }
    }

    private static int chunks(int length) {
        return Math.ceilDiv(length, CHUNK_BYTES);
    }

    private static String key(Digest digest, int chunk) {
        return digest.hex() + "." + chunk;
    }
}

package dev.trellis.host.node;

import dev.trellis.lattice.transport.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Artifacts that this host has fetched, as files under their digests, so that it can run them again without the
 * lattice. What is read is verified. Losing it costs time while the lattice can be reached. Safe for concurrent use.
 */
final class ArtifactCache {
    /** Bytes kept; beyond them those go that were not used for longest. */
    static final long BYTES_MAX = 2L << 30;

    private static final Logger log = LoggerFactory.getLogger(ArtifactCache.class);

    private final Path directory;
    private final long bytesMax;
    private final Clock clock;

    ArtifactCache(Path directory, long bytesMax, Clock clock) {
        this.directory = directory;
        this.bytesMax = bytesMax;
        this.clock = clock;
    }

    /** The bytes with this digest; empty if they are not here, or damaged, in which case they are deleted. */
    Optional<byte[]> get(Digest digest) {
        Path file = directory.resolve(digest.hex());
        try {
            byte[] bytes = Files.readAllBytes(file);
            if (!Digest.of(bytes).equals(digest)) {
                log.warn("The cached artifact {} is damaged and deleted", file);
                Files.deleteIfExists(file);
                return Optional.empty();
            }
            Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
            return Optional.of(bytes);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            log.warn("The cached artifact {} cannot be read: {}", file, e.toString());
            return Optional.empty();
        }
    }

    /** Keeps {@code bytes}. A failure is told in the log: then a restart needs the lattice for them. */
    synchronized void put(Digest digest, byte[] bytes) {
        Path fresh = directory.resolve(digest.hex() + ".new");
        try {
            Files.createDirectories(directory);
            try (FileChannel channel = FileChannel.open(
                    fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                var buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(fresh, directory.resolve(digest.hex()), StandardCopyOption.ATOMIC_MOVE);
            makeRoom();
        } catch (IOException e) {
            log.warn(
                    "Artifact {} was not kept in {}; to run it after a restart this host needs the lattice: {}",
                    digest,
                    directory,
                    e.toString());
        }
    }

    private void makeRoom() throws IOException {
        record Kept(Path file, long bytes, FileTime used) {}
        var files = new ArrayList<Kept>();
        long total = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path file : all) {
                long bytes = Files.size(file);
                total += bytes;
                files.add(new Kept(file, bytes, Files.getLastModifiedTime(file)));
            }
        }
        files.sort(Comparator.comparing(Kept::used));
        for (int i = 0; i < files.size() - 1 && total > bytesMax; i++) { // the newest stays in any case
            Files.deleteIfExists(files.get(i).file());
            total -= files.get(i).bytes();
        }
    }
}

package dev.trellis.host.node;

import dev.trellis.lattice.model.HostId;
import io.nats.nkey.NKey;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;

/**
 * A host's directory and the key in it. The key is made on first use and stays, so that a host which starts again is
 * the same host; the directory is locked while the host runs, so that no two are.
 */
public final class HostIdentity implements AutoCloseable {
    private static final String KEY_FILE = "host.nk";

    private final HostId id;
    private final Path directory;
    private final FileChannel channel;

    private HostIdentity(HostId id, Path directory, FileChannel channel) {
        this.id = id;
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Takes {@code directory} for one host, creating it if need be.
     *
     * @throws IOException if another running host has it, or it cannot be used; the message says what to do
     */
    public static HostIdentity open(Path directory) throws IOException {
        Files.createDirectories(directory);
        FileChannel channel =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (!locked(channel)) {
                throw new IOException(
                        "host directory %s is in use by another running host; give this one its own with --data DIR"
                                .formatted(directory));
            }
            return new HostIdentity(readOrCreate(directory.resolve(KEY_FILE)), directory, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static HostId readOrCreate(Path file) throws IOException {
        try {
            if (Files.exists(file)) {
                NKey key = NKey.fromSeed(Files.readString(file).strip().toCharArray());
                return new HostId(new String(key.getPublicKey()));
            }
            NKey key = NKey.createServer(null);
            Path fresh = file.resolveSibling(KEY_FILE + ".new");
            Files.deleteIfExists(fresh);
            if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createFile(
                        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            }
            Files.writeString(fresh, new String(key.getSeed()));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            return new HostId(new String(key.getPublicKey()));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(
                    "host key %s is not a server nkey seed (%s); move it away to get a new identity"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    /** The host's id: its public key. */
    public HostId id() {
        return id;
    }

    /** The directory. */
    public Path directory() {
        return directory;
    }

    /** Gives the directory free. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}

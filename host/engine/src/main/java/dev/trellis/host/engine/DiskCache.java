package dev.trellis.host.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compiled modules as files, one per digest and engine version. Losing it costs time, nothing else. */
final class DiskCache {
    private static final Logger LOG = LoggerFactory.getLogger(DiskCache.class);
    private static final byte[] MAGIC = {'T', 'R', 'L', 'S', 'W', 'A', 'S', '1'};
    private static final int CHECKSUM_BYTES = 32;
    private static final int HEADER_BYTES = MAGIC.length + CHECKSUM_BYTES;
    private static final String SUFFIX = ".trellis-wasm";

    private final Path directory;
    private final String engineVersion;
    private final long bytesMax;

    DiskCache(Path directory, String engineVersion, long bytesMax) {
        this.directory = directory;
        this.engineVersion = engineVersion;
        this.bytesMax = bytesMax;
    }

    /** Empty if there is no entry or it is damaged; a damaged one is deleted. */
    Optional<CompiledCode> load(ModuleDigest digest) {
        Path file = file(digest);
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.warn("The compile cache entry {} cannot be read and is not used: {}", file, e.toString());
            return Optional.empty();
        }
        try {
            CompiledCode code = decode(bytes, digest);
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
            return Optional.of(code);
        } catch (IOException e) {
            discard(digest, e.toString());
            return Optional.empty();
        }
    }

    /** Whether there is an entry; it may be damaged. */
    boolean has(ModuleDigest digest) {
        return Files.exists(file(digest));
    }

    /** Writes the entry whole or not at all. A failure is logged and otherwise without effect. */
    void store(ModuleDigest digest, CompiledCode code) {
        Path file = file(digest);
        byte[] content = code.toBytes();
        byte[] checksum = checksum(digest, content, 0);
        try {
            createDirectory();
            Path partial = Files.createTempFile(directory, digest.hex(), ".partial");
            try {
                try (var out = Files.newOutputStream(partial)) {
                    out.write(MAGIC);
                    out.write(checksum);
                    out.write(content);
                }
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(partial);
            }
            evict(file);
        } catch (IOException e) {
            LOG.warn(
                    "The compile cache entry {} could not be written; the module will be compiled again: {}",
                    file,
                    e.toString());
        }
    }

    void discard(ModuleDigest digest, String reason) {
        Path file = file(digest);
        LOG.warn(
                "The compile cache entry {} is damaged ({}); it is deleted and the module compiled again.",
                file,
                reason);
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("The damaged compile cache entry {} could not be deleted: {}", file, e.toString());
        }
    }

    Path file(ModuleDigest digest) {
        return directory.resolve(digest.hex() + "-" + engineVersion + SUFFIX);
    }

    private CompiledCode decode(byte[] bytes, ModuleDigest digest) throws IOException {
        if (bytes.length < HEADER_BYTES || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new IOException("its header is not one of a compiled module");
        }
        byte[] checksum = checksum(digest, bytes, HEADER_BYTES);
        if (!Arrays.equals(bytes, MAGIC.length, HEADER_BYTES, checksum, 0, CHECKSUM_BYTES)) {
            throw new IOException("its checksum does not match");
        }
        return CompiledCode.fromBytes(bytes, HEADER_BYTES);
    }

    /** Covers the digest and the version too, so that an entry under another name does not pass. */
    private byte[] checksum(ModuleDigest digest, byte[] bytes, int from) {
        byte[] content = ModuleDigest.sha256(bytes, from, bytes.length - from);
        byte[] identity = (digest.hex() + "-" + engineVersion).getBytes(StandardCharsets.UTF_8);
        byte[] both = Arrays.copyOf(identity, identity.length + content.length);
        System.arraycopy(content, 0, both, identity.length, content.length);
        return ModuleDigest.sha256(both, 0, both.length);
    }

    private void createDirectory() throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        try {
            if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createDirectory(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(directory);
            }
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    private record Entry(Path file, long bytes, FileTime used) {}

    private void evict(Path keep) throws IOException {
        List<Entry> entries = new ArrayList<>();
        long total = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                try {
                    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                    entries.add(new Entry(file, attributes.size(), attributes.lastModifiedTime()));
                    total += attributes.size();
                } catch (NoSuchFileException e) {
                    // another process evicted it first
                    LOG.debug("The compile cache entry {} is already gone.", file);
                }
            }
        }
        entries.sort(Comparator.comparing(Entry::used));
        for (Entry entry : entries) {
            if (total <= bytesMax) {
                return;
            }
            if (!entry.file().equals(keep)) {
                Files.deleteIfExists(entry.file());
                total -= entry.bytes();
            }
        }
    }
}

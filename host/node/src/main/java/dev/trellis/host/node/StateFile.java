package dev.trellis.host.node;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code state.json} in a host's directory ({@code state-NAME.json} for another lattice than the default one): a {@link SavedHost} after a line with the digest of all that follows.
 * Readable by its owner only, since configs may hold passwords. Replaced as a whole: after a crash it holds what was
 * written last, or what was before.
 */
final class StateFile {
    private static final String NAME = "state.json";

    /** Largest state kept: the largest document read. */
    static final int BYTES_MAX = WireJson.DOCUMENT_BYTES_MAX;

    private static final String HEADER = "trellis-host-state 1 sha256:";
    private static final int HEADER_LENGTH = HEADER.length() + 64 + 1;
    private static final Pattern HEADER_LINE = Pattern.compile(Pattern.quote(HEADER) + "([0-9a-f]{64})\n");
    private static final Logger log = LoggerFactory.getLogger(StateFile.class);

    private final Path file;

    /** The state of the host in {@code directory}, as a member of {@code lattice}: of another one it knows nothing. */
    StateFile(Path directory, LatticeName lattice) {
        this.file = directory.resolve(lattice.equals(LatticeName.DEFAULT) ? NAME : "state-" + lattice + ".json");
    }

    /** What was saved; nothing, with a warning and the file moved aside, if it is damaged. */
    SavedHost load() {
        try {
            return read();
        } catch (IOException | IllegalArgumentException | NullPointerException e) {
            Path aside = file.resolveSibling(file.getFileName() + ".damaged");
            log.warn(
                    "The state of this host in {} is damaged and not used: {}. The host starts empty until the"
                            + " controller tells it what to run; the file is kept as {}",
                    file,
                    e.getMessage(),
                    aside.getFileName());
            try {
                Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException moving) {
                log.warn("{} cannot be moved aside: {}", file, moving.toString());
            }
            return SavedHost.NOTHING;
        }
    }

    /** What was saved, without a word or a change if that cannot be read. */
    SavedHost peek() {
        try {
            return read();
        } catch (IOException | IllegalArgumentException | NullPointerException _) {
            return SavedHost.NOTHING;
        }
    }

    private SavedHost read() throws IOException {
        byte[] bytes;
        try {
            long size = Files.size(file);
            if (size > BYTES_MAX + HEADER_LENGTH) {
                throw new IOException("it has " + size + " bytes, more than a host writes");
            }
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return SavedHost.NOTHING;
        }
        int length = Math.min(HEADER_LENGTH, bytes.length);
        Matcher header = HEADER_LINE.matcher(new String(bytes, 0, length, US_ASCII));
        if (!header.matches()) {
            throw new IOException("it does not begin with '" + HEADER + "'");
        }
        byte[] body = Arrays.copyOfRange(bytes, HEADER_LENGTH, bytes.length);
        if (!Digest.of(body).hex().equals(header.group(1))) {
            throw new IOException("its content does not match its digest; part of it may be missing");
        }
        try {
            return WireJson.read(body, SavedHost.class);
        } catch (IllegalArgumentException e) {
            throw new IOException("it is no state of a host", e); // without the reason, which may quote a config
        }
    }

    /**
     * Replaces the file. It is on the disk when this method returns.
     *
     * @throws IOException if it cannot be written, or would be larger than {@link #BYTES_MAX}; the file is as before
     */
    void save(SavedHost host) throws IOException {
        byte[] body = WireJson.write(host);
        if (body.length > BYTES_MAX) {
            throw new IOException("the state of this host has " + body.length + " bytes, more than " + BYTES_MAX);
        }
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.createDirectories(fresh.toAbsolutePath().getParent());
        Files.deleteIfExists(fresh);
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            writeAll(channel, (HEADER + Digest.of(body).hex() + "\n").getBytes(US_ASCII));
            writeAll(channel, body);
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        } catch (IOException e) {
            log.debug("{} cannot be synced; the system does not support it: {}", file.getParent(), e.toString());
        }
    }

    private static void writeAll(FileChannel channel, byte[] bytes) throws IOException {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}

package dev.trellis.wadm.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of records that only grows. What {@link #append} has returned from is on the disk. Not safe for concurrent
 * use; one process at a time, held by a lock on the file beside it.
 */
final class Journal implements AutoCloseable {
    /*
     * A record is: magic (4 bytes), length of the content (4), number (8), CRC-32C of number and content (4), content.
     * Numbers rise by one, so that a missing record is noticed.
     *
     * A record that is not whole can mean two things. If a whole record follows anywhere behind it, something in the
     * middle of the file has been damaged after it was acknowledged: the journal is not to be trusted and is refused. If none follows,
     * it is what a crash left of the last append, which nobody was told of: it is kept in a file beside and cut off.
     */
    static final String FILE_NAME = "manifests.journal";

    /** Longest content of a record. */
    static final int CONTENT_BYTES_MAX = 4 << 20;

    /** Longest journal that is read; compaction keeps it far below. */
    static final long FILE_BYTES_MAX = 1L << 30;

    private static final int MAGIC = 0x54524A31; // TRJ1
    private static final int HEADER_BYTES = 20;
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    private final Path file;
    private final FileChannel lockChannel;
    private final FileLock lock;
    private FileChannel channel;
    private long lastNumber;

    private Journal(Path file, FileChannel lockChannel, FileLock lock, FileChannel channel) {
        this.file = file;
        this.lockChannel = lockChannel;
        this.lock = lock;
        this.channel = channel;
    }

    /** An open journal and the contents of its records. */
    record Opened(Journal journal, List<byte[]> contents) {}

    /**
     * Opens the journal in {@code directory}, creating both if they are not there.
     *
     * @throws WadmStartException if another process has it, it cannot be read, or it is damaged in the middle
     */
    static Opened open(Path directory) throws WadmStartException {
        Path file = directory.resolve(FILE_NAME);
        try {
            Files.createDirectories(directory);
            var lockChannel =
                    FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                return open(file, lockChannel, lock(lockChannel, directory));
            } catch (IOException | WadmStartException e) {
                lockChannel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new WadmStartException("cannot open the controller's journal " + file + ": " + e, e);
        }
    }

    private static FileLock lock(FileChannel channel, Path directory) throws IOException, WadmStartException {
        String taken = "another controller uses the data directory " + directory
                + "; stop it, or give this one a directory of its own";
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new WadmStartException(taken);
            }
            return lock;
        } catch (OverlappingFileLockException e) {
            throw new WadmStartException(taken, e);
        }
    }

    private static Opened open(Path file, FileChannel lockChannel, FileLock lock)
            throws IOException, WadmStartException {
        boolean isNew = Files.notExists(file);
        var channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (isNew) {
                syncDirectory(file);
            }
            if (channel.size() > FILE_BYTES_MAX) {
                throw new WadmStartException("journal %s has %d bytes, more than the %d that are read"
                        .formatted(file, channel.size(), FILE_BYTES_MAX));
            }
            var journal = new Journal(file, lockChannel, lock, channel);
            return new Opened(journal, journal.replay(Files.readAllBytes(file)));
        } catch (IOException | WadmStartException e) {
            channel.close();
            throw e;
        }
    }

    private List<byte[]> replay(byte[] bytes) throws IOException, WadmStartException {
        var buffer = ByteBuffer.wrap(bytes);
        var contents = new ArrayList<byte[]>();
        int position = 0;
        while (position < bytes.length) {
            int length = wholeRecordAt(buffer, position);
            if (length < 0) {
                int next = nextWholeRecord(buffer, position + 1);
                if (next >= 0) {
                    throw damaged("the record at byte " + position + " is damaged, but others follow at byte " + next);
                }
                cutTail(bytes, position);
                break;
            }
            long number = buffer.getLong(position + 8);
            if (!contents.isEmpty() && number != lastNumber + 1) {
                throw damaged("record " + number + " at byte " + position + " follows record " + lastNumber);
            }
            lastNumber = number;
            contents.add(Arrays.copyOfRange(bytes, position + HEADER_BYTES, position + HEADER_BYTES + length));
            position += HEADER_BYTES + length;
        }
        channel.position(position);
        return contents;
    }

    private WadmStartException damaged(String how) {
        return new WadmStartException(
                ("journal %s is damaged: %s. Nothing was changed. Restore the file from a backup; or move it away, and"
                                + " the controller takes over the copy that the lattice keeps")
                        .formatted(file, how));
    }

    /** The length of the content of the whole record at {@code position}, or -1 if there is none. */
    private static int wholeRecordAt(ByteBuffer buffer, int position) {
        if (buffer.limit() - position < HEADER_BYTES || buffer.getInt(position) != MAGIC) {
            return -1;
        }
        int length = buffer.getInt(position + 4);
        if (length < 0 || length > CONTENT_BYTES_MAX || length > buffer.limit() - position - HEADER_BYTES) {
            return -1;
        }
        int expected = checksum(buffer.getLong(position + 8), buffer.slice(position + HEADER_BYTES, length));
        return buffer.getInt(position + 16) == expected ? length : -1;
    }

    private static int nextWholeRecord(ByteBuffer buffer, int from) {
        for (int position = from; position <= buffer.limit() - HEADER_BYTES; position++) {
            if (wholeRecordAt(buffer, position) >= 0) {
                return position;
            }
        }
        return -1;
    }

    private static int checksum(long number, ByteBuffer content) {
        var crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES).putLong(number).flip());
        crc.update(content);
        return (int) crc.getValue();
    }

    private void cutTail(byte[] bytes, int position) throws IOException {
        Path kept = file.resolveSibling(FILE_NAME + ".torn-" + position);
        Files.write(kept, Arrays.copyOfRange(bytes, position, bytes.length));
        channel.truncate(position);
        channel.force(true);
        LOG.warn(
                "the journal {} ended in an unfinished record, as a crash leaves it; its {} bytes are in {}",
                file,
                bytes.length - position,
                kept);
    }

    /**
     * Adds records, all or none, and returns when they are on the disk. After a failure the journal is as it was
     * before, or closed.
     *
     * @throws IOException if they could not be written
     */
    void append(List<byte[]> contents) throws IOException {
        long before = channel.position();
        try {
            write(channel, contents, lastNumber);
            channel.force(false);
        } catch (IOException e) {
            try {
                channel.truncate(before);
                channel.position(before);
            } catch (IOException again) {
                e.addSuppressed(again);
                channel.close(); // what is on the disk now is unknown: nothing more may be written behind it
            }
            throw e;
        }
        lastNumber += contents.size();
    }

    private static void write(FileChannel channel, List<byte[]> contents, long lastNumber) throws IOException {
        long number = lastNumber;
        for (byte[] content : contents) {
            if (content.length > CONTENT_BYTES_MAX) {
                throw new IOException("record of " + content.length + " bytes is longer than " + CONTENT_BYTES_MAX);
            }
            number++;
            var buffer = ByteBuffer.allocate(HEADER_BYTES + content.length)
                    .putInt(MAGIC)
                    .putInt(content.length)
                    .putLong(number)
                    .putInt(checksum(number, ByteBuffer.wrap(content)))
                    .put(content)
                    .flip();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
    }

    /** Puts {@code contents} in the place of all records at once; a crash leaves the old or the new journal. */
    void replace(List<byte[]> contents) throws IOException {
        Path fresh = file.resolveSibling(FILE_NAME + ".new");
        Files.deleteIfExists(fresh);
        var written = FileChannel.open(
                fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            write(written, contents, lastNumber);
            written.force(true);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            written.close();
            throw e;
        }
        channel.close();
        channel = written;
        lastNumber += contents.size();
        syncDirectory(file);
    }

    /** Bytes of the file. */
    long size() throws IOException {
        return channel.size();
    }

    private static void syncDirectory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        lock.release();
        lockChannel.close();
    }
}

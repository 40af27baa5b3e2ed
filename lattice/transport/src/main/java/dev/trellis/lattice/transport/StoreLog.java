package dev.trellis.lattice.transport;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file behind a store that survives a restart. Guarded by the lock of its store. */
final class StoreLog {
    /*
     * An append log of records, each: int length of what follows the checksum, int checksum (CRC-32C of the same),
     * byte operation, long revision, short key length, key, value. A change is in force once its record is on disk.
     * Reading stops at the first record that is cut short or does not match its checksum, which a crash may leave at
     * the end; the file is cut there. When the file has grown to several times what is alive, it is written anew
     * beside itself and renamed. It is a RandomAccessFile, since an interrupt would close a FileChannel for everybody.
     */
    private static final int HEAD_BYTES = 8;
    private static final int FIXED_BYTES = 1 + 8 + 2;
    private static final int RECORD_BYTES_MAX =
            FIXED_BYTES + KeyValueStore.KEY_LENGTH_MAX + KeyValueStore.VALUE_BYTES_MAX;
    private static final byte PUT = 1;
    private static final byte DELETE = 2;

    /** The file is written anew when it is larger than this and than four times what is alive. */
    private static final long COMPACT_BYTES_MIN = 4 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(StoreLog.class);

    private final Path path;
    private RandomAccessFile file;
    private long compactAt = COMPACT_BYTES_MIN;

    private StoreLog(Path path, RandomAccessFile file) {
        this.path = path;
        this.file = file;
    }

    static StoreLog open(Path directory, String name) {
        Path path = directory.resolve(name + ".store");
        try {
            return new StoreLog(path, openFile(path));
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    private static RandomAccessFile openFile(Path path) throws IOException {
        return new RandomAccessFile(path.toFile(), "rw");
    }

    /** Fills {@code entries} with what the file holds and returns the last revision. */
    long load(Map<String, KeyValueStore.Entry> entries) {
        long revision = 0;
        try {
            long size = file.length();
            long position = 0;
            byte[] head = new byte[HEAD_BYTES];
            while (position + HEAD_BYTES <= size) {
                file.seek(position);
                file.readFully(head);
                int length = ByteBuffer.wrap(head).getInt(0);
                if (length < FIXED_BYTES || length > RECORD_BYTES_MAX || position + HEAD_BYTES + length > size) {
                    break;
                }
                byte[] bytes = new byte[length];
                file.readFully(bytes);
                if (checksum(bytes, 0, length) != ByteBuffer.wrap(head).getInt(4)) {
                    break;
                }
                revision = Math.max(revision, apply(ByteBuffer.wrap(bytes), entries));
                position += HEAD_BYTES + length;
            }
            if (position < size) {
                LOG.warn(
                        "Store file {} ends with {} bytes that were never completed; they are cut off",
                        path,
                        size - position);
                file.setLength(position);
                file.getFD().sync();
            }
            file.seek(position);
            return revision;
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    private static long apply(ByteBuffer body, Map<String, KeyValueStore.Entry> entries) {
        byte operation = body.get();
        long revision = body.getLong();
        byte[] keyBytes = new byte[Math.min(Short.toUnsignedInt(body.getShort()), body.remaining())];
        body.get(keyBytes);
        String key = new String(keyBytes, StandardCharsets.US_ASCII);
        if (operation == PUT) {
            byte[] value = new byte[body.remaining()];
            body.get(value);
            entries.put(key, new KeyValueStore.Entry(key, value, revision));
        } else {
            entries.remove(key);
        }
        return revision;
    }

    void put(KeyValueStore.Entry entry, Map<String, KeyValueStore.Entry> alive) {
        append(record(PUT, entry.revision(), entry.key(), entry.value()), entry.revision(), alive);
    }

    void delete(String key, long revision, Map<String, KeyValueStore.Entry> alive) {
        append(record(DELETE, revision, key, new byte[0]), revision, alive);
    }

    private void append(byte[] record, long revision, Map<String, KeyValueStore.Entry> alive) {
        try {
            if (file.length() >= compactAt) {
                compact(revision - 1, alive);
            }
            long start = file.length();
            try {
                file.seek(start);
                file.write(record);
                file.getFD().sync();
            } catch (IOException e) {
                file.setLength(start); // or a later record would follow half of this one
                throw e;
            }
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    private void compact(long revision, Map<String, KeyValueStore.Entry> alive) throws IOException {
        long aliveBytes = 0;
        for (KeyValueStore.Entry entry : alive.values()) {
            aliveBytes += HEAD_BYTES + FIXED_BYTES + entry.key().length() + entry.value().length;
        }
        compactAt = Math.max(COMPACT_BYTES_MIN, aliveBytes * 4);
        if (file.length() < compactAt) {
            return;
        }
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        RandomAccessFile target = openFile(fresh);
        try {
            for (KeyValueStore.Entry entry : alive.values()) {
                target.write(record(PUT, entry.revision(), entry.key(), entry.value()));
            }
            target.write(record(DELETE, revision, "", new byte[0])); // the revision goes on, whatever was deleted last
            target.getFD().sync();
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            target.close();
            throw e;
        }
        file.close();
        file = target;
        try (FileChannel directory = FileChannel.open(path.toAbsolutePath().resolveSibling("."))) {
            directory.force(true);
        } catch (ClosedByInterruptException e) {
            LOG.debug("Not waiting for directory of {}: the writer is interrupted", path, e); // its flag stays set
        }
    }

    private static byte[] record(byte operation, long revision, String key, byte[] value) {
        byte[] keyBytes = key.getBytes(StandardCharsets.US_ASCII);
        int length = FIXED_BYTES + keyBytes.length + value.length;
        byte[] record = new byte[HEAD_BYTES + length];
        ByteBuffer.wrap(record)
                .position(HEAD_BYTES)
                .put(operation)
                .putLong(revision)
                .putShort((short) keyBytes.length)
                .put(keyBytes)
                .put(value);
        ByteBuffer.wrap(record).putInt(length).putInt(checksum(record, HEAD_BYTES, length));
        return record;
    }

    private static int checksum(byte[] bytes, int offset, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, offset, length);
        return (int) checksum.getValue();
    }

    void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    private static TransportException failed(Path path, IOException cause) {
        return new TransportException(
                new TransportFailure.Refused(
                        "store file " + path, "it cannot be read or written: " + cause.getMessage()),
                cause);
    }
}

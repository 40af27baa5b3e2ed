package dev.trellis.host.wasi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Writes to a file from an offset on, or always to its end. Everything is written at once. */
final class FileOutput implements GuestOutput {
    private static final int WRITABLE_BYTES = 256 << 10;

    private final OpenFiles open;
    private final FileChannel channel;
    private long position;
    private boolean ended;

    /** @param position below 0 for a channel that appends */
    FileOutput(OpenFiles open, FileChannel channel, long position) {
        this.open = open;
        this.channel = channel;
        this.position = position;
    }

    @Override
    public boolean ready() {
        return true;
    }

    @Override
    public long writable() throws StreamException {
        if (ended) {
            throw StreamException.closed();
        }
        return WRITABLE_BYTES;
    }

    @Override
    public void write(byte[] bytes) throws StreamException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        try {
            while (left.hasRemaining()) {
                if (position < 0) {
                    channel.write(left);
                } else {
                    position += channel.write(left, position);
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            ended = true;
            throw failed(e);
        }
    }

    @Override
    public void flush() {
        // Nothing is held back.
    }

    @Override
    public void close() {
        close(channel, open);
    }

    static StreamException failed(Exception e) {
        FileError error = FileError.of(e);
        return StreamException.failed(new IoError(error.label(), error));
    }

    static void close(FileChannel channel, OpenFiles open) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("a file of a guest cannot be closed", e);
        } finally {
            open.closed();
        }
    }
}

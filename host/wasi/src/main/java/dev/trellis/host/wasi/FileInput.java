package dev.trellis.host.wasi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/** Reads a file from an offset to where it ends then. */
final class FileInput implements GuestInput {
    private static final int CHUNK_BYTES_MAX = 64 << 10;

    private final OpenFiles open;
    private final FileChannel channel;
    private long position;
    private boolean ended;

    FileInput(OpenFiles open, FileChannel channel, long position) {
        this.open = open;
        this.channel = channel;
        this.position = position;
    }

    @Override
    public boolean ready() {
        return true;
    }

    @Override
    public byte[] read(int max) throws StreamException {
        if (ended) {
            throw StreamException.closed();
        }
        ByteBuffer buffer = ByteBuffer.allocate(Math.min(max, CHUNK_BYTES_MAX));
        int count;
        try {
            count = channel.read(buffer, position);
        } catch (IOException e) {
            ended = true;
            throw FileOutput.failed(e);
        }
        if (count <= 0) {
            ended = true;
            throw StreamException.closed();
        }
        position += count;
        return count == buffer.capacity() ? buffer.array() : Arrays.copyOf(buffer.array(), count);
    }

    @Override
    public void close() {
        FileOutput.close(channel, open);
    }
}

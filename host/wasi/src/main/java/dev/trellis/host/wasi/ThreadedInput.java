package dev.trellis.host.wasi;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads a stream that blocks, by a thread of its own that starts with the first question. Keeps one chunk at most. */
final class ThreadedInput implements GuestInput {
    private static final int CHUNK_BYTES_MAX = 64 << 10;
    private static final byte[] NOTHING = {};

    private final InputStream from;
    private final Waker waker;
    private final Object lock = new Object();
    private boolean started;
    private boolean stopped;
    /** What was read and not taken yet; never of length 0. */
    private byte @Nullable [] chunk;

    private @Nullable StreamException end;

    ThreadedInput(InputStream from, Waker waker) {
        this.from = from;
        this.waker = waker;
    }

    @Override
    public boolean ready() {
        synchronized (lock) {
            start();
            return chunk != null || end != null;
        }
    }

    @Override
    public byte[] read(int max) throws StreamException {
        synchronized (lock) {
            start();
            byte[] come = chunk;
            if (come == null) {
                if (end != null) {
                    StreamException thrown = end;
                    end = StreamException.closed();
                    throw thrown;
                }
                return NOTHING;
            }
            if (come.length > max) {
                chunk = Arrays.copyOfRange(come, max, come.length);
                return Arrays.copyOf(come, max);
            }
            chunk = null;
            lock.notifyAll();
            return come;
        }
    }

    /** Nothing more will be asked for. The thread ends with what it reads now. */
    void stop() {
        synchronized (lock) {
            stopped = true;
            lock.notifyAll();
        }
    }

    private void start() {
        if (!started && !stopped) {
            started = true;
            Thread.ofPlatform().daemon().name("trellis-command-input").start(this::pump);
        }
    }

    private void pump() {
        try {
            byte[] buffer = new byte[CHUNK_BYTES_MAX];
            for (int count; (count = from.read(buffer)) >= 0; ) {
                if (count > 0 && !offer(Arrays.copyOf(buffer, count))) {
                    return;
                }
            }
            ended(StreamException.closed());
        } catch (IOException e) {
            ended(StreamException.failed(IoError.of("the input cannot be read: " + e.getMessage())));
        } catch (InterruptedException e) {
            ended(StreamException.closed());
        }
    }

    private boolean offer(byte[] bytes) throws InterruptedException {
        synchronized (lock) {
            while (chunk != null && !stopped) {
                lock.wait();
            }
            chunk = bytes;
        }
        waker.wake();
        synchronized (lock) {
            return !stopped;
        }
    }

    private void ended(StreamException how) {
        synchronized (lock) {
            end = how;
        }
        waker.wake();
    }
}

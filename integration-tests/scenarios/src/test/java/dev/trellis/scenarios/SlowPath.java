package dev.trellis.scenarios;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/** Takes TCP connections and passes them on to another address, every byte later by the same time, both ways. */
final class SlowPath implements AutoCloseable {
    /** Chunks on their way; at the bound the sender waits, as with a full window. */
    private static final int CHUNKS_MAX = 4096;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Chunk(byte[] bytes, long dueNanos) {}

    private static final Chunk END = new Chunk(new byte[0], 0);

    private final ServerSocket server;
    private final InetSocketAddress target;
    private final Duration delay;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private SlowPath(ServerSocket server, InetSocketAddress target, Duration delay) {
        this.server = server;
        this.target = target;
        this.delay = delay;
    }

    static SlowPath start(String listenAddress, InetSocketAddress target, Duration delay) throws IOException {
        var path = new SlowPath(new ServerSocket(0, 50, InetAddress.getByName(listenAddress)), target, delay);
        Thread.ofVirtual().name("slow path").start(path::accept);
        return path;
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (true) {
            try {
                Socket near = server.accept();
                sockets.add(near);
                var far = new Socket();
                sockets.add(far);
                far.connect(target, 2_000);
                near.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                pass(near, far);
                pass(far, near);
            } catch (IOException e) {
                if (server.isClosed()) {
                    return;
                }
            }
        }
    }

    private void pass(Socket from, Socket to) {
        BlockingQueue<Chunk> chunks = new LinkedBlockingQueue<>(CHUNKS_MAX);
        Thread.startVirtualThread(() -> read(from, chunks));
        Thread.startVirtualThread(() -> write(chunks, to));
    }

    private void read(Socket from, BlockingQueue<Chunk> chunks) {
        byte[] buffer = new byte[16 * 1024];
        try {
            InputStream in = from.getInputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                chunks.put(new Chunk(java.util.Arrays.copyOf(buffer, count), System.nanoTime() + delay.toNanos()));
            }
            chunks.put(END);
        } catch (IOException e) {
            boolean _ = chunks.offer(END);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("ReferenceEquality") // END is told from an empty chunk
    private static void write(BlockingQueue<Chunk> chunks, Socket to) {
        try {
            OutputStream out = to.getOutputStream();
            for (Chunk chunk = chunks.take(); chunk != END; chunk = chunks.take()) {
                for (long left = chunk.dueNanos() - System.nanoTime();
                        left > 0;
                        left = chunk.dueNanos() - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                out.write(chunk.bytes());
            }
            to.close();
        } catch (IOException e) {
            // the other end has gone, which its reader passes on
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}

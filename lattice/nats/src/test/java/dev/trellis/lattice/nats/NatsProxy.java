package dev.trellis.lattice.nats;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Between clients and a server: breaks connections, and holds back what a client sends from its subscriptions on. */
final class NatsProxy implements AutoCloseable {
    private static final int HELD_WAIT_SECONDS = 20;

    private final ServerSocket door;
    private final int serverPort;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Semaphore held = new Semaphore(0);
    private volatile CountDownLatch gate = new CountDownLatch(0);

    private NatsProxy(ServerSocket door, int serverPort) {
        this.door = door;
        this.serverPort = serverPort;
    }

    /** Starts one before {@code server}. */
    static NatsProxy start(NatsServer server) throws IOException {
        ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        NatsProxy proxy = new NatsProxy(door, URI.create(server.url()).getPort());
        Thread.startVirtualThread(proxy::accept);
        return proxy;
    }

    /** Where clients connect to. */
    String url() {
        return "nats://127.0.0.1:" + door.getLocalPort();
    }

    /** From now on subscriptions, and what is sent after them, do not reach the server. */
    void holdSubscriptions() {
        gate = new CountDownLatch(1);
    }

    /** Waits until one more connection has sent a subscription that is held. */
    void awaitHeld() throws InterruptedException {
        if (!held.tryAcquire(HELD_WAIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("no subscription came within " + HELD_WAIT_SECONDS + " s");
        }
    }

    /** Lets everything through that is held, and all that follows. */
    void release() {
        gate.countDown();
    }

    /** Breaks every connection; new ones are taken. */
    void breakConnections() {
        open.forEach(NatsProxy::close);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = door.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
                open.add(client);
                open.add(server);
                Thread.startVirtualThread(() -> pump(client, server, true));
                Thread.startVirtualThread(() -> pump(server, client, false));
            }
        } catch (IOException e) {
            breakConnections(); // the test is over
        }
    }

    private void pump(Socket from, Socket to, boolean holding) {
        byte[] buffer = new byte[64 * 1024];
        boolean told = false;
        try {
            for (int n = from.getInputStream().read(buffer);
                    n >= 0;
                    n = from.getInputStream().read(buffer)) {
                CountDownLatch now = gate;
                // What a client writes first ends with a PING whose answer it awaits, so subscriptions begin a write.
                if (holding
                        && now.getCount() > 0
                        && (told || new String(buffer, 0, n, ISO_8859_1).startsWith("SUB "))) {
                    if (!told) {
                        told = true;
                        held.release();
                    }
                    now.await();
                }
                to.getOutputStream().write(buffer, 0, n);
            }
        } catch (IOException e) {
            // broken, which is what it is for
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close(from);
            close(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
        release();
        breakConnections();
    }
}

package dev.trellis.providers.httpclient;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A server on a free port of the loopback address that does what a test says, byte by byte. */
final class RawServer implements AutoCloseable {
    /** Serves one connection; it is closed afterwards. */
    interface Script {
        void serve(Peer peer) throws IOException, InterruptedException;
    }

    private final ServerSocket socket;
    private final Script script;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    final List<String> heads = new CopyOnWriteArrayList<>();
    final AtomicInteger connections = new AtomicInteger();

    private RawServer(ServerSocket socket, Script script) {
        this.socket = socket;
        this.script = script;
    }

    static RawServer start(Script script) throws IOException {
        var server = new RawServer(new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1")), script);
        Thread.ofVirtual().start(server::accept);
        return server;
    }

    /** A server that reads each request and answers it with these bytes, then closes. */
    static RawServer answering(String answer) throws IOException {
        return start(peer -> {
            peer.readHead();
            peer.write(answer);
        });
    }

    /** One connection. */
    final class Peer {
        final InputStream in;
        final OutputStream out;
        final Socket connection;

        Peer(Socket connection) throws IOException {
            this.connection = connection;
            this.in = new BufferedInputStream(connection.getInputStream());
            this.out = connection.getOutputStream();
        }

        /** Reads until the blank line; empty at the end of the connection. */
        String readHead() throws IOException {
            var head = new ByteArrayOutputStream();
            for (int c; (c = in.read()) >= 0; ) {
                head.write(c);
                String text = head.toString(StandardCharsets.ISO_8859_1);
                if (text.endsWith("\r\n\r\n")) {
                    heads.add(text);
                    return text;
                }
            }
            return "";
        }

        void write(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }

        /** Waits for the client to close. */
        void awaitEnd() throws IOException {
            while (in.read() >= 0) {
                // whatever it says
            }
        }
    }

    private void accept() {
        while (true) {
            try {
                Socket connection = socket.accept();
                connections.incrementAndGet();
                open.add(connection);
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            script.serve(new Peer(connection));
        } catch (IOException | InterruptedException e) {
            // the client went away, which many tests are about
        } finally {
            open.remove(connection);
        }
    }

    int openConnections() {
        return open.size();
    }

    int port() {
        return socket.getLocalPort();
    }

    String origin() {
        return "http://127.0.0.1:" + port();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        for (Socket connection : open) {
            connection.close();
        }
    }
}

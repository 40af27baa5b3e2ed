package dev.trellis.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;

/** A nats-server with JetStream on a free port of the loopback address. */
record NatsServer(Child process, String url) implements AutoCloseable {
    static NatsServer start(Path store) throws Exception {
        int port = Programs.freePort();
        Child process = Child.start(new ProcessBuilder(
                        "nats-server", "-a", "127.0.0.1", "-p", Integer.toString(port), "-js", "-sd", store.toString())
                .redirectErrorStream(true));
        BenchHost.await("nats-server", () -> {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.getInputStream().read() == 'I';
            } catch (IOException e) {
                return false;
            }
        });
        return new NatsServer(process, "nats://127.0.0.1:" + port);
    }

    @Override
    public void close() {
        process.close();
    }
}

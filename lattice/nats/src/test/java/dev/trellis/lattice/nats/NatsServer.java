package dev.trellis.lattice.nats;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real nats-server with JetStream, on a free port of this machine and a directory of its own. Stopped and cleaned up
 * by {@link #close()}, and killed with this JVM. For one thread.
 */
public final class NatsServer implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(20);
    private static final int PORT_MIN = 12_000;
    private static final int PORT_MAX = 32_000;
    private static final int PORT_ATTEMPTS_MAX = 100;

    private final Path directory;
    private final Path log;
    private final int port;
    private @Nullable Process process;

    private NatsServer(Path directory, int port) {
        this.directory = directory;
        this.log = directory.resolve("nats-server.log");
        this.port = port;
        Runtime.getRuntime().addShutdownHook(new Thread(this::destroy));
    }

    /** Starts a server with JetStream. */
    public static NatsServer start() {
        return start("");
    }

    /** Starts a server with JetStream and {@code extraConfig}, text of its configuration file. */
    public static NatsServer start(String extraConfig) {
        return start(true, extraConfig);
    }

    /** Starts a server that has no stores. */
    public static NatsServer startWithoutJetStream() {
        return startWithoutJetStream("");
    }

    /** Starts a server that has no stores, with {@code extraConfig}. */
    public static NatsServer startWithoutJetStream(String extraConfig) {
        return start(false, extraConfig);
    }

    private static NatsServer start(boolean jetStream, String extraConfig) {
        try {
            Path directory = Files.createTempDirectory("trellis-nats-");
            NatsServer server = new NatsServer(directory, freePort());
            String listen = "listen: \"127.0.0.1:" + server.port + "\"\n";
            String stores = jetStream ? "jetstream { store_dir: \"" + server.storeDirectory() + "\" }\n" : "";
            Files.writeString(directory.resolve("nats.conf"), listen + stores + extraConfig + "\n");
            server.startAgain();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A port that nobody listens on, below those that systems give to outgoing connections: one of these could take it,
     * or a client that searches for the server connect to itself, while the server is down.
     */
    static int freePort() throws IOException {
        for (int attempt = 0; attempt < PORT_ATTEMPTS_MAX; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(PORT_MIN, PORT_MAX);
            try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return port;
            } catch (BindException e) {
                // somebody listens there
            }
        }
        throw new IOException("no free port between " + PORT_MIN + " and " + PORT_MAX + " in " + PORT_ATTEMPTS_MAX
                + " attempts; end what listens there");
    }

    /** Where clients connect to. */
    public String url() {
        return "nats://127.0.0.1:" + port;
    }

    /** Where JetStream keeps its files. */
    public Path storeDirectory() {
        return directory.resolve("store");
    }

    /** Starts it again after {@link #stop} or {@link #kill}, on the same port and store. Returns once it accepts. */
    public void startAgain() {
        String program = program();
        try {
            Process started = new ProcessBuilder(
                            program, "-c", directory.resolve("nats.conf").toString(), "-l", log.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process = started;
            awaitInfo(started);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String program() {
        String path = System.getenv().getOrDefault("PATH", "");
        return Arrays.stream(path.split(File.pathSeparator))
                .map(folder -> Path.of(folder, "nats-server"))
                .filter(Files::isExecutable)
                .findFirst()
                .map(Path::toString)
                .orElseThrow(() -> new IllegalStateException(
                        "this test needs nats-server 2.9 or newer on the PATH: install it with"
                                + " 'apt-get install nats-server' or from https://nats.io/download"));
    }

    private void awaitInfo(Process started) throws IOException {
        long end = System.nanoTime() + START_MAX.toNanos();
        while (System.nanoTime() < end && started.isAlive()) {
            try (Socket socket = new Socket()) {
                socket.setSoTimeout(1000);
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
                var in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
                String info = in.readLine();
                if (info != null && info.startsWith("INFO")) {
                    return;
                }
            } catch (IOException e) {
                pause(started);
            }
        }
        String said = Files.exists(log) ? Files.readString(log) : "nothing";
        destroy();
        throw new IOException("nats-server did not start on port " + port + "; it said: " + said);
    }

    private static void pause(Process started) {
        try {
            boolean _ = started.waitFor(10, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while nats-server starts", e);
        }
    }

    /** Stops it as an operator does. */
    public void stop() {
        end(false);
    }

    /** Kills it with signal 9. */
    public void kill() {
        end(true);
    }

    /** Lets it stand still, its sockets open. Undone by {@link #thaw}. */
    public void freeze() {
        signal("STOP");
    }

    /** Lets it go on after {@link #freeze}. */
    public void thaw() {
        signal("CONT");
    }

    /** Deletes what JetStream has stored; to be called while the server is down. */
    public void deleteStore() {
        delete(storeDirectory());
    }

    private void signal(String name) {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("nats-server is not running");
        }
        try {
            int exit = new ProcessBuilder(List.of("kill", "-" + name, Long.toString(running.pid())))
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("kill -" + name + " ended with " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end(boolean forcibly) {
        Process running = process;
        process = null;
        if (running == null) {
            return;
        }
        if (forcibly) {
            running.destroyForcibly();
        } else {
            running.destroy();
        }
        try {
            if (!running.waitFor(START_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
                running.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            running.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void destroy() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
        }
    }

    private static void delete(Path path) {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills it and deletes its files. */
    @Override
    public void close() {
        kill();
        delete(directory);
    }
}

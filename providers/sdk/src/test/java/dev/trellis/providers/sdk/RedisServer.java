package dev.trellis.providers.sdk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A real {@code redis-server} for tests, on a free port of this machine with a folder of its own. It keeps what it has
 * answered over {@link #kill()} and {@link #restart()}. Not safe for concurrent use.
 */
public final class RedisServer implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(10);
    private static final int ATTEMPTS_MAX = 5;
    private static final byte[] PING = "PING\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Path folder;
    private final int port;
    private final List<String> options;
    private final Thread reaper = new Thread(this::destroy);
    private @Nullable Process process;

    private RedisServer(Path folder, int port, List<String> options) {
        this.folder = folder;
        this.port = port;
        this.options = options;
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /**
     * Starts a server and waits until it answers.
     *
     * @param options further options, such as {@code --requirepass}, {@code secret}
     * @throws IllegalStateException that says what to install if there is no {@code redis-server}
     */
    public static RedisServer start(String... options) throws IOException, InterruptedException {
        IOException last = new IOException("redis-server was not tried");
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            var server = new RedisServer(Files.createTempDirectory("trellis-redis"), freePort(), List.of(options));
            try {
                server.restart();
                return server;
            } catch (IOException e) { // most likely another process took the port
                last = e;
                server.close();
            }
        }
        throw last;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The URL that reaches it, without a password. */
    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    /** The port it listens on, the same after a restart. */
    public int port() {
        return port;
    }

    /** Starts it on the same port with the same data, and waits until it answers. */
    public void restart() throws IOException, InterruptedException {
        destroy();
        var command = new ArrayList<String>(List.of("redis-server"));
        command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1", "--save", ""));
        command.addAll(List.of("--dir", folder.toString(), "--appendonly", "yes", "--appendfsync", "no"));
        command.addAll(options);
        var log = folder.resolve("redis.log").toFile();
        Process started;
        try {
            started = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log)
                    .start();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "these tests need redis-server on the PATH; install it with: apt-get install redis-server", e);
        }
        process = started;
        long end = System.nanoTime() + START_MAX.toNanos();
        while (!answers()) {
            if (!started.isAlive() || System.nanoTime() > end) {
                destroy();
                throw new IOException("redis-server did not start on port " + port + ": "
                        + Files.readString(log.toPath(), StandardCharsets.UTF_8));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    private boolean answers() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            socket.setSoTimeout(1000);
            socket.getOutputStream().write(PING);
            String answer = new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
            return answer.equals("+PONG") || answer.equals("-NOAU");
        } catch (IOException e) {
            return false;
        }
    }

    /** Asks it to end, and waits. */
    public void stop() throws InterruptedException {
        if (process != null) {
            process.destroy();
            if (!process.waitFor(START_MAX)) {
                throw new IllegalStateException("redis-server on port " + port + " does not end");
            }
        }
    }

    /** Ends it without warning, as a crash does, and waits. */
    public void kill() {
        destroy();
    }

    /** Stops it in its tracks: connections stay, nothing is answered. */
    public void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    /** Lets a paused one go on. */
    public void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        if (process == null) {
            throw new IllegalStateException("redis-server is not running");
        }
        int status = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                .start()
                .waitFor();
        if (status != 0) {
            throw new IllegalStateException("kill " + signal + " ended with status " + status);
        }
    }

    private void destroy() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
            var _ = running.onExit().join();
        }
    }

    @Override
    public void close() {
        destroy();
        Runtime.getRuntime().removeShutdownHook(reaper);
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL for tests, on a free port of this machine with data of its own. It refuses to run as root, so a test
 * that does runs it as the user postgres or nobody. It keeps what it has committed over {@link #kill()} and
 * {@link #restart()}. Not safe for concurrent use.
 */
public final class PostgresServer implements AutoCloseable {
    /** Who logs in, and the name of the database. */
    public static final String USER = "trellis";

    /** The password of {@link #USER}. */
    public static final String PASSWORD = "p@ss:w/rd%";

    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final int ATTEMPTS_MAX = 5;
    private static final String INSTALL = "these tests need PostgreSQL's initdb and postgres, on the PATH or in"
            + " /usr/lib/postgresql/*/bin; install it with: apt-get install postgresql";

    private final Path folder;
    private final Path programs;
    private final int port;
    private final Thread reaper = new Thread(this::destroy);
    private @Nullable Process process;

    private PostgresServer(Path folder, Path programs, int port) {
        this.folder = folder;
        this.programs = programs;
        this.port = port;
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /**
     * Makes a database and starts its server; waits until it answers.
     *
     * @throws IllegalStateException that says what to install if there is no PostgreSQL
     */
    public static PostgresServer start() throws IOException, InterruptedException {
        Path programs = programs();
        IOException last = new IOException("postgres was not tried");
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            var server = new PostgresServer(Files.createTempDirectory("trellis-postgres"), programs, freePort());
            try {
                server.initialise();
                server.restart();
                return server;
            } catch (IOException e) { // most likely another process took the port
                last = e;
                server.close();
            }
        }
        throw last;
    }

    private static Path programs() throws IOException {
        var folders = new ArrayList<Path>();
        for (String folder : String.valueOf(System.getenv("PATH")).split(":", -1)) {
            if (!folder.isEmpty()) {
                folders.add(Path.of(folder));
            }
        }
        Path versions = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(versions)) {
            try (Stream<Path> all = Files.list(versions)) {
                folders.addAll(all.map(version -> version.resolve("bin"))
                        .sorted(Comparator.reverseOrder())
                        .toList());
            }
        }
        return folders.stream()
                .filter(folder ->
                        Files.isExecutable(folder.resolve("initdb")) && Files.isExecutable(folder.resolve("postgres")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(INSTALL));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void initialise() throws IOException, InterruptedException {
        Path password = folder.resolve("password");
        Files.writeString(password, PASSWORD);
        String user = unprivileged();
        if (!user.isEmpty()) {
            run(List.of("chown", "-R", user, folder.toString()));
        }
        run(as(
                user,
                programs.resolve("initdb").toString(),
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
                "--username=" + USER,
                "--auth=scram-sha-256",
                "--pwfile=" + password,
                "--pgdata=" + folder.resolve("data")));
        var settings = "listen_addresses = '127.0.0.1'\nport = " + port + "\nunix_socket_directories = ''\n"
                + "max_connections = 30\nshared_buffers = 16MB\n";
        Files.writeString(
                folder.resolve("data/postgresql.conf"),
                settings,
                StandardCharsets.UTF_8,
                java.nio.file.StandardOpenOption.APPEND);
    }

    /** The user to run it as; empty for the one of this process. */
    private static String unprivileged() throws IOException, InterruptedException {
        if (!"root".equals(System.getProperty("user.name"))) {
            return "";
        }
        for (String user : List.of("postgres", "nobody")) {
            if (new ProcessBuilder("id", user)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0) {
                return user;
            }
        }
        throw new IllegalStateException("PostgreSQL does not run as root, and there is no user postgres or nobody");
    }

    /** By setpriv, which becomes the program itself, so that killing the process kills the server. */
    private static List<String> as(String user, String... command) {
        var all = new ArrayList<String>();
        if (!user.isEmpty()) {
            all.addAll(List.of("setpriv", "--reuid=" + user, "--clear-groups", "--"));
        }
        all.addAll(List.of(command));
        return all;
    }

    private void run(List<String> command) throws IOException, InterruptedException {
        Path log = folder.resolve("setup.log");
        int status = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start()
                .waitFor();
        if (status != 0) {
            throw new IllegalStateException(String.join(" ", command) + " ended with status " + status + ": "
                    + Files.readString(log, StandardCharsets.UTF_8));
        }
    }

    /** The URI that reaches it, with its password. */
    public String uri() {
        return "postgres://" + USER + ":p%40ss%3Aw%2Frd%25@127.0.0.1:" + port + "/" + USER_DATABASE;
    }

    private static final String USER_DATABASE = "postgres";

    /** The port it listens on, the same after a restart. */
    public int port() {
        return port;
    }

    /** Starts it on the same port with the same data, and waits until it takes connections. */
    public void restart() throws IOException, InterruptedException {
        begin();
        long end = System.nanoTime() + START_MAX.toNanos();
        while (!answers()) {
            if (process == null || !process.isAlive() || System.nanoTime() > end) {
                destroy();
                throw new IOException("postgres did not start on port " + port + ": "
                        + Files.readString(folder.resolve("postgres.log"), StandardCharsets.UTF_8));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private void begin() throws IOException, InterruptedException {
        destroy();
        Files.deleteIfExists(folder.resolve("data/postmaster.pid"));
        process = new ProcessBuilder(as(
                        unprivileged(),
                        programs.resolve("postgres").toString(),
                        "-D",
                        folder.resolve("data").toString()))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("postgres.log").toFile())
                .start();
    }

    /** Whether it takes connections: asked for TLS it says no, and a start-up packet is answered with a login request. */
    private boolean answers() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            socket.setSoTimeout(2000);
            byte[] parameters = ("user\0" + USER + "\0\0").getBytes(StandardCharsets.US_ASCII);
            var packet = java.nio.ByteBuffer.allocate(8 + parameters.length)
                    .putInt(8 + parameters.length)
                    .putInt(196_608) // protocol 3.0
                    .put(parameters);
            socket.getOutputStream().write(packet.array());
            return socket.getInputStream().read() == 'R'; // an error while it still starts is 'E'
        } catch (IOException e) {
            return false;
        }
    }

    /** Ends it without warning, as a crash does, with all that serve its connections, and waits. */
    public void kill() {
        destroy();
    }

    /** Stops it in its tracks, with all that serve its connections: connections stay, nothing is answered. */
    public void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    /** Lets a paused one go on. */
    public void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("postgres is not running");
        }
        var command = new ArrayList<String>(List.of("kill", signal, Long.toString(running.pid())));
        running.descendants().forEach(child -> command.add(Long.toString(child.pid())));
        int status = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
        if (status != 0 && signal.equals("-STOP")) {
            throw new IllegalStateException(String.join(" ", command) + " ended with status " + status);
        }
    }

    private void destroy() {
        Process running = process;
        if (running != null) {
            var children = running.descendants().toList();
            running.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
            var _ = running.onExit().join();
            children.forEach(child -> {
                var _ = child.onExit().join();
            });
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

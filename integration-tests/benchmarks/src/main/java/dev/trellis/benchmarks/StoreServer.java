package dev.trellis.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A server of data on a free port of the loopback address. */
record StoreServer(Child process, int port) implements AutoCloseable {
    /** Who logs in to PostgreSQL, without a password. */
    static final String USER = "bench";

    static final String DATABASE = "postgres";

    private static final Path POSTGRES_VERSIONS = Path.of("/usr/lib/postgresql");

    /** Empty if {@code redis-server} is not on the PATH. */
    static Optional<StoreServer> redis(Path folder) throws Exception {
        if (Programs.find("redis-server").isEmpty()) {
            return Optional.empty();
        }
        int port = Programs.freePort();
        Files.createDirectories(folder);
        var server = new StoreServer(
                Child.start(new ProcessBuilder(
                                "redis-server",
                                "--port",
                                Integer.toString(port),
                                "--bind",
                                "127.0.0.1",
                                "--save",
                                "",
                                "--dir",
                                folder.toString())
                        .redirectErrorStream(true)),
                port);
        BenchHost.await("redis-server", () -> {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
                return socket.getInputStream().read() == '+';
            } catch (IOException e) {
                return false;
            }
        });
        return Optional.of(server);
    }

    /** Empty if there is no PostgreSQL on the PATH or where Debian installs it. */
    static Optional<StoreServer> postgres(Path folder) throws Exception {
        Optional<Path> programs = postgresPrograms();
        if (programs.isEmpty()) {
            return Optional.empty();
        }
        Path data = Files.createDirectories(folder);
        List<String> prefix = List.of();
        if ("root".equals(System.getProperty("user.name"))) { // which it refuses to run as
            prefix = List.of("setpriv", "--reuid=nobody", "--clear-groups", "--");
            var _ = Programs.output(List.of("chown", "nobody", data.toString()));
            Files.setPosixFilePermissions(data.getParent(), PosixFilePermissions.fromString("rwx--x--x"));
        }
        int port = Programs.freePort();
        var _ = Programs.output(joined(
                prefix,
                programs.get().resolve("initdb").toString(),
                "--no-sync",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--username=" + USER,
                "--pgdata=" + data));
        var server = new StoreServer(
                Child.start(new ProcessBuilder(joined(
                                prefix,
                                programs.get().resolve("postgres").toString(),
                                "-D",
                                data.toString(),
                                "-p",
                                Integer.toString(port),
                                "-c",
                                "listen_addresses=127.0.0.1",
                                "-c",
                                "unix_socket_directories="))
                        .redirectErrorStream(true)),
                port);
        BenchHost.await("postgres", () -> {
            try (var connection = DriverManager.getConnection(server.jdbc())) {
                return connection.isValid(1);
            } catch (SQLException e) {
                return false;
            }
        });
        return Optional.of(server);
    }

    private static Optional<Path> postgresPrograms() throws IOException {
        Optional<Path> onPath = Programs.find("initdb").map(Path::getParent);
        if (onPath.isPresent() || !Files.isDirectory(POSTGRES_VERSIONS)) {
            return onPath;
        }
        try (Stream<Path> versions = Files.list(POSTGRES_VERSIONS)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(programs -> Files.isExecutable(programs.resolve("initdb")))
                    .findAny();
        }
    }

    private static List<String> joined(List<String> prefix, String... command) {
        var all = new ArrayList<>(prefix);
        all.addAll(List.of(command));
        return all;
    }

    /** URL of PostgreSQL for its driver. */
    String jdbc() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + DATABASE + "?user=" + USER;
    }

    @Override
    public void close() {
        process.close();
    }
}

package dev.trellis.cli;

import dev.trellis.lattice.model.WireJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A NATS server that {@code trellis up} starts for itself: JetStream on, on the loopback address only. */
final class NatsProcess {
    /** Where clients look first. */
    static final int PORT = 4222;

    private static final Duration START_MAX = Duration.ofSeconds(15);
    private static final Duration STOP_MAX = Duration.ofSeconds(5);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(20);
    private static final int LOG_LINES_SHOWN = 8;

    private final Process process;
    private final int port;

    private NatsProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts {@code program} and returns at once; {@link #awaitReady} waits until it takes connections. */
    static NatsProcess start(Path program, Path directory, Session session) throws CliException {
        int port = DoctorCommand.portFree(PORT) ? PORT : freePort();
        Path config = directory.resolve("nats.conf");
        try {
            Files.createDirectories(directory);
            Files.writeString(config, config(directory, port));
            List<String> command = new ArrayList<>();
            // A session of its own: Ctrl-C in the terminal must reach it after the host has left, not before.
            Programs.find("setsid", session).ifPresent(setsid -> command.add(setsid.toString()));
            command.addAll(List.of(program.toString(), "-c", config.toString()));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(logFile(directory).toFile())
                    .start();
            return new NatsProcess(process, port);
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.FAILED,
                            "the NATS server cannot be started",
                            "try it yourself: " + program + " -c " + config)
                    .at(program.toString())
                    .because(e);
        }
    }

    /** Pings every second: a silent client or server is noticed within seconds. Known to nats-server 2.9 and newer. */
    private static String config(Path directory, int port) {
        return """
                server_name: "trellis-up"
                listen: "127.0.0.1:%d"
                jetstream { store_dir: %s }
                ping_interval: "1s"
                ping_max: 2
                write_deadline: "5s"
                """.formatted(port, json(directory.resolve("jetstream").toString()));
    }

    private static String json(String text) {
        return new String(WireJson.write(text), StandardCharsets.UTF_8);
    }

    private static int freePort() throws CliException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.FAILED, "no free port for the NATS server", "give a running one with --nats URL")
                    .because(e);
        }
    }

    static Path logFile(Path directory) {
        return directory.resolve("nats.log");
    }

    String url() {
        return "nats://127.0.0.1:" + port;
    }

    int port() {
        return port;
    }

    UpState.RunningProcess handle() {
        return UpState.RunningProcess.of(process.toHandle());
    }

    /** Calls {@code action} with the exit code when the server has ended. */
    void onExit(java.util.function.IntConsumer action) {
        Thread.ofVirtual().name("nats-server-exit").start(() -> {
            try {
                action.accept(process.waitFor());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Waits until the server greets a client. */
    void awaitReady(Path directory) throws CliException, InterruptedException {
        long end = System.nanoTime() + START_MAX.toNanos();
        while (!greets()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new CliException(
                                ExitCode.FAILED,
                                process.isAlive()
                                        ? "the NATS server does not answer"
                                        : "the NATS server ended with exit code " + process.exitValue(),
                                "see its whole log: " + logFile(directory))
                        .at(url())
                        .because(tail(logFile(directory), LOG_LINES_SHOWN));
            }
            Thread.sleep(POLL_INTERVAL);
        }
    }

    private boolean greets() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
            socket.setSoTimeout(500);
            return new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII).equals("INFO ");
        } catch (IOException e) {
            return false;
        }
    }

    /** Ends the server: asks, waits, then insists. */
    void stop() throws InterruptedException {
        end(process.toHandle());
    }

    /** Ends a process that is perhaps no child of this one. */
    static void end(ProcessHandle process) throws InterruptedException {
        process.destroy();
        if (!exited(process)) {
            process.destroyForcibly();
            exited(process);
        }
    }

    private static boolean exited(ProcessHandle process) throws InterruptedException {
        try {
            process.onExit().get(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (java.util.concurrent.TimeoutException e) {
            return false;
        } catch (java.util.concurrent.ExecutionException e) {
            return !process.isAlive();
        }
    }

    /** The last lines of a log. */
    static String tail(Path log, int lines) {
        try {
            List<String> all = Files.readAllLines(log);
            return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size()));
        } catch (IOException e) {
            return "its log cannot be read: " + e;
        }
    }
}

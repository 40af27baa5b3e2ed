package dev.trellis.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** {@code trellis up} again, in a process of its own that outlives this one. */
final class DetachedUp {
    private static final Duration START_MAX = Duration.ofMinutes(2);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);
    private static final int LOG_LINES_SHOWN = 15;

    private final Session session;
    private final Path data;

    DetachedUp(Session session, Path data) {
        this.session = session;
        this.data = data;
    }

    /** Starts it and returns when all is up. */
    UpState start(List<String> arguments) throws CliException, InterruptedException {
        Path log = data.resolve("up.log");
        Process child;
        try {
            Files.createDirectories(data);
            var builder = new ProcessBuilder(command(arguments))
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(log.toFile());
            builder.environment().put(UpCommand.DETACHED_VARIABLE, log.toString());
            child = builder.start();
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.FAILED,
                            "the background process cannot be started",
                            "start it in the foreground: trellis up")
                    .at(data.toString())
                    .because(e);
        }
        boolean started = false;
        try {
            UpState state = awaitReady(child, log);
            started = true;
            return state;
        } finally {
            if (!started) {
                child.destroy();
            }
        }
    }

    private List<String> command(List<String> arguments) {
        List<String> command = new ArrayList<>();
        // A session of its own, so that closing this terminal does not end it.
        Programs.find("setsid", session).ifPresent(setsid -> command.add(setsid.toString()));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        return command;
    }

    private UpState awaitReady(Process child, Path log) throws CliException, InterruptedException {
        long end = System.nanoTime() + START_MAX.toNanos();
        while (true) {
            Optional<UpState> state =
                    UpState.read(data).filter(up -> up.ready() && up.up().pid() == child.pid());
            if (state.isPresent()) {
                return state.get();
            }
            if (!child.isAlive()) {
                throw new CliException(
                                code(child.exitValue()), "`trellis up` did not start", "see its whole log: " + log)
                        .at("process " + child.pid() + ", exit code " + child.exitValue())
                        .because(NatsProcess.tail(log, LOG_LINES_SHOWN));
            }
            if (System.nanoTime() > end) {
                throw new CliException(
                                ExitCode.TIMEOUT,
                                "`trellis up` is not ready after " + DurationConverter.format(START_MAX)
                                        + "; it was ended again",
                                "see its whole log: " + log)
                        .because(NatsProcess.tail(log, LOG_LINES_SHOWN));
            }
            Thread.sleep(POLL_INTERVAL);
        }
    }

    private static ExitCode code(int number) {
        return Arrays.stream(ExitCode.values())
                .filter(code -> code != ExitCode.OK && code.number() == number)
                .findFirst()
                .orElse(ExitCode.FAILED);
    }
}

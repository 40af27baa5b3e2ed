package dev.trellis.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code trellis down}: ends the running {@code trellis up}. */
@Command(name = "down", description = "Stop the running `trellis up` of this machine.")
final class DownCommand implements Callable<Integer> {
    private static final Duration STOP_MAX_DEFAULT = Duration.ofSeconds(30);

    private final Session session;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The directory of that `trellis up`. Default: $$TRELLIS_DATA, else ~/.trellis.")
    @Nullable
    Path data;

    DownCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CliException, InterruptedException {
        Path directory =
                data == null ? session.dataDirectory() : data.toAbsolutePath().normalize();
        Optional<UpState> state = UpState.read(directory);
        Optional<ProcessHandle> process = state.flatMap(up -> up.up().find());
        if (state.isEmpty() || process.isEmpty()) {
            throw new CliException(ExitCode.NOT_FOUND, "no `trellis up` runs", "trellis up").at("data in " + directory);
        }
        process.get().destroy();
        Duration patience = session.timeout(STOP_MAX_DEFAULT);
        if (!ended(process.get(), patience)) {
            session.console().note("It does not stop in order; ending it.");
            process.get().destroyForcibly();
            ended(process.get(), patience);
            UpState.RunningProcess nats = state.get().natsServer();
            if (nats != null) {
                Optional<ProcessHandle> server = nats.find();
                if (server.isPresent()) {
                    NatsProcess.end(server.get());
                }
            }
            forget(directory);
        }
        if (session.console().json()) {
            session.console().document("Down", Map.of("pid", state.get().up().pid(), "data", directory.toString()));
        } else if (!session.console().quiet()) {
            session.console()
                    .print("Trellis is down (process " + state.get().up().pid() + ").");
        }
        return ExitCode.OK.number();
    }

    private static boolean ended(ProcessHandle process, Duration patience) throws InterruptedException {
        try {
            process.onExit().get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            return !process.isAlive();
        }
    }

    private static void forget(Path directory) throws CliException {
        try {
            UpState.delete(directory);
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.PARTIAL,
                            "the process is ended, but its record cannot be deleted",
                            "delete up.json there")
                    .at(directory.toString())
                    .because(e);
        }
    }
}

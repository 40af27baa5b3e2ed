package dev.trellis.cli;

import dev.trellis.lattice.model.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a running {@code trellis up} writes down for other commands, in {@code up.json} of its data directory. A record
 * of a process that is gone stays until the next {@code up}, which ends what that one left behind.
 *
 * @param nats URL of its NATS server; absent when the lattice is in that process
 * @param natsServer the NATS server it started; absent if it was given one
 * @param ready whether it has started completely
 */
record UpState(
        RunningProcess up,
        @Nullable RunningProcess natsServer,
        @Nullable String nats,
        String lattice,
        String data,
        @Nullable String host,
        @Nullable String log,
        boolean ready) {
    private static final String FILE = "up.json";

    /**
     * A process, told from a later one with the same number by the time it started.
     *
     * @param started milliseconds since 1970; 0 if the system does not say
     */
    record RunningProcess(long pid, long started) {
        static RunningProcess of(ProcessHandle process) {
            return new RunningProcess(
                    process.pid(),
                    process.info().startInstant().map(Instant::toEpochMilli).orElse(0L));
        }

        /** The process, if it still runs. */
        Optional<ProcessHandle> find() {
            return ProcessHandle.of(pid)
                    .filter(ProcessHandle::isAlive)
                    .filter(process -> of(process).started == started);
        }
    }

    UpState withReady(boolean nowReady) {
        return new UpState(up, natsServer, nats, lattice, data, host, log, nowReady);
    }

    UpState withNats(String url, @Nullable RunningProcess server) {
        return new UpState(up, server, url, lattice, data, host, log, ready);
    }

    UpState withHost(String id) {
        return new UpState(up, natsServer, nats, lattice, data, id, log, ready);
    }

    /** Whether the process that wrote this still runs. */
    boolean running() {
        return up.find().isPresent();
    }

    /** What the last {@code up} wrote down; empty if there was none or its record cannot be read. */
    static Optional<UpState> read(Path dataDirectory) {
        Path file = dataDirectory.resolve(FILE);
        try {
            return Files.isRegularFile(file)
                    ? Optional.of(WireJson.read(Files.readAllBytes(file), UpState.class))
                    : Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty(); // half a record or somebody else's: as good as none
        }
    }

    /** Replaces the record, as one step. */
    void write(Path dataDirectory) throws IOException {
        Path fresh = dataDirectory.resolve(FILE + ".new");
        Files.write(fresh, WireJson.write(this));
        Files.move(fresh, dataDirectory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }

    static void delete(Path dataDirectory) throws IOException {
        Files.deleteIfExists(dataDirectory.resolve(FILE));
    }
}

package dev.trellis.cli;

import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What {@code trellis up} runs: the lattice (a NATS server given or started, else in process), a controller and a host.
 * Everything started is handed to the shutdown at once, so that an end half-way leaves nothing behind.
 */
final class LocalLattice {
    /** A controller of a lattice whose last leader was killed waits for its lease to run out. */
    private static final Duration CONTROLLER_START_MAX = Duration.ofSeconds(20);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(50);

    private final Session session;
    private final Path data;
    private final Shutdown shutdown;
    private final CompletableFuture<String> end = new CompletableFuture<>();
    private @Nullable LatticeClient client;

    LocalLattice(Session session, Path data, Shutdown shutdown) {
        this.session = session;
        this.data = data;
        this.shutdown = shutdown;
    }

    /** Makes new connections to the lattice. */
    private interface Joiner {
        LatticeTransport join(Role role) throws CliException, InterruptedException;
    }

    /** Starts everything and returns when the controller answers and sees the host. */
    UpState start(Servers.HostWish wish) throws CliException, InterruptedException {
        lock();
        String log = log();
        endLeftovers();
        UpState state = new UpState(
                UpState.RunningProcess.of(ProcessHandle.current()),
                null,
                null,
                session.options().lattice.value(),
                data.toString(),
                null,
                log,
                false);
        Joiner joiner;
        Optional<Path> program = Programs.find("nats-server", session);
        if (session.options().nats != null
                || session.environment(Session.NATS_URL_VARIABLE).isPresent()) {
            Session.NatsAddress address = session.natsAddress();
            joiner = role -> session.connect(address, role);
            state = state.withNats(Session.withoutUserInfo(address.url()), null);
        } else if (program.isPresent()) {
            NatsProcess server = startNats(program.get(), state);
            var address = new Session.NatsAddress(server.url(), "started by this `trellis up`");
            joiner = role -> session.connect(address, role);
            state = state.withNats(server.url(), server.handle());
        } else {
            joiner = joinInProcess();
        }
        LatticeTransport tools = joiner.join(Role.CLIENT);
        shutdown.add("the connection", tools::close);
        LatticeTransport controllerTransport = joiner.join(Role.CONTROLLER);
        shutdown.add("the controller's connection", controllerTransport::close);
        LatticeTransport hostTransport = joiner.join(Role.HOST);
        shutdown.add("the host's connection", hostTransport::close);
        save(state);
        Servers.RunningHost host = Servers.host(wish, data.resolve("host"), hostTransport);
        shutdown.add("the host", host::stop);
        // Stopped before the host, so that it does not act on the host's leaving.
        shutdown.add(
                "the controller",
                Servers.controller(session.options().lattice, data.resolve("controller"), controllerTransport));
        Thread.ofVirtual().name("host-stop").start(() -> {
            try {
                host.awaitStopRequest();
                end.complete("its host was asked to stop");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        client = new LatticeClient(tools, session.options().lattice, session.timeout());
        awaitController(client);
        return state.withHost(host.id());
    }

    /** A client on the lattice, once started. */
    LatticeClient client() {
        if (client == null) {
            throw new IllegalStateException("start() comes first");
        }
        return client;
    }

    /** Tells other commands that all is up. */
    UpState ready(UpState state) throws CliException {
        UpState ready = state.withReady(true);
        save(ready);
        return ready;
    }

    /** Waits until something ends the lattice: its host is stopped, or its NATS server is gone. */
    void awaitEnd() throws CliException, InterruptedException {
        try {
            session.console().note("Stopping: " + end.get());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CliException failure) {
                throw failure;
            }
            throw new IllegalStateException(e);
        }
    }

    /** The log file: that of the detached process, or one beside the terminal, which keeps what is to be read now. */
    private @Nullable String log() {
        Optional<String> detached = session.environment(UpCommand.DETACHED_VARIABLE);
        if (detached.isPresent() || session.options().verbose) {
            return detached.orElse(null);
        }
        Path file = data.resolve("up.log");
        Logs.toFile(file);
        return file.toString();
    }

    private void lock() throws CliException {
        try {
            Files.createDirectories(data);
            FileChannel channel =
                    FileChannel.open(data.resolve("up.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            shutdown.add("the lock", channel::close);
            if (channel.tryLock() == null) {
                throw UpCommand.alreadyUp(data, UpState.read(data));
            }
        } catch (OverlappingFileLockException e) {
            throw UpCommand.alreadyUp(data, UpState.read(data));
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.FAILED,
                            "the data directory cannot be used",
                            "give one that can be written with --data DIR, or mend its permissions")
                    .at(data.toString())
                    .because(e);
        }
        shutdown.add("the record", () -> UpState.delete(data));
    }

    /** Ends the NATS server of an earlier {@code up} that was killed: it would hold the port and the store. */
    private void endLeftovers() throws InterruptedException {
        Optional<ProcessHandle> leftover = UpState.read(data)
                .flatMap(state -> Optional.ofNullable(state.natsServer()))
                .flatMap(UpState.RunningProcess::find);
        if (leftover.isPresent()) {
            session.console()
                    .note("An earlier `trellis up` was killed; ending its NATS server (process "
                            + leftover.get().pid() + ").");
            NatsProcess.end(leftover.get());
        }
    }

    private NatsProcess startNats(Path program, UpState state) throws CliException, InterruptedException {
        Path directory = data.resolve("nats");
        NatsProcess server = NatsProcess.start(program, directory, session);
        shutdown.add("the NATS server", server::stop);
        save(state.withNats(server.url(), server.handle()));
        server.awaitReady(directory);
        if (server.port() != NatsProcess.PORT) {
            session.console()
                    .note("Port " + NatsProcess.PORT + " is taken, so the NATS server of this lattice is at "
                            + server.url() + ".");
        }
        server.onExit(code -> {
            if (!shutdown.stopping()) {
                end.completeExceptionally(new CliException(
                                ExitCode.FAILED,
                                "the NATS server ended with exit code " + code,
                                "see " + NatsProcess.logFile(directory) + ", then: trellis up")
                        .at(server.url()));
            }
        });
        return server;
    }

    private Joiner joinInProcess() throws CliException {
        InProcessLattice lattice;
        try {
            lattice = InProcessLattice.persistent(data.resolve("lattice"));
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.CONFLICT,
                            "the lattice's directory cannot be used",
                            "give another one with --data DIR")
                    .at(data.resolve("lattice").toString())
                    .because(e);
        }
        shutdown.add("the lattice", lattice::close);
        return _ -> lattice.join();
    }

    private void awaitController(LatticeClient started) throws CliException, InterruptedException {
        long giveUp = System.nanoTime() + CONTROLLER_START_MAX.toNanos();
        while (true) {
            try {
                started.listApplications();
                return;
            } catch (CliException e) {
                if (System.nanoTime() > giveUp) {
                    throw e;
                }
            }
            Thread.sleep(POLL_INTERVAL);
        }
    }

    private void save(UpState state) throws CliException {
        try {
            state.write(data);
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.FAILED,
                            "the data directory cannot be written",
                            "give another one with --data DIR, or mend its permissions")
                    .at(data.toString())
                    .because(e);
        }
    }
}

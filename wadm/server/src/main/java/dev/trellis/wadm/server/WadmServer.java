package dev.trellis.wadm.server;

import akka.actor.typed.ActorSystem;
import com.typesafe.config.ConfigFactory;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.LatticeTransport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running controller. Several may run on one lattice; one of them leads, and the others take over when it is gone.
 * Safe for concurrent use.
 */
public final class WadmServer implements AutoCloseable {
    /** Time that {@link #close()} gives the controller to end. */
    static final Duration CLOSE_MAX = Duration.ofSeconds(5);

    private static final String IDENTITY_FILE = "controller.json";
    private static final Logger LOG = LoggerFactory.getLogger(WadmServer.class);

    private final ActorSystem<WadmGuardian.Command> system;
    private final ExecutorService io;

    private WadmServer(ActorSystem<WadmGuardian.Command> system, ExecutorService io) {
        this.system = system;
        this.io = io;
    }

    private record Identity(String controller) {}

    /**
     * Starts a controller. Returns once its journal has been read; whether it leads is decided after that, and while
     * the lattice is away it waits.
     *
     * @param transport stays the caller's; to be closed after the controller
     * @throws WadmStartException if the data directory is in use, not usable, or its journal is damaged
     */
    public static WadmServer start(WadmConfig config, LatticeTransport transport) throws WadmStartException {
        return start(config, transport, InstantSource.system());
    }

    /** {@link #start(WadmConfig, LatticeTransport)} with another clock for names of versions and the first epoch. */
    static WadmServer start(WadmConfig config, LatticeTransport transport, InstantSource clock)
            throws WadmStartException {
        var random = new SecureRandom();
        var manifests = ManifestStore.open(config.dataDirectory(), () -> Ulid.next(clock, random));
        String controller;
        try {
            controller = identity(config.dataDirectory(), () -> Ulid.next(clock, random));
        } catch (WadmStartException e) {
            manifests.close();
            throw e;
        }
        // Above every epoch that hosts can have seen even if the lattice has lost its stores: seconds outrun terms.
        long epochAtLeast = Math.max(manifests.lastEpoch() + 1, clock.instant().getEpochSecond());
        var io = Executors.newVirtualThreadPerTaskExecutor();
        var settings = ConfigFactory.parseMap(Map.of(
                        "akka.loglevel", "WARNING",
                        "akka.log-dead-letters", "off",
                        "akka.log-dead-letters-during-shutdown", "off",
                        "akka.jvm-shutdown-hooks", "off",
                        "akka.coordinated-shutdown.run-by-jvm-shutdown-hook", "off"))
                .withFallback(ConfigFactory.load());
        var system = ActorSystem.create(
                WadmGuardian.create(config, manifests, transport, io, controller, epochAtLeast), "wadm", settings);
        LOG.info(
                "controller {} of lattice {} keeps its journal in {}",
                controller,
                config.lattice(),
                config.dataDirectory());
        return new WadmServer(system, io);
    }

    private interface Names {
        String next();
    }

    private static String identity(Path directory, Names names) throws WadmStartException {
        Path file = directory.resolve(IDENTITY_FILE);
        try {
            if (Files.exists(file)) {
                return WireJson.read(Files.readAllBytes(file), Identity.class).controller();
            }
            String controller = names.next();
            Path fresh = directory.resolve(IDENTITY_FILE + ".new");
            Files.write(fresh, WireJson.write(new Identity(controller)));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            return controller;
        } catch (IOException | IllegalArgumentException e) {
            throw new WadmStartException(
                    "the controller's identity in " + file + " cannot be read or written: " + e.getMessage()
                            + "; delete the file for a new identity",
                    e);
        }
    }

    /** Ends the controller and gives its lease back. What runs in the lattice keeps running. Idempotent. */
    @Override
    public void close() {
        system.tell(new WadmGuardian.Stop());
        try {
            system.getWhenTerminated().toCompletableFuture().get(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
            io.shutdown();
            if (!io.awaitTermination(1, TimeUnit.SECONDS)) {
                io.shutdownNow(); // requests to a lattice that is away
            }
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("the controller did not end within {} s", CLOSE_MAX.toSeconds(), e);
            io.shutdownNow();
        } catch (InterruptedException e) {
            io.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}

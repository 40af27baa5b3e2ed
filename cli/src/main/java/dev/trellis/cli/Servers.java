package dev.trellis.cli;

import dev.trellis.host.node.HostConfig;
import dev.trellis.host.node.HostIdentity;
import dev.trellis.host.node.TrellisHost;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetrySettings;
import dev.trellis.observability.telemetry.TelemetrySource;
import dev.trellis.observability.traces.LatticeSpans;
import dev.trellis.observability.traces.TraceKeeper;
import dev.trellis.wadm.server.WadmConfig;
import dev.trellis.wadm.server.WadmServer;
import dev.trellis.wadm.server.WadmStartException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Starts hosts and controllers. The only class here that knows theirs, so that tools start without loading them. */
final class Servers {
    /** Host directories tried, until one is found that no running host has. */
    private static final int HOST_DIRECTORIES_MAX = 100;

    private static final int NAME_SUFFIX_LENGTH = 4;

    private Servers() {}

    /** A host that runs. */
    static final class RunningHost {
        private final TrellisHost host;
        private final HostIdentity identity;
        private final Telemetry telemetry;

        private RunningHost(TrellisHost host, HostIdentity identity, Telemetry telemetry) {
            this.host = host;
            this.identity = identity;
            this.telemetry = telemetry;
        }

        String id() {
            return identity.id().value();
        }

        String name() {
            return host.config().friendlyName();
        }

        Path directory() {
            return identity.directory();
        }

        Map<String, String> labels() {
            return host.config().labels().values();
        }

        /** Waits until somebody asks it to stop over the lattice. */
        void awaitStopRequest() throws InterruptedException {
            host.awaitStopRequest();
        }

        void stop() throws IOException {
            try {
                host.close();
                telemetry.close();
            } finally {
                identity.close();
            }
        }
    }

    /** What a host is told. */
    record HostWish(
            LatticeName lattice,
            @Nullable String name,
            Map<String, String> labels,
            Map<ImageRef, Path> images,
            TelemetrySettings telemetry) {}

    /** Starts a host with its identity in {@code directory}. */
    static RunningHost host(HostWish wish, Path directory, LatticeTransport transport) throws CliException {
        HostIdentity identity;
        try {
            identity = HostIdentity.open(directory);
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.CONFLICT,
                            "the host cannot use its directory",
                            "give it another one with --data DIR")
                    .at(directory.toString())
                    .because(e);
        }
        String id = identity.id().value();
        String name = wish.name() != null
                ? wish.name()
                : "host-" + id.substring(id.length() - NAME_SUFFIX_LENGTH).toLowerCase(Locale.ROOT);
        try {
            HostConfig config = HostConfig.of(
                    wish.lattice(),
                    identity.id(),
                    name,
                    new Labels(wish.labels()),
                    directory,
                    wish.images(),
                    VersionCommand.trellis());
            return start(config, transport, identity, wish.telemetry());
        } catch (RuntimeException e) {
            close(identity, e);
            if (e instanceof IllegalArgumentException) {
                throw new CliException(ExitCode.USAGE, "the host cannot be started", "trellis host --help").because(e);
            }
            throw e;
        }
    }

    private static RunningHost start(
            HostConfig config, LatticeTransport transport, HostIdentity identity, TelemetrySettings settings) {
        var source = new TelemetrySource(
                config.lattice(),
                config.id(),
                config.friendlyName(),
                config.labels().site(),
                config.version());
        Telemetry telemetry = Telemetry.start(
                settings,
                source,
                List.of(LatticeSpans.destination(transport, Subjects.of(config.lattice()), config.id())));
        try {
            return new RunningHost(TrellisHost.start(config, transport, telemetry), identity, telemetry);
        } catch (RuntimeException e) {
            telemetry.close();
            throw e;
        }
    }

    /** Whether a host with this directory has something to run without a lattice. */
    static boolean canRunAlone(Path directory, LatticeName lattice) {
        return TrellisHost.canRunAlone(directory, lattice);
    }

    private static void close(HostIdentity identity, RuntimeException failure) {
        try {
            identity.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** The first directory {@code parent/1}, {@code parent/2}, ... that no running host has. */
    static Path freeHostDirectory(Path parent) throws CliException {
        for (int number = 1; number <= HOST_DIRECTORIES_MAX; number++) {
            Path directory = parent.resolve(String.valueOf(number));
            if (free(directory)) {
                return directory;
            }
        }
        throw new CliException(
                        ExitCode.CONFLICT,
                        HOST_DIRECTORIES_MAX + " hosts run on this machine already",
                        "give this one its own directory with --data DIR")
                .at(parent.toString());
    }

    private static boolean free(Path directory) {
        Path lock = directory.resolve("lock");
        if (!Files.exists(lock)) {
            return true;
        }
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            return channel.tryLock() != null;
        } catch (IOException | OverlappingFileLockException e) {
            return false;
        }
    }

    /** Starts a controller with its journal in {@code directory}, and keeps the traces of the lattice beside it. */
    static Shutdown.Part controller(LatticeName lattice, Path directory, LatticeTransport transport)
            throws CliException {
        try {
            WadmServer server = WadmServer.start(WadmConfig.of(lattice, directory), transport);
            try {
                TraceKeeper traces = TraceKeeper.start(transport, Subjects.of(lattice));
                return () -> {
                    traces.close();
                    server.close();
                };
            } catch (RuntimeException e) {
                server.close();
                throw e;
            }
        } catch (WadmStartException e) {
            throw new CliException(
                            ExitCode.CONFLICT,
                            "the controller cannot start",
                            "give it another directory with --data DIR")
                    .at(directory.toString())
                    .because(e);
        }
    }
}

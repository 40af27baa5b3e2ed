package dev.trellis.host.node;

import akka.actor.typed.ActorSystem;
import com.typesafe.config.ConfigFactory;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.ArtifactStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.observability.telemetry.Meters;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import dev.trellis.providers.sdk.ProviderFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A host: runs actors and providers, takes calls, answers the control interface, on one lattice. Starts complete and
 * stops in order. Several may run in one process.
 */
public final class TrellisHost implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final Duration TERMINATE_MAX = Duration.ofSeconds(5);

    /** What a stop may take beside the time for calls in flight: providers that close, and the last word. */
    private static final Duration STOP_MAX =
            ProviderSupervisor.START_MAX.plus(ProviderSupervisor.CLOSE_MAX).plusSeconds(5);

    private final HostConfig config;
    private final ActorSystem<HostGuardian.Command> system;
    private final WasmEngine engine;
    private final ExecutorService io;
    private final Invoker invoker;
    private final Routes routes;
    private final CountDownLatch stopRequested;
    private final AtomicReference<Duration> drain;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch stopped = new CountDownLatch(1);

    private TrellisHost(
            HostConfig config,
            ActorSystem<HostGuardian.Command> system,
            WasmEngine engine,
            ExecutorService io,
            Invoker invoker,
            Routes routes,
            CountDownLatch stopRequested,
            AtomicReference<Duration> drain) {
        this.config = config;
        this.system = system;
        this.engine = engine;
        this.io = io;
        this.invoker = invoker;
        this.routes = routes;
        this.stopRequested = stopRequested;
        this.drain = drain;
    }

    /** Starts a host that records nothing of its calls. */
    public static TrellisHost start(HostConfig config, LatticeTransport transport) {
        return start(config, transport, Telemetry.off());
    }

    /**
     * Starts a host. It answers the control interface once this method has returned.
     *
     * @param transport the lattice; stays the caller's to close, after the host
     * @param telemetry records its calls; stays the caller's to close, after the host
     * @throws dev.trellis.lattice.transport.TransportException if the lattice refuses the host's subscriptions
     */
    public static TrellisHost start(HostConfig config, LatticeTransport transport, Telemetry telemetry) {
        var subjects = Subjects.of(config.lattice());
        var routes = new Routes();
        var tracing = new CallTracing(telemetry);
        var streams = new OfferedStreams(config.id());
        var invoker = new NodeInvoker(routes, transport, streams, tracing);
        var records = new LatticeRecords(transport, subjects);
        var engine = new WasmEngine(
                EngineConfig.DEFAULTS.withCacheDirectory(config.dataDirectory().resolve("modules")));
        ExecutorService io = Executors.newVirtualThreadPerTaskExecutor();
        var images = new ImageResolver(
                () -> new ArtifactStore(transport.store(subjects.artifactBucket())),
                new ArtifactCache(
                        config.dataDirectory().resolve("artifacts"), ArtifactCache.BYTES_MAX, Clock.systemUTC()),
                config.images());
        var file = new StateFile(config.dataDirectory(), config.lattice());
        SavedHost saved = file.load();
        var configs = new ActorConfigs(saved.configs());
        var stopRequested = new CountDownLatch(1);
        var drain = new AtomicReference<>(config.drain());
        var started = new CompletableFuture<Boolean>();
        var surroundings = new HostGuardian.Surroundings(
                config,
                subjects,
                transport,
                records,
                file,
                saved,
                new EventPublisher(transport, subjects, config.id(), Clock.systemUTC()),
                new BoundedLoader(new ActorImageLoader(images, engine, routes, invoker, configs, Clock.systemUTC())),
                invoker,
                factories(),
                new IncomingCalls(routes, subjects, config.id(), transport, streams, tracing),
                configs,
                routes::publish,
                () -> load(routes.now()),
                new OtherHosts(transport, subjects, io),
                io,
                telemetry,
                started,
                asked -> {
                    asked.ifPresent(drain::set);
                    stopRequested.countDown();
                });
        ActorSystem<HostGuardian.Command> system =
                ActorSystem.create(HostGuardian.create(surroundings), "host", ConfigFactory.load("trellis-host"));
        var host = new TrellisHost(config, system, engine, io, invoker, routes, stopRequested, drain);
        measure(telemetry.meters(), routes);
        try {
            awaitStarted(started);
        } catch (RuntimeException e) {
            host.free();
            throw e;
        }
        return host;
    }

    private static void awaitStarted(CompletableFuture<Boolean> started) {
        try {
            started.get(START_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("the host did not start", e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("the host did not start within " + START_MAX, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the host started", e);
        }
    }

    private static Map<ProviderKind, ProviderFactory> factories() {
        var factories = new EnumMap<ProviderKind, ProviderFactory>(ProviderKind.class);
        ServiceLoader.load(ProviderFactory.class).forEach(factory -> factories.put(factory.kind(), factory));
        return factories;
    }

    private static void measure(Meters meters, Routes routes) {
        meters.gauge(TelemetryNames.GATE_RUNNING, "Calls that run in actors", () -> load(routes.now())
                .running());
        meters.gauge(TelemetryNames.GATE_WAITING, "Calls that wait at the gates of actors", () -> load(routes.now())
                .waiting());
        meters.gauge(TelemetryNames.ROUTE_TARGETS, "Actors and providers that calls can go to", () -> {
            RouteTable now = routes.now();
            return Map.of("local", (long) now.local().size(), "remote", (long)
                    now.remote().size());
        });
    }

    private static InventoryKeeper.Load load(RouteTable table) {
        int running = 0;
        int waiting = 0;
        for (LocalTarget target : table.local().values()) {
            if (target instanceof LocalActor actor) {
                running += actor.gate().running();
                waiting += actor.gate().waiting();
            }
        }
        return new InventoryKeeper.Load(running, waiting);
    }

    /**
     * Whether a host with this directory has something to run without the lattice: what it ran when it was last there.
     */
    public static boolean canRunAlone(Path dataDirectory, LatticeName lattice) {
        return new StateFile(dataDirectory, lattice).peek().runsSomething();
    }

    /** The host's config. */
    public HostConfig config() {
        return config;
    }

    /** Makes calls as this host does for its providers. */
    public Invoker invoker() {
        return invoker;
    }

    /** Whether an actor or provider of that id takes calls on this host. */
    public boolean runs(EntityId id) {
        return routes.now().localTarget(id) != null;
    }

    /** Waits until somebody asked the host to stop over the control interface, or {@link #close()} was called. */
    public void awaitStopRequest() throws InterruptedException {
        stopRequested.await();
    }

    /**
     * Stops in order: no new calls, those in flight get the config's drain time, or that which the request to stop
     * named; the lattice is told. Idempotent.
     */
    @Override
    public void close() {
        stopRequested.countDown();
        if (!closing.compareAndSet(false, true)) {
            awaitStopped();
            return;
        }
        var left = new CountDownLatch(1);
        Duration calls = Objects.requireNonNull(drain.get());
        system.tell(new HostGuardian.Stop(calls, left::countDown));
        try {
            if (!left.await(STOP_MAX.plus(calls).toMillis(), TimeUnit.MILLISECONDS)) {
                system.log().warn("Host {} did not stop in order in time", config.friendlyName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        free();
    }

    private void free() {
        system.terminate();
        try {
            system.getWhenTerminated().toCompletableFuture().get(TERMINATE_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            system.log().warn("The control plane of host {} did not end in order", config.friendlyName(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        io.shutdownNow();
        engine.close();
        stopped.countDown();
    }

    private void awaitStopped() {
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.trellis.providers.httpserver;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.observability.telemetry.Telemetry;
import io.netty.handler.codec.DecoderException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One address that is listened on, and the actor behind it. Its connections are spread over the event loops, one
 * {@link Worker} each. Opened, routed and closed by the provider's thread; the rest may be called from any thread.
 */
final class Listener {
    /** Bytes of request bodies held at one time; a body beyond it is refused with 503. */
    static final long BODY_BYTES_IN_MEMORY_MAX = 256L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final Duration BIND_PAUSE = Duration.ofMillis(100);
    private static final Duration DEPLOY_MAX = Duration.ofSeconds(8);

    private static final AtomicInteger RANDOM_PORTS = new AtomicInteger();

    final EntityId provider;
    final Telemetry telemetry;
    final Timeouts timeouts;
    final AccessLog accessLog;
    final Counters counters = new Counters();
    final FailureLog failureLog = new FailureLog();

    private final Vertx vertx;
    private final ListenAddress address;
    private volatile boolean ownedByProvider;
    private final AtomicInteger inProgress = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong bodyBytes = new AtomicLong();
    private final Collection<Worker> workers = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Route route;
    private volatile boolean closing;
    private String deployment = "";
    private int port;

    /** Why a listener does not open, as a sentence for an operator. */
    static final class BindException extends Exception {
        private static final long serialVersionUID = 1L;

        BindException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    Listener(
            EntityId provider,
            Telemetry telemetry,
            Timeouts timeouts,
            AccessLog accessLog,
            Vertx vertx,
            ListenAddress address,
            boolean ownedByProvider) {
        this.provider = provider;
        this.telemetry = telemetry;
        this.timeouts = timeouts;
        this.accessLog = accessLog;
        this.vertx = vertx;
        this.address = address;
        this.ownedByProvider = ownedByProvider;
    }

    /** Binds the address; waits a moment for a port that is taken, since a predecessor may just be dying. */
    void open(int eventLoops) throws BindException, InterruptedException {
        String host = address.host().getHostAddress();
        // All workers share one socket, also on "any free port": an equal id stands for an equal port there.
        var where = address.port() == 0
                ? SocketAddress.sharedRandomPort(1 + (RANDOM_PORTS.getAndIncrement() & 0x7fff), host)
                : SocketAddress.inetSocketAddress(address.port(), host);
        long giveUp = System.nanoTime() + timeouts.bind().toNanos();
        while (true) {
            try {
                deployment = await(vertx.deployVerticle(
                        () -> new Worker(this, where), new DeploymentOptions().setInstances(eventLoops)));
                port = workers.iterator().next().port();
                LOG.info("http server {} listens on {}", provider, bound());
                return;
            } catch (ExecutionException e) {
                workers.clear();
                var cause = e.getCause() == null ? e : e.getCause();
                boolean taken = String.valueOf(cause.getMessage())
                        .toLowerCase(Locale.ROOT)
                        .contains("in use");
                if (!taken) {
                    throw new BindException(
                            "cannot listen on %s: %s; choose an IP address of this machine%s"
                                    .formatted(
                                            address,
                                            cause.getMessage(),
                                            address.port() < 1024 && address.port() > 0
                                                    ? ", and a port from 1024 up unless run with the right to lower ones"
                                                    : ""),
                            cause);
                }
                if (System.nanoTime() - giveUp >= 0) {
                    throw new BindException(
                            "cannot listen on %s: port %d is taken, by %s; stop that, or set another port"
                                    .formatted(
                                            address,
                                            address.port(),
                                            PortOwner.find(address.port())
                                                    .orElse("another server, perhaps a host that still runs")),
                            cause);
                }
            } catch (TimeoutException e) {
                throw new BindException(
                        "cannot listen on %s: no answer from the event loop within %d s"
                                .formatted(address, DEPLOY_MAX.toSeconds()),
                        e);
            }
            Thread.sleep(BIND_PAUSE);
        }
    }

    private static <T> T await(Future<T> future) throws ExecutionException, InterruptedException, TimeoutException {
        return future.toCompletionStage().toCompletableFuture().get(DEPLOY_MAX.toMillis(), TimeUnit.MILLISECONDS);
    }

    void add(Worker worker) {
        workers.add(worker);
    }

    /** The address it was told to listen on. */
    ListenAddress address() {
        return address;
    }

    /** The address it listens on, with the port that it got. */
    ListenAddress bound() {
        return new ListenAddress(address.host(), port);
    }

    /** Whether it stays when it has no link; else it belongs to one link and goes with it. */
    boolean ownedByProvider() {
        return ownedByProvider;
    }

    void ownedByProvider(boolean owned) {
        ownedByProvider = owned;
    }

    @Nullable
    Route route() {
        return route;
    }

    void route(@Nullable Route next) {
        route = next;
    }

    boolean closing() {
        return closing;
    }

    /** Takes a place for one more request; false if {@code max} are in progress. */
    boolean enter(int max) {
        if (inProgress.incrementAndGet() > max) {
            inProgress.decrementAndGet();
            return false;
        }
        return true;
    }

    void leave() {
        inProgress.decrementAndGet();
    }

    /** Requests in progress: with a call that has not ended, or an answer that has not been handed on. */
    int inProgress() {
        return inProgress.get();
    }

    /** Takes a place for one more connection; false if there are too many. */
    boolean connect() {
        var current = route;
        int max = (current == null ? HttpServerSettings.DEFAULTS : current.settings()).maxConnections();
        if (connections.incrementAndGet() > max) {
            connections.decrementAndGet();
            return false;
        }
        return true;
    }

    void disconnect() {
        connections.decrementAndGet();
    }

    /** Open connections. */
    int connections() {
        return connections.get();
    }

    /** Takes room for body bytes; false if there is none, and then nothing is taken. */
    boolean hold(int bytes) {
        if (bodyBytes.addAndGet(bytes) > BODY_BYTES_IN_MEMORY_MAX) {
            bodyBytes.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void letGo(int bytes) {
        bodyBytes.addAndGet(-bytes);
    }

    /** Bytes of request bodies in memory. */
    long bodyBytes() {
        return bodyBytes.get();
    }

    /** Stops accepting, lets requests in progress end for a bounded time, then closes what is left. */
    void close() {
        if (closing) {
            return;
        }
        closing = true;
        var grace = timeouts.close();
        var done = Future.join(
                        workers.stream().map(worker -> worker.shutdown(grace)).toList())
                .transform(_ -> vertx.undeploy(deployment));
        try {
            done.toCompletionStage()
                    .toCompletableFuture()
                    .get(grace.toMillis() + DEPLOY_MAX.toMillis(), TimeUnit.MILLISECONDS);
            LOG.info("http server {} no longer listens on {}", provider, bound());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("http server {} did not close its listener on {} cleanly", provider, bound(), e);
        }
    }

    /** Whether {@code failure} is only a peer that went away or sends what is not HTTP. */
    static boolean peersFault(Throwable failure) {
        // Netty's HTTP decoder throws IllegalArgumentException for what it cannot parse
        return failure instanceof IOException
                || failure instanceof DecoderException
                || failure instanceof IllegalArgumentException;
    }
}

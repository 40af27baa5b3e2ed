package dev.trellis.providers.httpserver;

import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderStartException;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server provider. A listener serves exactly one linked actor. A link without an address of its own uses the
 * provider's listener; a link with one gets its own, which goes with it.
 */
final class HttpServerProvider implements CapabilityProvider {
    /** Event loops that all listeners share. They only parse and write; actors run elsewhere. */
    static final int EVENT_LOOPS = 2;

    private static final Logger LOG = LoggerFactory.getLogger(HttpServerProvider.class);
    private static final long CLOSE_SECONDS_MAX = 5;

    private final ProviderContext context;
    private final Timeouts timeouts;
    private final HttpServerSettings settings;
    private final ListenAddress address;
    private final AccessLog accessLog = new AccessLog();
    private final Vertx vertx;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Map<LinkKey, Listener> links = new LinkedHashMap<>();
    private volatile boolean closed;

    private HttpServerProvider(
            ProviderContext context, Timeouts timeouts, HttpServerSettings settings, ListenAddress address) {
        this.context = context;
        this.timeouts = timeouts;
        this.settings = settings;
        this.address = address;
        this.vertx = Vertx.vertx(new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(EVENT_LOOPS)
                .setUseDaemonThread(true)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
    }

    static HttpServerProvider start(ProviderContext context, Timeouts timeouts)
            throws ProviderStartException, InterruptedException {
        Optional<ListenAddress> wanted;
        HttpServerSettings settings;
        try {
            wanted = HttpServerSettings.address(context.config());
            settings = HttpServerSettings.of(context.config(), HttpServerSettings.DEFAULTS);
        } catch (IllegalArgumentException e) {
            throw new ProviderStartException("config of http server %s: %s".formatted(context.id(), e.getMessage()), e);
        }
        var provider =
                new HttpServerProvider(context, timeouts, settings, wanted.orElse(HttpServerSettings.ADDRESS_DEFAULT));
        boolean started = false;
        try {
            if (wanted.isPresent()) {
                provider.listen(wanted.get(), true);
            }
            started = true;
            return provider;
        } catch (Listener.BindException e) {
            throw new ProviderStartException("http server %s %s".formatted(context.id(), e.getMessage()), e);
        } finally {
            if (!started) {
                provider.close();
            }
        }
    }

    private Listener listen(ListenAddress wanted, boolean ownedByProvider)
            throws Listener.BindException, InterruptedException {
        var listener = new Listener(
                context.id(),
                context.invoker(),
                context.telemetry(),
                timeouts,
                accessLog,
                vertx,
                wanted,
                ownedByProvider);
        listener.open(EVENT_LOOPS);
        listeners.add(listener);
        return listener;
    }

    @Override
    public void linkPut(ProviderLink link) throws LinkRejectedException, InterruptedException {
        LinkKey key = link.link().key();
        if (!Contracts.canonical(link.link().contract()).equals(Contracts.HTTP_SERVER.id())) {
            throw new LinkRejectedException("link %s has contract %s; an http server takes links of %s only"
                    .formatted(key, link.link().contract(), Contracts.HTTP_SERVER.id()));
        }
        ListenAddress wanted;
        HttpServerSettings linkSettings;
        try {
            wanted = HttpServerSettings.address(link.config()).orElse(address);
            linkSettings = HttpServerSettings.of(link.config(), settings);
        } catch (IllegalArgumentException e) {
            throw new LinkRejectedException(
                    "config of the link from %s to %s: %s".formatted(context.id(), link.actor(), e.getMessage()), e);
        }
        var next = new Route(key, link.actor(), link.generation(), linkSettings);
        Listener before = links.get(key);
        Route current = before == null ? null : before.route();
        if (current != null && current.generation() > next.generation()) {
            return; // an older word about a link that has changed since
        }
        if (before != null && before.address().equals(wanted)) {
            before.route(next);
            return;
        }
        Listener listener = find(wanted);
        if (listener == null) {
            try {
                listener = listen(wanted, wanted.equals(address));
            } catch (Listener.BindException e) {
                throw new LinkRejectedException(
                        "link from %s to %s: %s".formatted(context.id(), link.actor(), e.getMessage()), e);
            }
        } else {
            var taken = listener.route();
            if (taken != null) {
                throw new LinkRejectedException(
                        "link from %s to %s: address %s already serves actor %s (link name '%s'); give one of the two links an address of its own"
                                .formatted(
                                        context.id(),
                                        link.actor(),
                                        listener.bound(),
                                        taken.actor(),
                                        taken.link().name()));
            }
        }
        listener.route(next);
        links.put(key, listener);
        LOG.info("http server {} serves actor {} on {}", context.id(), link.actor(), listener.bound());
        if (before != null) {
            detach(before);
        }
    }

    private @Nullable Listener find(ListenAddress wanted) {
        for (Listener listener : listeners) {
            // "any free port" is another one every time
            if (listener.address().equals(wanted) && (wanted.port() != 0 || listener.ownedByProvider())) {
                return listener;
            }
        }
        return null;
    }

    @Override
    public void linkDelete(LinkKey link) {
        Listener listener = links.remove(link);
        if (listener != null) {
            detach(listener);
        }
    }

    private void detach(Listener listener) {
        listener.route(null);
        if (!listener.ownedByProvider()) {
            listeners.remove(listener);
            listener.close();
        }
    }

    /** Nothing: actors do not call an HTTP server. */
    @Override
    public Payload invoke(ProviderLink link, Invocation invocation) {
        throw new InvocationException(new InvocationFailure.UnknownOperation(
                context.id().value(),
                "an http server calls actors and cannot be called; operation '%s' is not for it"
                        .formatted(invocation.operation())));
    }

    @Override
    public Health health() {
        return closed ? Health.unhealthy("http server " + context.id() + " is closed") : Health.OK;
    }

    /** Listeners that are open. */
    List<Listener> listeners() {
        return listeners;
    }

    AccessLog accessLog() {
        return accessLog;
    }

    /** The listener that serves {@code link}. */
    Listener listener(LinkKey link) {
        return Objects.requireNonNull(links.get(link), () -> "no link " + link);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (var closing = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            for (Listener listener : listeners) {
                closing.execute(listener::close);
            }
        }
        listeners.clear();
        links.clear();
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("http server {} did not stop its event loops cleanly", context.id(), e);
        }
        accessLog.close();
    }
}

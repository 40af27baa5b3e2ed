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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server provider. A listener serves exactly one linked actor. A link without an address of its own uses the
 * provider's listener; a link with one gets its own, which goes with it.
 */
final class HttpServerProvider implements CapabilityProvider {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServerProvider.class);

    /** A listener of the provider that this one is to replace, and where its requests go then. */
    private record Borrowed(Listener listener, @Nullable Route route) {}

    private final ProviderContext context;
    private final Timeouts timeouts;
    private final HttpServerSettings settings;
    private final ListenAddress address;
    private final EventLoops loops; // guards all that follows
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Map<LinkKey, Listener> links = new LinkedHashMap<>();
    private @Nullable HttpServerProvider predecessor; // until it has been taken over
    private final Map<LinkKey, Borrowed> borrowed = new LinkedHashMap<>();
    private @Nullable Listener borrowedOwn; // at the provider's own address
    private volatile boolean closed;

    private HttpServerProvider(
            ProviderContext context,
            Timeouts timeouts,
            HttpServerSettings settings,
            ListenAddress address,
            @Nullable HttpServerProvider predecessor) {
        this.context = context;
        this.timeouts = timeouts;
        this.settings = settings;
        this.address = address;
        this.predecessor = predecessor;
        this.loops = predecessor == null ? new EventLoops() : predecessor.loops;
    }

    static HttpServerProvider start(ProviderContext context, Timeouts timeouts)
            throws ProviderStartException, InterruptedException {
        return start(context, timeouts, null);
    }

    static HttpServerProvider startBeside(ProviderContext context, HttpServerProvider running)
            throws ProviderStartException, InterruptedException {
        synchronized (running.loops) {
            if (running.closed) {
                return start(context, running.timeouts, null);
            }
            running.loops.retain();
        }
        return start(context, running.timeouts, running);
    }

    private static HttpServerProvider start(
            ProviderContext context, Timeouts timeouts, @Nullable HttpServerProvider running)
            throws ProviderStartException, InterruptedException {
        Optional<ListenAddress> wanted;
        HttpServerSettings settings;
        try {
            wanted = HttpServerSettings.address(context.config());
            settings = HttpServerSettings.of(context.config(), HttpServerSettings.DEFAULTS);
        } catch (IllegalArgumentException e) {
            if (running != null) {
                running.loops.release(context.id().value());
            }
            throw new ProviderStartException("config of http server %s: %s".formatted(context.id(), e.getMessage()), e);
        }
        var provider = new HttpServerProvider(
                context, timeouts, settings, wanted.orElse(HttpServerSettings.ADDRESS_DEFAULT), running);
        boolean started = false;
        try {
            if (wanted.isPresent()) {
                provider.listenAtOwnAddress(wanted.get());
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

    private void listenAtOwnAddress(ListenAddress wanted) throws Listener.BindException, InterruptedException {
        synchronized (loops) {
            borrowedOwn = predecessor == null ? null : predecessor.find(wanted);
            if (borrowedOwn == null) {
                listen(wanted, true);
            }
        }
    }

    private Listener listen(ListenAddress wanted, boolean ownedByProvider)
            throws Listener.BindException, InterruptedException {
        var listener = new Listener(
                context.id(), context.telemetry(), timeouts, loops.accessLog, loops.vertx, wanted, ownedByProvider);
        listener.open(EventLoops.COUNT);
        listeners.add(listener);
        return listener;
    }

    @Override
    public void takeOver() {
        synchronized (loops) {
            HttpServerProvider before = predecessor;
            predecessor = null;
            if (before == null) {
                return;
            }
            if (borrowedOwn != null) {
                adopt(before, borrowedOwn, null);
                borrowedOwn.ownedByProvider(true);
            }
            borrowed.forEach((link, one) -> {
                adopt(before, one.listener(), one.route());
                one.listener().ownedByProvider(one.listener().address().equals(address));
                links.put(link, one.listener());
                LOG.info(
                        "http server {} has taken over {} from the one that it replaces",
                        context.id(),
                        one.listener().bound());
            });
            borrowed.clear();
            borrowedOwn = null;
        }
    }

    private void adopt(HttpServerProvider before, Listener listener, @Nullable Route route) {
        before.listeners.remove(listener);
        before.links.values().removeIf(listener::equals);
        if (!listeners.contains(listener)) {
            listeners.add(listener);
        }
        if (route != null || borrowed.values().stream().noneMatch(one -> one.listener() == listener)) {
            listener.route(route);
        }
    }

    @Override
    public void linkPut(ProviderLink link) throws LinkRejectedException, InterruptedException {
        synchronized (loops) {
            put(link);
        }
    }

    private void put(ProviderLink link) throws LinkRejectedException, InterruptedException {
        LinkKey key = link.link().key();
        if (!Contracts.canonical(link.link()).equals(Contracts.HTTP_SERVER.id())) {
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
        var next = new Route(key, link.actor(), link.generation(), linkSettings, context.invoker());
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
        Listener theirs = listener != null || predecessor == null ? null : predecessor.find(wanted);
        if (theirs != null) {
            for (var other : borrowed.entrySet()) {
                Route taken = other.getValue().route();
                if (!other.getKey().equals(key) && other.getValue().listener() == theirs && taken != null) {
                    throw addressTaken(link, theirs, taken);
                }
            }
            borrowed.put(key, new Borrowed(theirs, next));
            if (before != null) {
                links.remove(key);
                detach(before);
            }
            return;
        }
        borrowed.remove(key);
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
                throw addressTaken(link, listener, taken);
            }
        }
        listener.route(next);
        links.put(key, listener);
        LOG.info("http server {} serves actor {} on {}", context.id(), link.actor(), listener.bound());
        if (before != null) {
            detach(before);
        }
    }

    private LinkRejectedException addressTaken(ProviderLink link, Listener listener, Route taken) {
        return new LinkRejectedException(
                "link from %s to %s: address %s already serves actor %s (link name '%s'); give one of the two links an address of its own"
                        .formatted(
                                context.id(),
                                link.actor(),
                                listener.bound(),
                                taken.actor(),
                                taken.link().name()));
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
        synchronized (loops) {
            borrowed.remove(link);
            Listener listener = links.remove(link);
            if (listener != null) {
                detach(listener);
            }
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
        return loops.accessLog;
    }

    /** The listener that serves {@code link}. */
    Listener listener(LinkKey link) {
        return Objects.requireNonNull(links.get(link), () -> "no link " + link);
    }

    @Override
    public void close() {
        List<Listener> own;
        synchronized (loops) {
            if (closed) {
                return;
            }
            closed = true;
            own = List.copyOf(listeners);
            listeners.clear();
            links.clear();
            borrowed.clear();
        }
        try (var closing = Executors.newVirtualThreadPerTaskExecutor()) {
            own.forEach(listener -> closing.execute(listener::close));
        }
        loops.release(context.id().value());
    }
}

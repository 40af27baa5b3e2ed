package dev.trellis.providers.httpclient;

import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.observability.telemetry.ActiveSpan;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderSpans;
import dev.trellis.providers.sdk.ProviderStartException;
import dev.trellis.providers.sdk.Requests;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP client provider: each link has its own allow-list, limits and connections. */
final class HttpClientProvider implements CapabilityProvider {
    /** Event loops that all links share. They only parse, write and encrypt; calls wait on their own threads. */
    static final int EVENT_LOOPS = 2;

    /** How long {@link #close()} lets calls in flight finish. */
    static final Duration DRAIN_MAX = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(HttpClientProvider.class);
    private static final String OPERATION = "Request";
    private static final long SWEEP_SECONDS = 5;
    private static final long LOOPS_END_SECONDS_MAX = 3;

    private final EntityId id;
    private final HttpClientSettings settings;
    private final NameLookup lookup;
    private final Telemetry telemetry;
    private final EventLoopGroup loops;
    private final AnswerMemory memory = new AnswerMemory(AnswerMemory.BYTES_MAX);
    private final Map<LinkKey, Linked> links = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param generation of the link that the client was made for */
    private record Linked(LinkClient client, long generation) {}

    private HttpClientProvider(
            EntityId id, HttpClientSettings settings, NameLookup.Resolver resolver, Telemetry telemetry) {
        this.telemetry = telemetry;
        this.id = id;
        this.settings = settings;
        this.lookup = new NameLookup(id.value(), resolver);
        this.loops = new MultiThreadIoEventLoopGroup(
                EVENT_LOOPS,
                Thread.ofPlatform().daemon().name("http-client-", 0).factory(),
                NioIoHandler.newFactory());
        var _ = loops.scheduleWithFixedDelay(
                () -> links.values().forEach(linked -> linked.client().pool().sweep()),
                SWEEP_SECONDS,
                SWEEP_SECONDS,
                TimeUnit.SECONDS);
    }

    static HttpClientProvider start(ProviderContext context, NameLookup.Resolver resolver)
            throws ProviderStartException {
        try {
            var settings = HttpClientSettings.of(context.config(), HttpClientSettings.DEFAULTS);
            Trust.context(settings.caCertificates());
            return new HttpClientProvider(context.id(), settings, resolver, context.telemetry());
        } catch (IllegalArgumentException e) {
            throw new ProviderStartException("config of http client %s: %s".formatted(context.id(), e.getMessage()), e);
        }
    }

    @Override
    public void linkPut(ProviderLink link) throws LinkRejectedException {
        LinkKey key = link.link().key();
        if (!Contracts.canonical(link.link()).equals(Contracts.HTTP_CLIENT.id())) {
            throw new LinkRejectedException("link %s has contract %s; an http client takes links of %s only"
                    .formatted(key, link.link().contract(), Contracts.HTTP_CLIENT.id()));
        }
        HttpClientSettings wanted;
        SslContext tls;
        try {
            wanted = HttpClientSettings.of(link.config(), settings);
            tls = Trust.context(wanted.caCertificates());
        } catch (IllegalArgumentException e) {
            throw new LinkRejectedException("config of link %s: %s".formatted(key, e.getMessage()), e);
        }
        if (wanted.allow().entries().isEmpty()) {
            throw new LinkRejectedException(
                    "config of link %s: allow is not set, so no request could go out. List what actor %s may call, such as allow: \"https://api.example.com, https://*.example.org, http://billing.internal:8080 private\""
                            .formatted(key, link.actor()));
        }
        Linked current = links.get(key);
        if (current != null && current.generation() > link.generation()) {
            return; // an older word about a link that has changed since
        }
        var client = new LinkClient(id.value(), key, wanted, tls, lookup, loops, memory);
        links.put(key, new Linked(client, link.generation()));
        if (current != null) {
            current.client().pool().close();
        }
        LOG.info("http client {} lets actor {} call {}", id, link.actor(), wanted.allow());
    }

    @Override
    public void linkDelete(LinkKey link) {
        Linked linked = links.remove(link);
        if (linked != null) {
            linked.client().pool().close();
        }
    }

    @Override
    public Payload invoke(ProviderLink link, Invocation invocation) throws InterruptedException {
        if (!Contracts.HTTP_CLIENT.id().equals(Contracts.canonical(invocation.contract()))
                || !invocation.operation().equals(OPERATION)) {
            throw Requests.unknownOperation(invocation);
        }
        OutgoingRequest request = Requests.read(invocation, OutgoingRequest.class);
        if (invocation.deadline().passed()) {
            throw Requests.deadlinePassed(id, invocation);
        }
        if (closed) {
            throw new InvocationException(new InvocationFailure.Unavailable(id.value(), "the http client is closed"));
        }
        Linked linked = links.get(link.link().key());
        if (linked == null) {
            throw new InvocationException(new InvocationFailure.NotLinked(
                    id.value(), "has no link " + link.link().key()));
        }
        String method = request.getMethod().isEmpty() ? "GET" : request.getMethod();
        return ProviderSpans.around(telemetry, "request", invocation, span -> {
            span.note(TelemetryNames.HTTP_METHOD, method);
            noteOrigin(span, request.getUrl());
            HttpExchange exchange = invocation.payload() instanceof Payload.Streamed(var _, var given) ? given : null;
            HttpResponse answer = linked.client().send(request, exchange, invocation.deadline(), span.context());
            span.note(TelemetryNames.HTTP_STATUS, answer.getStatus());
            if (answer.getStatus() >= 400) {
                span.fail(Integer.toString(answer.getStatus()), "answered with status " + answer.getStatus());
            }
            return exchange == null ? new Payload.Typed(answer) : Payload.EMPTY;
        });
    }

    /** Where the request goes. Not its path and query, which may hold secrets. */
    private static void noteOrigin(ActiveSpan span, String url) {
        if (!span.recorded()) {
            return;
        }
        try {
            Origin origin = HttpUrl.parse(url).origin();
            span.note(TelemetryNames.URL_SCHEME, origin.secure() ? "https" : "http")
                    .note(TelemetryNames.SERVER_ADDRESS, origin.host().text())
                    .note(TelemetryNames.SERVER_PORT, origin.port());
        } catch (IllegalArgumentException e) {
            LOG.debug("http client: the request will be refused: {}", e.getMessage());
        }
    }

    @Override
    public Health health() {
        return closed ? Health.unhealthy("http client " + id + " is closed") : Health.OK;
    }

    /** The client of a link that is there. */
    LinkClient client(LinkKey link) {
        Linked linked = links.get(link);
        if (linked == null) {
            throw new IllegalArgumentException("no link " + link);
        }
        return linked.client();
    }

    AnswerMemory memory() {
        return memory;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        List<Linked> ending = List.copyOf(links.values());
        links.clear();
        try {
            long end = System.nanoTime() + DRAIN_MAX.toNanos();
            boolean drained = true;
            for (Linked linked : ending) {
                drained &= linked.client().close(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
            }
            if (!drained) {
                LOG.warn("http client {} ends with requests still in progress; they fail", id);
            }
            lookup.close();
            if (!loops.shutdownGracefully(0, LOOPS_END_SECONDS_MAX, TimeUnit.SECONDS)
                    .await(LOOPS_END_SECONDS_MAX, TimeUnit.SECONDS)) {
                LOG.warn("http client {} did not stop its event loops in time", id);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var _ = loops.shutdownGracefully(0, LOOPS_END_SECONDS_MAX, TimeUnit.SECONDS);
        }
    }
}

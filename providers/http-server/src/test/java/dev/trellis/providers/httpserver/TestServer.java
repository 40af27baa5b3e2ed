package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderStartException;
import dev.trellis.providers.sdk.Requests;
import dev.trellis.providers.sdk.Settings;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A provider with one link on a free port, whose actor is a function of the test. */
final class TestServer implements AutoCloseable {
    static final EntityId PROVIDER = new EntityId("http");
    static final EntityId ACTOR = new EntityId("hello");

    final HttpServerProvider provider;

    private TestServer(HttpServerProvider provider) {
        this.provider = provider;
    }

    /** An actor, as a test writes it. */
    interface Actor {
        HttpResponse handle(HttpRequest request) throws InterruptedException;
    }

    static Invoker invoker(Actor actor) {
        return invocation -> new Payload.Typed(actor.handle(request(invocation)));
    }

    static HttpRequest request(Invocation invocation) {
        return Requests.read(invocation, HttpRequest.class);
    }

    static TestServer start(Actor actor) throws Exception {
        return start(invoker(actor), Map.of(), Timeouts.DEFAULTS);
    }

    static TestServer start(Actor actor, Map<String, String> linkConfig) throws Exception {
        return start(invoker(actor), linkConfig, Timeouts.DEFAULTS);
    }

    static TestServer start(Invoker invoker, Map<String, String> linkConfig, Timeouts timeouts) throws Exception {
        var server = new TestServer(provider(invoker, Map.of(), timeouts));
        var config = new HashMap<>(linkConfig);
        config.putIfAbsent("address", "127.0.0.1:0");
        server.provider.linkPut(link(ACTOR.value(), "default", 1, config));
        return server;
    }

    static HttpServerProvider provider(Invoker invoker, Map<String, String> config, Timeouts timeouts)
            throws ProviderStartException, InterruptedException {
        var transport = (LatticeTransport) Proxy.newProxyInstance(
                TestServer.class.getClassLoader(), new Class<?>[] {LatticeTransport.class}, (_, method, _) -> {
                    throw new UnsupportedOperationException(method.getName());
                });
        return HttpServerProvider.start(
                new ProviderContext(
                        PROVIDER,
                        new LatticeName("test"),
                        Settings.of(config),
                        invoker,
                        transport,
                        Path.of("not-used")),
                timeouts);
    }

    static ProviderLink link(String actor, String name, long generation, Map<String, String> config) {
        var link = new Link(
                PROVIDER,
                new EntityId(actor),
                new LinkName(name),
                Contracts.HTTP_SERVER.id(),
                List.of(),
                List.of(),
                List.of());
        return new ProviderLink(link, PROVIDER, Settings.of(config), generation);
    }

    static LinkKey key(String name) {
        return link("any", name, 1, Map.of()).link().key();
    }

    static HttpResponse response(int status, String body, String... headers) {
        var response = HttpResponse.newBuilder().setStatus(status).setBody(ByteString.copyFromUtf8(body));
        for (int i = 0; i < headers.length; i += 2) {
            response.addHeaders(Header.newBuilder().setName(headers[i]).setValue(headers[i + 1]));
        }
        return response.build();
    }

    /** Waits until {@code condition} holds; fails after five seconds. */
    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within 5 s: " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    Listener listener() {
        return provider.listeners().getFirst();
    }

    int port() {
        return listener().bound().port();
    }

    RawClient client() throws Exception {
        return new RawClient(port());
    }

    @Override
    public void close() {
        provider.close();
    }
}

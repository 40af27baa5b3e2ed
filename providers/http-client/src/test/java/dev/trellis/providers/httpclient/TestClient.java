package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderStartException;
import dev.trellis.providers.sdk.Settings;
import java.lang.reflect.Proxy;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A provider with one link, and an actor that is the test. */
final class TestClient implements AutoCloseable {
    static final TraceContext TRACE = new TraceContext(1, 2, 3, true, "vendor=x");
    static final Duration AMPLE = Duration.ofSeconds(20);
    private static final EntityId PROVIDER = new EntityId("client");
    private static final EntityId ACTOR = new EntityId("caller");

    final HttpClientProvider provider;
    final ProviderLink link;

    private TestClient(HttpClientProvider provider, ProviderLink link) {
        this.provider = provider;
        this.link = link;
    }

    /** Resolves nothing: tests reach their servers by address. */
    static final NameLookup.Resolver NO_NAMES = host -> {
        throw new UnknownHostException(host);
    };

    static TestClient allowing(String allow, String... more) throws Exception {
        return with(NO_NAMES, allow, more);
    }

    static TestClient with(NameLookup.Resolver resolver, String allow, String... more) throws Exception {
        var config = new HashMap<String, String>();
        config.put("allow", allow);
        for (int i = 0; i < more.length; i += 2) {
            config.put(more[i], more[i + 1]);
        }
        var client = new TestClient(provider(resolver, Map.of()), link(1, config));
        client.provider.linkPut(client.link);
        return client;
    }

    static HttpClientProvider provider(NameLookup.Resolver resolver, Map<String, String> config)
            throws ProviderStartException {
        var transport = (LatticeTransport) Proxy.newProxyInstance(
                TestClient.class.getClassLoader(), new Class<?>[] {LatticeTransport.class}, (_, method, _) -> {
                    throw new UnsupportedOperationException(method.getName());
                });
        return HttpClientProvider.start(
                new ProviderContext(
                        PROVIDER,
                        new LatticeName("test"),
                        Settings.of(config),
                        _ -> {
                            throw new UnsupportedOperationException("invoker");
                        },
                        transport,
                        java.nio.file.Path.of("not-used")),
                resolver);
    }

    static ProviderLink link(long generation, Map<String, String> config) {
        var link = new Link(
                ACTOR, PROVIDER, LinkName.DEFAULT, Contracts.HTTP_CLIENT.id(), List.of(), List.of(), List.of());
        return new ProviderLink(link, PROVIDER, Settings.of(config), generation);
    }

    static OutgoingRequest request(String method, String url, String body, String... headers) {
        var request = OutgoingRequest.newBuilder().setMethod(method).setUrl(url).setBody(ByteString.copyFromUtf8(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.addHeaders(Header.newBuilder().setName(headers[i]).setValue(headers[i + 1]));
        }
        return request.build();
    }

    HttpResponse get(String url, String... headers) throws InterruptedException {
        return send(request("GET", url, "", headers), AMPLE);
    }

    HttpResponse send(OutgoingRequest request) throws InterruptedException {
        return send(request, AMPLE);
    }

    HttpResponse send(OutgoingRequest request, Duration time) throws InterruptedException {
        return (HttpResponse) ((Payload.Typed) provider.invoke(link, invocation(request, time))).message();
    }

    static Invocation invocation(OutgoingRequest request, Duration time) {
        return Invocation.first(
                ACTOR,
                PROVIDER,
                LinkName.DEFAULT,
                Contracts.HTTP_CLIENT.id(),
                "Request",
                new Payload.Typed(request),
                Deadline.in(time),
                TRACE);
    }

    InvocationFailure failure(String url) {
        return failure(request("GET", url, ""), AMPLE);
    }

    InvocationFailure failure(OutgoingRequest request, Duration time) {
        var failed = catchThrowableOfType(InvocationException.class, () -> send(request, time));
        if (failed == null) {
            throw new AssertionError("request " + request.getUrl() + " did not fail");
        }
        return failed.failure();
    }

    LinkClient client() {
        return provider.client(link.link().key());
    }

    /** Values of a header of {@code response}. */
    static List<String> header(HttpResponse response, String name) {
        return response.getHeadersList().stream()
                .filter(line -> line.getName().equals(name))
                .map(Header::getValue)
                .toList();
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

    @Override
    public void close() {
        provider.close();
    }
}

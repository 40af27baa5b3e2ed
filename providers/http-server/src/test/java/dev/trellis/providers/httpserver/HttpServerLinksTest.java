package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.key;
import static dev.trellis.providers.httpserver.TestServer.link;
import static dev.trellis.providers.httpserver.TestServer.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderStartException;
import dev.trellis.providers.sdk.Settings;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Which actor is called on which address. */
class HttpServerLinksTest {
    /** An actor whose answer says which actor it is. */
    private static final Invoker NAMED =
            invocation -> new Payload.Typed(response(200, invocation.target().value()));

    private static final Timeouts QUICK = new Timeouts(
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofSeconds(3),
            Duration.ofMillis(200));

    private static HttpServerProvider provider(Map<String, String> config) throws Exception {
        return TestServer.provider(NAMED, config, QUICK);
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    private static RawClient.Response get(int port) throws Exception {
        try (var client = new RawClient(port)) {
            return client.get("/").read();
        }
    }

    @Test
    void factory_isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(ProviderFactory.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .filter(factory -> factory.kind() == ProviderKind.HTTP_SERVER))
                .hasSize(1);
    }

    @Test
    void providerWithAddress_listensAtOnceAndAnswers503UntilLinked() throws Exception {
        int port = freePort();
        try (var provider = provider(Map.of("address", "127.0.0.1:" + port))) {
            var unlinked = get(port);
            assertThat(unlinked.status()).isEqualTo(503);
            assertThat(unlinked.header("retry-after")).isEqualTo("1");
            provider.linkPut(link("a", "default", 1, Map.of()));
            assertThat(get(port).body()).isEqualTo("a");
            provider.linkDelete(key("default"));
            assertThat(get(port).status()).isEqualTo(503);
            provider.linkPut(link("b", "default", 2, Map.of()));
            assertThat(get(port).body()).isEqualTo("b");
            assertThat(provider.listeners()).hasSize(1);
            assertThat(provider.health().healthy()).isTrue();
        }
    }

    @Test
    void providerWithoutAddress_waitsForALink() throws Exception {
        try (var provider = provider(Map.of("timeout_ms", "500"))) {
            assertThat(provider.listeners()).isEmpty();
        }
    }

    @Test
    void secondActorOnAListener_isRejectedNamingBoth() throws Exception {
        int port = freePort();
        try (var provider = provider(Map.of("port", Integer.toString(port)))) {
            provider.linkPut(link("first-actor", "default", 1, Map.of()));
            assertThatExceptionOfType(LinkRejectedException.class)
                    .isThrownBy(() -> provider.linkPut(link("second-actor", "other", 1, Map.of())))
                    .withMessageContainingAll("first-actor", "second-actor", "0.0.0.0:" + port, "address of its own");
            assertThat(get(port).body()).isEqualTo("first-actor");
        }
    }

    @Test
    void linkWithAddress_hasItsOwnListenerWhichGoesWithIt() throws Exception {
        int port = freePort();
        try (var provider = provider(Map.of("address", "127.0.0.1:0"))) {
            provider.linkPut(link("a", "default", 1, Map.of()));
            provider.linkPut(link("b", "own", 1, Map.of("Port", Integer.toString(port), "HOST", "127.0.0.1")));
            assertThat(get(provider.listener(key("default")).bound().port()).body())
                    .isEqualTo("a");
            assertThat(get(port).body()).isEqualTo("b");
            provider.linkDelete(key("own"));
            assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> get(port));
            provider.linkDelete(key("own"));
            assertThat(provider.listeners()).hasSize(1);
        }
    }

    @Test
    void newerGeneration_changesSettingsAndKeepsConnections() throws Exception {
        int port = freePort();
        String address = "127.0.0.1:" + port;
        try (var provider = provider(Map.of())) {
            provider.linkPut(link("a", "default", 1, Map.of("address", address)));
            try (var client = new RawClient(port)) {
                assertThat(client.request("POST", "/", "content-length: 0")
                                .read()
                                .status())
                        .isEqualTo(200);
                provider.linkPut(link("a", "default", 3, Map.of("address", address, "readonly_mode", "true")));
                assertThat(client.request("POST", "/", "content-length: 0")
                                .read()
                                .status())
                        .isEqualTo(405);
                provider.linkPut(link("a", "default", 2, Map.of("address", address)));
                assertThat(client.request("POST", "/", "content-length: 0")
                                .read()
                                .status())
                        .as("an older generation changes nothing")
                        .isEqualTo(405);
            }
        }
    }

    @Test
    void newerGeneration_movesToAnotherAddress() throws Exception {
        int before = freePort();
        int after = freePort();
        try (var provider = provider(Map.of())) {
            provider.linkPut(link("a", "default", 1, Map.of("address", "127.0.0.1:" + before)));
            provider.linkPut(link("a", "default", 2, Map.of("address", "127.0.0.1:" + after)));
            assertThat(get(after).body()).isEqualTo("a");
            assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> get(before));
        }
    }

    @Test
    void portTaken_atStart_saysWhichAndByWhom() throws Exception {
        try (var other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            int port = other.getLocalPort();
            assertThatExceptionOfType(ProviderStartException.class)
                    .isThrownBy(() -> provider(Map.of("address", "127.0.0.1:" + port)))
                    .withMessageContainingAll("port " + port + " is taken", "process", "set another port");
        }
    }

    @Test
    void portTaken_byLink_isRejectedAndTheOldAddressKept() throws Exception {
        int port = freePort();
        try (var other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                var provider = provider(Map.of())) {
            provider.linkPut(link("a", "default", 1, Map.of("address", "127.0.0.1:" + port)));
            assertThatExceptionOfType(LinkRejectedException.class)
                    .isThrownBy(() -> provider.linkPut(
                            link("a", "default", 2, Map.of("address", "127.0.0.1:" + other.getLocalPort()))))
                    .withMessageContaining("port " + other.getLocalPort() + " is taken");
            assertThat(get(port).body()).isEqualTo("a");
        }
    }

    @Test
    void portComingFree_isWaitedFor() throws Exception {
        var dying = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
        int port = dying.getLocalPort();
        var starting = new FutureTask<>(
                () -> TestServer.provider(NAMED, Map.of("address", "127.0.0.1:" + port), Timeouts.DEFAULTS));
        try (dying) {
            var starter = Thread.ofVirtual().start(starting);
            TestServer.await("it waits for the port", () -> starter.getState() == Thread.State.TIMED_WAITING);
        }
        try (var provider = starting.get(10, TimeUnit.SECONDS)) {
            assertThat(provider.listeners()).hasSize(1);
        }
    }

    @Test
    void addressOfAnotherMachine_isRefusedAtOnce() {
        assertThatExceptionOfType(ProviderStartException.class)
                .isThrownBy(() -> provider(Map.of("address", "192.0.2.1:8080")))
                .withMessageContainingAll("192.0.2.1:8080", "IP address of this machine");
    }

    @Test
    void settings_unknown_areRefusedWithTheNearestName() throws Exception {
        assertThatExceptionOfType(ProviderStartException.class)
                .isThrownBy(() -> provider(Map.of("adress", "127.0.0.1:0")))
                .withMessageContainingAll("unknown setting 'adress'", "did you mean 'address'?");
        try (var provider = provider(Map.of())) {
            assertThatExceptionOfType(LinkRejectedException.class)
                    .isThrownBy(() -> provider.linkPut(link("a", "default", 1, Map.of("timeout-ms", "5"))))
                    .withMessageContaining("did you mean 'timeout_ms'?");
            assertThat(provider.listeners()).isEmpty();
        }
    }

    @Test
    void link_ofAnotherContract_isRejected() throws Exception {
        var other = new Link(
                TestServer.PROVIDER,
                TestServer.ACTOR,
                LinkName.DEFAULT,
                new ContractId("wasmcloud:keyvalue"),
                List.of(),
                List.of(),
                List.of());
        try (var provider = provider(Map.of())) {
            assertThatExceptionOfType(LinkRejectedException.class)
                    .isThrownBy(() -> provider.linkPut(new ProviderLink(other, TestServer.PROVIDER, Settings.NONE, 1)))
                    .withMessageContainingAll("wasmcloud:keyvalue", "wasmcloud:httpserver");
        }
    }

    @Test
    void invoke_ofTheProvider_isUnknown() throws Exception {
        var link = link("a", "default", 1, Map.of());
        var invocation = Invocation.first(
                TestServer.ACTOR,
                TestServer.PROVIDER,
                LinkName.DEFAULT,
                new ContractId("wasmcloud:httpserver"),
                "HandleRequest",
                Payload.EMPTY,
                Deadline.in(Duration.ofSeconds(1)),
                TraceContext.root());
        try (var provider = provider(Map.of())) {
            assertThatExceptionOfType(InvocationException.class)
                    .isThrownBy(() -> provider.invoke(link, invocation))
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.UnknownOperation.class));
        }
    }
}

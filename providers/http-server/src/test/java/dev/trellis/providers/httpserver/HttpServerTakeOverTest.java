package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.Settings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A provider that replaces another on the same address. */
class HttpServerTakeOverTest {
    private static final Map<String, String> ANY_PORT = Map.of("address", "127.0.0.1:0");

    private final InProcessLattice lattice = new InProcessLattice();

    @AfterEach
    void close() {
        lattice.close();
    }

    private HttpServerProvider start(String name, Map<String, String> config) throws Exception {
        return HttpServerProvider.start(context(name, config), Timeouts.DEFAULTS);
    }

    private ProviderContext context(String name, Map<String, String> config) {
        Invoker named = invocation -> new Payload.Typed(response(200, name + " " + invocation.target()));
        return new ProviderContext(
                TestServer.PROVIDER,
                new LatticeName("test"),
                Settings.of(config),
                named,
                lattice.join(),
                Path.of("not-used"));
    }

    @Test
    void takeOver_sameAddress_oneConnectionIsServedByOneAndThenTheOther() throws Exception {
        var before = start("old", ANY_PORT);
        before.linkPut(TestServer.link("shop", "default", 1, Map.of()));
        int port = before.listeners().getFirst().bound().port();
        try (var after = HttpServerProvider.startBeside(context("new", ANY_PORT), before);
                var client = new RawClient(port)) {
            after.linkPut(TestServer.link("shop", "default", 2, Map.of()));
            assertThat(client.get("/").read().body()).isEqualTo("old shop");

            after.takeOver();

            assertThat(client.get("/").read().body()).isEqualTo("new shop");
            before.close();
            assertThat(client.get("/").read().body()).isEqualTo("new shop");
        }
    }

    @Test
    void close_withoutTakingOver_leavesTheOneThatRunsAsItWas() throws Exception {
        try (var before = start("old", ANY_PORT)) {
            before.linkPut(TestServer.link("shop", "default", 1, Map.of()));
            try (var client =
                    new RawClient(before.listeners().getFirst().bound().port())) {
                try (var after = HttpServerProvider.startBeside(context("new", ANY_PORT), before)) {
                    after.linkPut(TestServer.link("shop", "default", 2, Map.of()));
                }

                assertThat(client.get("/").read().body()).isEqualTo("old shop");
            }
        }
    }

    @Test
    void linkPut_secondLinkAtAnAddressToBeTakenOver_isRejected() throws Exception {
        try (var before = start("old", ANY_PORT)) {
            before.linkPut(TestServer.link("shop", "default", 1, Map.of()));
            try (var after = HttpServerProvider.startBeside(context("new", ANY_PORT), before)) {
                after.linkPut(TestServer.link("shop", "default", 2, Map.of()));

                assertThatExceptionOfType(LinkRejectedException.class)
                        .isThrownBy(() -> after.linkPut(TestServer.link("stock", "second", 3, Map.of())))
                        .withMessageContaining("already serves actor shop");
            }
        }
    }

    @Test
    void takeOver_anotherAddress_bothAreOpenUntilTheFirstIsClosed() throws Exception {
        try (var before = start("old", ANY_PORT)) {
            before.linkPut(TestServer.link("shop", "default", 1, Map.of()));
            int first = before.listeners().getFirst().bound().port();
            try (var after = HttpServerProvider.startBeside(context("new", Map.of("address", "127.0.0.2:0")), before);
                    var client = new RawClient(first)) {
                after.linkPut(TestServer.link("shop", "default", 2, Map.of()));
                after.takeOver();

                assertThat(client.get("/").read().body()).isEqualTo("old shop");
                assertThat(after.listeners()).singleElement().satisfies(listener -> assertThat(
                                listener.bound().host().getHostAddress())
                        .isEqualTo("127.0.0.2"));
            }
        }
    }
}

package dev.trellis.lattice.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class NatsConnectTest {
    /** Well beyond the connect timeout and what jnats takes to clean up, on a machine however slow. */
    private static final Duration GIVEN_UP = Duration.ofSeconds(20);

    private static TransportFailure failure(NatsConfig config) {
        TransportFailure[] failure = new TransportFailure[1];
        assertThatExceptionOfType(TransportException.class)
                .isThrownBy(() -> NatsTransport.connect(config).close())
                .satisfies(e -> failure[0] = e.failure());
        return failure[0];
    }

    @Test
    void connect_nobodyListens_saysWhatToCheck() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        long start = System.nanoTime();

        TransportFailure failure = failure(NatsConfig.of("nats://user:hush@127.0.0.1:" + port, "test"));

        assertThat(failure).isInstanceOf(TransportFailure.Unreachable.class);
        assertThat(failure.message())
                .contains("127.0.0.1:" + port, "nats-server")
                .doesNotContain("hush");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(GIVEN_UP);
    }

    @Test
    void connect_silentServer_givesUpInTime() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            long start = System.nanoTime();

            TransportFailure failure = failure(new NatsConfig(
                    List.of("nats://127.0.0.1:" + socket.getLocalPort()),
                    "test",
                    new NatsAuth.None(),
                    Duration.ofMillis(500)));

            assertThat(failure).isInstanceOf(TransportFailure.Unreachable.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(GIVEN_UP);
        }
    }

    @Test
    void connect_userAndPassword_areChecked() throws Exception {
        try (NatsServer server = NatsServer.start("authorization { user: joe, password: hush }")) {
            NatsConfig config = NatsConfig.of(server.url(), "test");

            NatsTransport.connect(config.withAuth(new NatsAuth.UserPassword("joe", "hush")))
                    .close();
            NatsTransport.connect(NatsConfig.of(server.url().replace("//", "//joe:hush@"), "test"))
                    .close();

            TransportFailure failure = failure(config.withAuth(new NatsAuth.UserPassword("joe", "wrong")));
            assertThat(failure).isInstanceOf(TransportFailure.Refused.class);
            assertThat(failure.message()).contains("credentials", server.url());
        }
    }

    @Test
    void connect_token_isChecked() throws Exception {
        try (NatsServer server = NatsServer.start("authorization { token: \"hush\" }")) {
            NatsConfig config = NatsConfig.of(server.url(), "test");

            NatsTransport.connect(config.withAuth(new NatsAuth.Token("hush"))).close();

            assertThat(failure(config)).isInstanceOf(TransportFailure.Refused.class);
        }
    }

    @Test
    void connect_nkey_isChecked() throws Exception {
        var user = io.nats.client.NKey.createUser(null);
        String publicKey = new String(user.getPublicKey());
        String config = "authorization { users: [ { nkey: \"" + publicKey + "\" } ] }";
        try (NatsServer server = NatsServer.start(config)) {
            NatsTransport.connect(NatsConfig.of(server.url(), "test")
                            .withAuth(new NatsAuth.NkeySeed(new String(user.getSeed()))))
                    .close();
        }
    }

    @Test
    void request_noPermission_isRefused() throws Exception {
        try (NatsServer server = NatsServer.start("""
                authorization { users: [ { user: joe, password: hush,
                  permissions: { publish: [ "allowed", "_INBOX.>" ], subscribe: ">" } } ] }
                """)) {
            try (var joe = NatsTransport.connect(
                    NatsConfig.of(server.url(), "test").withAuth(new NatsAuth.UserPassword("joe", "hush")))) {
                assertThatExceptionOfType(TransportException.class)
                        .isThrownBy(() -> joe.request("forbidden", new byte[0], Duration.ofSeconds(20)))
                        .satisfies(e -> assertThat(e.failure()).isInstanceOf(TransportFailure.Refused.class));
            }
        }
    }

    @Test
    void store_serverWithoutJetStream_saysSo() throws Exception {
        try (NatsServer server = NatsServer.startWithoutJetStream();
                var transport = NatsTransport.connect(NatsConfig.of(server.url(), "test"))) {
            assertThatExceptionOfType(TransportException.class)
                    .isThrownBy(() -> transport.store("s"))
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(TransportFailure.Refused.class))
                    .withMessageContaining("JetStream");
        }
    }

    @Test
    void request_serverWithSmallPayloads_isChunkedToFit() throws Exception {
        try (NatsServer server = NatsServer.start("max_payload: 4096");
                var alice = NatsTransport.connect(NatsConfig.of(server.url(), "alice"));
                var bob = NatsTransport.connect(NatsConfig.of(server.url(), "bob"))) {
            bob.subscribe("echo", incoming -> incoming.reply(incoming.message().payload()));
            for (int length : List.of(3_000, 4_000, 4_095, 4_096, 4_097, 300_000)) {
                assertThat(alice.request("echo", new byte[length], Duration.ofSeconds(20))
                                .payload())
                        .hasSize(length);
            }
            var store = alice.store("s");
            assertThatExceptionOfType(TransportException.class)
                    .isThrownBy(() -> store.put("k", new byte[5_000]))
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(TransportFailure.PayloadTooLarge.class));
            assertThat(alice.connected()).isTrue();
        }
    }

    @Test
    void config_printed_hidesSecrets() {
        for (NatsAuth auth : List.of(
                new NatsAuth.UserPassword("joe", "hush"),
                new NatsAuth.Token("hush"),
                new NatsAuth.NkeySeed("hush"),
                new NatsAuth.CredentialsFile(Path.of("joe.creds")))) {
            NatsConfig config = NatsConfig.of("nats://joe:hush@host:4222, nats://hush@host2:4222", "test")
                    .withAuth(auth);
            assertThat(config.toString()).doesNotContain("hush").contains("host:4222", "host2:4222");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "http://host:4222", "nats://", "nats://a b", "host:port:4222"})
    void config_badUrl_isRefused(String url) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NatsConfig.of(url, "test"))
                .withMessageContaining("nats://127.0.0.1:4222");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"host", "host:4222", "nats://host", "tls://host:4222", "nats://10.0.0.1:4222,nats://[::1]:4222"})
    void config_goodUrl_isTaken(String url) {
        assertThat(NatsConfig.of(url, "test").urls()).isNotEmpty();
    }
}

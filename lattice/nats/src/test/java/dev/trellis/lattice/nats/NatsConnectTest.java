package dev.trellis.lattice.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import io.nats.client.NKey;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class NatsConnectTest {
    /** Well beyond the connect timeout and what jnats takes to clean up, on a machine however slow. */
    private static final Duration GIVEN_UP = Duration.ofSeconds(20);

    /** Longer than anything that is refused may take. */
    private static final Duration AT_LEAST = Duration.ofSeconds(20);

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
                    Duration.ofMillis(500),
                    null,
                    null));

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
        var user = NKey.createUser(null);
        String publicKey = new String(user.getPublicKey());
        String config = "authorization { users: [ { nkey: \"" + publicKey + "\" } ] }";
        try (NatsServer server = NatsServer.start(config)) {
            NatsTransport.connect(NatsConfig.of(server.url(), "test")
                            .withAuth(new NatsAuth.NkeySeed(new String(user.getSeed()))))
                    .close();
        }
    }

    @Test
    void permissions_ofAnotherRole_failTypedAndAtOnce() throws Exception {
        try (NatsServer server = NatsServer.start("""
                authorization { users: [ { user: joe, password: hush,
                  permissions: { publish: [ "allowed", "_INBOX_client.>" ], subscribe: [ "_INBOX_client.>", "a.*" ] } } ] }
                """)) {
            NatsConfig config = NatsConfig.of(server.url(), "test")
                    .withRole(Role.CLIENT)
                    .withAuth(new NatsAuth.UserPassword("joe", "hush"));
            try (var joe = NatsTransport.connect(config)) {
                long start = System.nanoTime();
                assertRefused(() -> joe.request("Forbidden.subject", new byte[0], AT_LEAST), "Forbidden.subject");
                assertRefused(
                        () -> joe.requestMany("Forbidden.subject", new byte[0], AT_LEAST, 5), "Forbidden.subject");
                assertRefused(() -> joe.subscribe("Forbidden.*", _ -> {}), "Forbidden.*");
                assertRefused(() -> joe.subscribe("Forbidden.>", "queue", _ -> {}), "Forbidden.>");
                assertRefused(() -> joe.store("s"), "$JS.API.STREAM.INFO.KV_s");
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_LEAST);

                joe.publish("Forbidden.subject", new byte[0]); // logged only
                try (var _ = joe.subscribe("a.b", IncomingMessage::expectsReply)) {
                    assertThat(joe.connected()).isTrue();
                }
            }
            TransportFailure failure = failure(config.withRole(Role.HOST));
            assertThat(failure).isInstanceOf(TransportFailure.Refused.class);
            assertThat(failure.message()).contains("_INBOX_host", "user 'joe'", "role host");
        }
    }

    private static void assertRefused(ThrowingCallable action, String subject) {
        assertThatExceptionOfType(TransportException.class).isThrownBy(action).satisfies(e -> assertThat(e.failure())
                .isInstanceOfSatisfying(TransportFailure.Refused.class, refused -> {
                    assertThat(refused.subject()).isEqualTo(subject);
                    assertThat(refused.reason()).contains("user 'joe'", "role client", "permission");
                }));
    }

    @Test
    void request_largePayloadBetweenRoles_comesWhole() throws Exception {
        try (NatsServer server = NatsServer.start("max_payload: 4096");
                var host = NatsTransport.connect(
                        NatsConfig.of(server.url(), "host").withRole(Role.HOST));
                var client = NatsTransport.connect(
                        NatsConfig.of(server.url(), "client").withRole(Role.CLIENT))) {
            host.subscribe("echo", incoming -> incoming.reply(incoming.message().payload()));
            assertThat(client.request("echo", new byte[100_000], AT_LEAST).payload())
                    .hasSize(100_000);
        }
    }

    @Test
    void connect_certificateAuthority_isAskedForTheServersCertificate() throws Exception {
        try (var certificates = new TestCertificates();
                NatsServer server = NatsServer.start("tls { cert_file: \"%s\", key_file: \"%s\" }"
                        .formatted(certificates.certificate(), certificates.key()))) {
            NatsConfig config = NatsConfig.of(server.url().replace("nats://", "tls://"), "test");

            NatsTransport.connect(config.withAuthorities(certificates.certificate()))
                    .close();

            assertThat(failure(config)).isInstanceOf(TransportFailure.Unreachable.class);
            assertThat(failure(config.withAuthorities(certificates.key())))
                    .isInstanceOfSatisfying(TransportFailure.Refused.class, refused -> assertThat(refused.reason())
                            .contains("certificate"));
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
    void config_printed_hidesSecrets() throws Exception {
        String seed = new String(NKey.createUser(null).getSeed());
        for (NatsAuth auth : List.of(
                new NatsAuth.UserPassword("joe", "hush"),
                new NatsAuth.Token("hush"),
                new NatsAuth.NkeySeed(seed),
                new NatsAuth.CredentialsFile(Path.of("joe.creds")))) {
            NatsConfig config = NatsConfig.of("nats://joe:hush@host:4222, nats://hush@host2:4222", "test")
                    .withAuth(auth);
            assertThat(config.toString()).doesNotContain("hush", seed).contains("host:4222", "host2:4222");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NatsAuth.NkeySeed(seed + "X"))
                .satisfies(e -> assertThat(e.toString()).doesNotContain(seed));
        for (String url : List.of("nats://joe:hu/sh@host", "joe:hush@host:x", "nats://joe:hu@sh@host:x")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> NatsConfig.of(url, "test"))
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hu", "sh@"));
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

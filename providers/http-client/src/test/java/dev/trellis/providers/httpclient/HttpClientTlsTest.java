package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.trellis.lattice.contracts.InvocationFailure;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS with a certificate for api.example.com, which the injected resolver says is here. */
class HttpClientTlsTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final List<String> SNI = new CopyOnWriteArrayList<>();

    @TempDir
    private static Path directory;

    private static SSLContext serverContext;
    private static String pem;
    private static HttpsServer server;
    private static int port;

    @BeforeAll
    static void startServer() throws Exception {
        Path store = directory.resolve("keys.p12");
        keytool(
                "-genkeypair -alias s -keyalg EC -dname CN=test -validity 2 -ext san=dns:api.example.com -storetype PKCS12",
                store);
        keytool("-exportcert -alias s -rfc -file " + directory.resolve("s.pem"), store);
        pem = Files.readString(directory.resolve("s.pem"));
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        serverContext = SSLContext.getInstance("TLS");
        serverContext.init(managers.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(LOOPBACK, 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(serverContext));
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            var session = ((com.sun.net.httpserver.HttpsExchange) exchange).getSSLSession();
            if (session instanceof ExtendedSSLSession extended) {
                extended.getRequestedServerNames()
                        .forEach(name -> SNI.add(new String(name.getEncoded(), StandardCharsets.US_ASCII)));
            }
            byte[] body = ("hello " + exchange.getRequestHeaders().getFirst("host")).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.createContext("/down", exchange -> {
            exchange.getResponseHeaders().add("Location", "http://api.example.com:" + port + "/");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        server.start();
        port = server.getAddress().getPort();
    }

    private static void keytool(String arguments, Path store) throws Exception {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments.split(" ", -1)));
        command.addAll(List.of("-keystore", store.toString(), "-storepass", new String(PASSWORD)));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
    }

    @AfterAll
    static void stopServer() {
        server.stop(0);
    }

    private static TestClient client(String host, int port, String... more) throws Exception {
        var settings = new ArrayList<>(List.of(more));
        settings.addAll(
                List.of("connect_timeout_ms", "15000", "timeout_ms", "20000")); // handshakes cost, builds are busy
        return TestClient.with(
                _ -> List.of(LOOPBACK),
                "https://%s:%d private, http://%s:%d private".formatted(host, port, host, port),
                settings.toArray(String[]::new));
    }

    @Test
    void send_certificateOfTheHost_isTrustedAndTheNameIsSent() throws Exception {
        try (var client = client("api.example.com", port, "ca_certs", pem)) {
            for (int i = 0; i < 2; i++) {
                assertThat(client.get("https://api.example.com:" + port + "/")
                                .getBody()
                                .toStringUtf8())
                        .isEqualTo("hello api.example.com:" + port);
            }
            assertThat(SNI).contains("api.example.com");
        }
    }

    @Test
    void send_certificateOfNobodyKnown_isRefused() throws Exception {
        try (var client = client("api.example.com", port)) {
            assertThat(client.failure("https://api.example.com:" + port + "/"))
                    .isInstanceOf(InvocationFailure.ProviderFailed.class)
                    .satisfies(failure -> assertThat(failure.message())
                            .startsWith("TLS-certificate-error: ")
                            .contains("TLS with ", "certification path"));
        }
    }

    @Test
    void send_certificateOfAnotherHost_isRefused() throws Exception {
        try (var client = client("other.example.com", port, "ca_certs", pem)) {
            assertThat(client.failure("https://other.example.com:" + port + "/"))
                    .isInstanceOf(InvocationFailure.ProviderFailed.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("other.example.com"));
        }
    }

    @Test
    void send_certificateWithoutTheAddress_isRefused() throws Exception {
        try (var client =
                TestClient.allowing("https://127.0.0.1:" + port, "ca_certs", pem, "connect_timeout_ms", "15000")) {
            assertThat(client.failure("https://127.0.0.1:" + port + "/"))
                    .isInstanceOf(InvocationFailure.ProviderFailed.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("TLS with "));
        }
    }

    @Test
    void send_serverWithoutTls_isRefused() throws Exception {
        try (var plain = RawServer.start(peer -> peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
                var client = TestClient.allowing("https://127.0.0.1:" + plain.port())) {
            assertThat(client.failure("https://127.0.0.1:" + plain.port() + "/"))
                    .isInstanceOf(InvocationFailure.ProviderFailed.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("TLS with "));
        }
    }

    @Test
    void send_serverThatNeverShakesHands_endsWithTheTime() throws Exception {
        try (var silent = RawServer.start(RawServer.Peer::awaitEnd);
                var client = TestClient.allowing("https://127.0.0.1:" + silent.port(), "connect_timeout_ms", "100")) {
            assertThat(client.failure("https://127.0.0.1:" + silent.port() + "/"))
                    .isInstanceOf(InvocationFailure.Unavailable.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("TLS in time"));
            TestClient.await("the connection is dropped", () -> silent.openConnections() == 0);
        }
    }

    @Test
    void send_redirectFromHttpsToHttp_isNotFollowed() throws Exception {
        try (var client = client("api.example.com", port, "ca_certs", pem)) {
            assertThat(client.failure("https://api.example.com:" + port + "/down"))
                    .isInstanceOf(InvocationFailure.ProviderFailed.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("from https down to http"));
        }
    }

    /** Without a length only TLS can say that an answer is whole; an attacker who cuts the connection must not. */
    @Test
    void send_answerCutWithoutTheGoodbyeOfTls_isLost() throws Exception {
        for (boolean goodbye : new boolean[] {true, false}) {
            try (var socket = new ServerSocket(0, 1, LOOPBACK);
                    var client = client("api.example.com", socket.getLocalPort(), "ca_certs", pem)) {
                Thread.ofVirtual().start(() -> answerUntilTheEnd(socket, goodbye));
                String url = "https://api.example.com:" + socket.getLocalPort() + "/";
                if (goodbye) {
                    assertThat(client.get(url).getBody().toStringUtf8()).isEqualTo("hi");
                } else {
                    assertThat(client.failure(url)).isInstanceOf(InvocationFailure.ConnectionLost.class);
                }
            }
        }
    }

    private static void answerUntilTheEnd(ServerSocket socket, boolean goodbye) {
        try (var plain = socket.accept();
                var connection = (SSLSocket)
                        serverContext.getSocketFactory().createSocket(plain, "client", plain.getPort(), false)) {
            connection.setUseClientMode(false);
            var in = connection.getInputStream();
            for (int ended = 0; ended < 4; ) {
                int c = in.read();
                ended = c == '\r' || c == '\n' ? ended + 1 : 0;
            }
            connection.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\nhi".getBytes(StandardCharsets.US_ASCII));
            connection.getOutputStream().flush();
            if (!goodbye) {
                plain.shutdownOutput(); // what is said after this goes nowhere
            }
        } catch (IOException e) {
            // the client went away
        }
    }
}

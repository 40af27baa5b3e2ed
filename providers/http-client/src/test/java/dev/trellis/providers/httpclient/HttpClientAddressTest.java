package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.InvocationFailure;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which address a request goes to, and who decides it. */
class HttpClientAddressTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "10.0.0.1",
                "172.16.0.1",
                "192.168.1.1",
                "100.64.0.1",
                "169.254.169.254",
                "0.0.0.0",
                "224.0.0.1",
                "::1",
                "fd00::1",
                "fe80::1",
                "::ffff:127.0.0.1",
                "64:ff9b::7f00:1",
                "2002:7f00:1::1",
            })
    void send_nameThatLeadsInside_isRefused(String address) throws Exception {
        try (var client = TestClient.with(_ -> List.of(InetAddress.ofLiteral(address)), "http://api.example.com")) {
            assertThat(client.failure("http://api.example.com/"))
                    .isInstanceOf(InvocationFailure.NotLinked.class)
                    .satisfies(failure -> assertThat(failure.message())
                            .startsWith("destination-IP-prohibited: http://api.example.com leads to ")
                            .contains("does not allow"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "64:ff9b::a9fe:a9fe"})
    void send_privateNameThatLeadsToMetadata_isRefused(String address) throws Exception {
        try (var client =
                TestClient.with(_ -> List.of(InetAddress.ofLiteral(address)), "http://billing.internal private")) {
            assertThat(client.failure("http://billing.internal/")).isInstanceOf(InvocationFailure.NotLinked.class);
        }
    }

    @Test
    void send_subdomainThatLeadsInside_isRefused() throws Exception {
        try (var client = TestClient.with(_ -> List.of(LOOPBACK), "http://*.example.com")) {
            assertThat(client.failure("http://a.example.com/")).isInstanceOf(InvocationFailure.NotLinked.class);
        }
    }

    @Test
    void send_oneAddressOfManyInside_isRefused() throws Exception {
        try (var client =
                TestClient.with(_ -> List.of(InetAddress.ofLiteral("1.1.1.1"), LOOPBACK), "http://api.example.com")) {
            assertThat(client.failure("http://api.example.com/"))
                    .isInstanceOf(InvocationFailure.NotLinked.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("127.0.0.1"));
        }
    }

    @Test
    void send_privateName_isCalledByItsName() throws Exception {
        try (var server = RawServer.answering(OK);
                var client = TestClient.with(
                        _ -> List.of(LOOPBACK), "http://billing.internal:" + server.port() + " private")) {
            assertThat(client.get("http://billing.internal:" + server.port() + "/")
                            .getStatus())
                    .isEqualTo(200);
            assertThat(server.heads.getFirst()).contains("host: billing.internal:" + server.port() + "\r\n");
        }
    }

    /** The first answer of DNS is harmless, every later one is not: a second lookup would be the breach. */
    @Test
    void send_nameThatIsRebound_isLookedUpOncePerConnection() throws Exception {
        var lookups = new AtomicInteger();
        try (var good = RawServer.answering(OK);
                var client = TestClient.with(
                        _ -> List.of(
                                lookups.getAndIncrement() == 0 ? LOOPBACK : InetAddress.ofLiteral("169.254.169.254")),
                        "http://rebind.example:" + good.port() + " private")) {
            String url = "http://rebind.example:" + good.port() + "/";

            assertThat(client.get(url).getStatus()).isEqualTo(200);
            assertThat(lookups).hasValue(1);
            assertThat(client.failure(url))
                    .isInstanceOf(InvocationFailure.NotLinked.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("169.254.169.254"));
            assertThat(good.connections).hasValue(1);
        }
    }

    @Test
    void send_firstAddressDead_triesTheNext() throws Exception {
        try (var server = RawServer.answering(OK);
                var client = TestClient.with(
                        _ -> List.of(InetAddress.ofLiteral("127.0.0.2"), LOOPBACK),
                        "http://twice.internal:" + server.port() + " private")) {
            assertThat(client.get("http://twice.internal:" + server.port()).getStatus())
                    .isEqualTo(200);
        }
    }

    @Test
    void send_unknownName_isUnavailable() throws Exception {
        try (var client = TestClient.with(
                host -> {
                    throw new UnknownHostException(host);
                },
                "https://gone.example")) {
            assertThat(client.failure("https://gone.example/"))
                    .isInstanceOf(InvocationFailure.Unavailable.class)
                    .satisfies(failure -> assertThat(failure.message())
                            .startsWith("DNS-error: ")
                            .contains("gone.example cannot be resolved"));
        }
    }

    @Test
    void send_resolverThatHangs_endsWithTheTimeAndHoldsOneThreadPerName() throws Exception {
        var release = new CountDownLatch(1);
        var lookups = new AtomicInteger();
        try (var client = TestClient.with(
                        _ -> {
                            lookups.incrementAndGet();
                            try {
                                release.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                            return List.of(LOOPBACK);
                        },
                        "http://slow.example",
                        "connect_timeout_ms",
                        "100");
                var calls = Executors.newVirtualThreadPerTaskExecutor()) {
            var first = calls.submit(() -> client.failure("http://slow.example/"));
            var second = calls.submit(
                    () -> client.failure(TestClient.request("GET", "http://slow.example/", ""), Duration.ofMillis(50)));

            assertThat(first.get())
                    .isInstanceOf(InvocationFailure.Unavailable.class)
                    .satisfies(failure -> assertThat(failure.message()).contains("took too long"));
            assertThat(second.get()).isInstanceOf(InvocationFailure.DeadlineExceeded.class);
            assertThat(lookups).hasValue(1);
        } finally {
            release.countDown();
        }
    }
}

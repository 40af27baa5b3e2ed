package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.Payload;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is bounded in time: slow clients, slow actors, leaving clients, full gates. */
class HttpServerTimeLimitsTest {
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofSeconds(30);

    private static TestServer plain(Timeouts timeouts) throws Exception {
        return TestServer.start(TestServer.invoker(_ -> response(200, "ok")), Map.of(), timeouts);
    }

    @Test
    void head_thatNeverEnds_gets408() throws Exception {
        try (var server = plain(new Timeouts(SHORT, LONG, LONG, LONG, LONG, LONG, SHORT, SHORT));
                var client = server.client()) {
            client.send("GET / HTTP/1.1\r\nhost: x\r\n");
            assertThat(client.read().status()).isEqualTo(408);
            assertThat(client.closedByServer()).isTrue();
        }
    }

    @Test
    void head_thatDrips_gets408() throws Exception {
        try (var server = plain(new Timeouts(SHORT, LONG, LONG, LONG, LONG, LONG, SHORT, SHORT));
                var client = server.client()) {
            assertThat(client.get("/").read().status()).isEqualTo(200);
            client.send("GET / HTTP/1.1\r\nhost: x\r\nx-drip: ");
            long before = System.nanoTime();
            client.socket.setSoTimeout(20);
            int first = -2;
            while (first == -2 && System.nanoTime() - before < LONG.toNanos()) {
                try {
                    first = client.in().read();
                } catch (java.net.SocketTimeoutException e) {
                    client.send("x");
                }
            }
            assertThat(first).isEqualTo('H');
            assertThat(System.nanoTime() - before)
                    .isLessThan(Duration.ofSeconds(3).toNanos());
        }
    }

    @Test
    void connection_withoutRequests_isClosed() throws Exception {
        try (var server = plain(new Timeouts(SHORT, SHORT, LONG, LONG, LONG, LONG, SHORT, SHORT));
                var fresh = server.client();
                var used = server.client()) {
            assertThat(used.get("/").read().status()).isEqualTo(200);
            assertThat(fresh.closedByServer()).isTrue();
            assertThat(used.closedByServer()).isTrue();
            TestServer.await("connections forgotten", () -> server.listener().connections() == 0);
        }
    }

    @Test
    void body_thatStops_gets408() throws Exception {
        try (var server = plain(new Timeouts(LONG, LONG, SHORT, LONG, LONG, LONG, SHORT, SHORT));
                var client = server.client()) {
            client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
            var answer = client.read();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.closedByServer()).isTrue();
            TestServer.await("request over", () -> server.listener().inProgress() == 0);
        }
    }

    @Test
    void reader_thatTakesNothing_isCutOff() throws Exception {
        try (var server = TestServer.start(
                        TestServer.invoker(_ -> response(200, "x".repeat(12 << 20))),
                        Map.of(),
                        new Timeouts(LONG, LONG, LONG, LONG, SHORT, LONG, SHORT, SHORT));
                var client = server.client()) {
            // more than the buffers of the two sockets hold
            client.get("/").get("/").get("/").get("/");
            TestServer.await("cut off", () -> server.listener().counters.gone.sum() == 1);
            TestServer.await("request over", () -> server.listener().inProgress() == 0);
        }
    }

    @Test
    void call_thatIgnoresItsDeadline_isAnswered504InTime() throws Exception {
        var interrupted = new CountDownLatch(1);
        try (var server = TestServer.start(
                        TestServer.invoker(_ -> {
                            try {
                                new CountDownLatch(1).await();
                            } finally {
                                interrupted.countDown();
                            }
                            return response(200, "never");
                        }),
                        Map.of("timeout_ms", "300"),
                        Timeouts.DEFAULTS);
                var client = server.client()) {
            long before = System.nanoTime();
            assertThat(client.get("/").read().status()).isEqualTo(504);
            assertThat(Duration.ofNanos(System.nanoTime() - before))
                    .isBetween(Duration.ofMillis(290), Duration.ofMillis(1300)); // 250 ms, and room for a busy machine
            assertThat(Duration.ofNanos(Exchange.OVERDUE_NANOS).plus(Worker.SWEEP.multipliedBy(2)))
                    .isLessThan(Duration.ofMillis(250));
            assertThat(interrupted.await(5, TimeUnit.SECONDS)).isTrue();
            TestServer.await("place given back", () -> server.listener().inProgress() == 0);
            assertThat(server.listener().counters.overdue.sum()).isEqualTo(1);
        }
    }

    @Test
    void client_thatLeaves_interruptsItsCall() throws Exception {
        var started = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        try (var server = TestServer.start(
                TestServer.invoker(_ -> {
                    started.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } finally {
                        interrupted.countDown();
                    }
                    return response(200, "never");
                }),
                Map.of("timeout_ms", "60000"),
                Timeouts.DEFAULTS)) {
            try (var client = server.client()) {
                client.get("/");
                assertThat(started.await(5, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(interrupted.await(5, TimeUnit.SECONDS)).isTrue();
            TestServer.await("place given back", () -> server.listener().inProgress() == 0);
            assertThat(server.listener().counters.gone.sum()).isEqualTo(1);
        }
    }

    @Test
    void gate_full_refusesAndRecovers() throws Exception {
        var release = new CountDownLatch(1);
        try (var server = TestServer.start(
                        _ -> {
                            release.await();
                            return new Payload.Typed(response(200, "ok"));
                        },
                        Map.of("max_requests", "2"),
                        Timeouts.DEFAULTS);
                var first = server.client();
                var second = server.client();
                var third = server.client()) {
            first.get("/");
            second.get("/");
            TestServer.await("gate full", () -> server.listener().inProgress() == 2);
            var refused = third.get("/").read();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(server.listener().counters.refused.sum()).isEqualTo(1);
            release.countDown();
            assertThat(first.read().status()).isEqualTo(200);
            assertThat(second.read().status()).isEqualTo(200);
            assertThat(third.get("/").read().status()).isEqualTo(200);
        }
    }

    @Test
    void connections_beyondTheirLimit_areClosed() throws Exception {
        try (var server = TestServer.start(
                        TestServer.invoker(_ -> response(200, "ok")),
                        Map.of("max_connections", "1"),
                        Timeouts.DEFAULTS);
                var first = server.client()) {
            assertThat(first.get("/").read().status()).isEqualTo(200);
            try (var second = server.client()) {
                assertThat(second.closedByServer()).isTrue();
            }
            assertThat(first.get("/").read().status()).isEqualTo(200);
        }
    }

    @Test
    void close_waitsForRequestsInProgress() throws Exception {
        var started = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var server = TestServer.start(_ -> {
            started.countDown();
            release.await();
            return response(200, "ok");
        });
        int port = server.port();
        try (var client = server.client();
                var idle = server.client()) {
            client.get("/");
            assertThat(started.await(5, TimeUnit.SECONDS)).isTrue();
            var closing = Thread.ofVirtual().start(server::close);
            assertThat(idle.closedByServer()).isTrue();
            release.countDown();
            var answer = client.read();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.closedByServer()).isTrue();
            assertThat(closing.join(Duration.ofSeconds(5))).isTrue();
        }
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> new RawClient(port)))
                .isInstanceOf(java.net.ConnectException.class);
    }

    @Test
    void close_doesNotWaitForever() throws Exception {
        var started = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        var server = TestServer.start(
                TestServer.invoker(_ -> {
                    started.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } finally {
                        interrupted.countDown();
                    }
                    return response(200, "never");
                }),
                Map.of("timeout_ms", "60000"),
                new Timeouts(LONG, LONG, LONG, LONG, LONG, LONG, SHORT, SHORT));
        try (var client = server.client()) {
            client.get("/");
            assertThat(started.await(5, TimeUnit.SECONDS)).isTrue();
            server.close();
            assertThat(interrupted.await(5, TimeUnit.SECONDS)).isTrue();
            assertThat(client.closedByServer()).isTrue();
        }
    }
}

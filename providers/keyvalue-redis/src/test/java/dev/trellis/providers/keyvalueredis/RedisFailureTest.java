package dev.trellis.providers.keyvalueredis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.InvocationFailure.ConnectionLost;
import dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded;
import dev.trellis.lattice.contracts.InvocationFailure.NotLinked;
import dev.trellis.lattice.contracts.InvocationFailure.ProviderFailed;
import dev.trellis.lattice.contracts.InvocationFailure.Unavailable;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.sdk.KeyValueCalls;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.RedisServer;
import dev.trellis.providers.sdk.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to calls when Redis is away, silent, killed, or refuses. */
@Timeout(30)
final class RedisFailureTest {
    private static final Duration RETURN_MAX = Duration.ofSeconds(2);

    private RedisServer redis;
    private RedisKeyValueProvider provider;

    @BeforeEach
    void start() throws Exception {
        redis = RedisServer.start();
        provider = new RedisKeyValueProvider(KeyValueCalls.PROVIDER, Optional.empty());
    }

    @AfterEach
    void stop() {
        provider.close();
        redis.close();
    }

    private KeyValueCalls linked(String name, String url) throws LinkRejectedException {
        var link = KeyValueCalls.link(name, Map.of("url", url));
        provider.linkPut(link);
        return new KeyValueCalls(provider, link, Duration.ofSeconds(2));
    }

    @Test
    void call_redisStopped_unavailableAtOnceAndWorksAfterItsReturn() throws Exception {
        var calls = linked("default", redis.url());
        calls.set("a", "v");

        redis.stop();
        eventually(RETURN_MAX, () -> !provider.health().healthy());
        long begin = System.nanoTime();
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> calls.get("a"))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(Unavailable.class))
                .withMessageContaining("redis://127.0.0.1:" + redis.port());
        assertThat(elapsed(begin)).isLessThan(Duration.ofMillis(500));

        redis.restart();
        eventually(RETURN_MAX, () -> works(calls));
        assertThat(calls.get("a")).isPresent();
        assertThat(provider.health().healthy()).isTrue();
    }

    @Test
    void linkPut_redisAway_isAcknowledgedAndWorksOnceItIsThere() throws Exception {
        redis.stop();
        var calls = linked("default", redis.url());

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> calls.increment("a", 1))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(Unavailable.class));

        redis.restart();
        eventually(RETURN_MAX, () -> works(calls));
    }

    @Test
    void call_redisFrozen_deadlineExceededAtTheDeadlineThenUnavailableThenBack() throws Exception {
        var calls = linked("default", redis.url());
        calls.set("a", "v");

        redis.pause();
        long begin = System.nanoTime();
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> calls.within(Duration.ofMillis(300)).get("a"))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(DeadlineExceeded.class));
        assertThat(elapsed(begin)).isBetween(Duration.ofMillis(300), Duration.ofMillis(550));

        eventually(
                RedisConnector.SILENCE_MAX.plusSeconds(3),
                () -> failure(calls.within(Duration.ofMillis(100))) instanceof Unavailable);

        redis.resume();
        eventually(RETURN_MAX, () -> works(calls));
    }

    @Test
    void increment_redisFrozenWhileOnItsWay_connectionLostSinceItMayHaveRun() throws Exception {
        var calls = linked("default", redis.url());
        calls.set("a", "1");

        redis.pause();
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> calls.within(Duration.ofSeconds(10)).increment("a", 1))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(ConnectionLost.class));
        redis.resume();
    }

    @Test
    void increment_redisKilledMeanwhile_noneRunsTwice() throws Exception {
        var calls = linked("default", redis.url());
        var acknowledged = new LongAdder();
        var unknown = new LongAdder();
        var refused = new LongAdder();
        var over = new AtomicBoolean();
        var warm = new CountDownLatch(1000);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var callers = new ArrayList<Future<?>>();
            for (int i = 0; i < 16; i++) {
                callers.add(executor.submit(() -> {
                    while (!over.get()) {
                        try {
                            calls.increment("a", 1);
                            acknowledged.increment();
                            warm.countDown();
                        } catch (InvocationException e) {
                            if (e.failure() instanceof Unavailable) {
                                refused.increment();
                                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                            } else {
                                unknown.increment();
                            }
                        }
                    }
                    return null;
                }));
            }
            for (int round = 0; round < 3; round++) {
                assertThat(warm.await(10, TimeUnit.SECONDS)).isTrue();
                redis.kill();
                redis.restart();
                long before = acknowledged.sum();
                eventually(RETURN_MAX, () -> acknowledged.sum() > before + 100);
            }
            over.set(true);
            for (var caller : callers) {
                caller.get(10, TimeUnit.SECONDS);
            }
        }

        long stored = calls.increment("a", 0);
        assertThat(stored)
                .as("acknowledged %s, unknown %s, refused %s", acknowledged, unknown, refused)
                .isBetween(acknowledged.sum(), acknowledged.sum() + unknown.sum());
    }

    @Test
    void call_wrongPassword_unavailableWithTheReasonButNoSecret() throws Exception {
        try (var locked = RedisServer.start("--requirepass", "s3cret")) {
            var wrong = linked("wrong", "redis://:hunter2@127.0.0.1:" + locked.port());
            var none = linked("none", locked.url());
            var right = linked("right", "redis://default:s3cret@127.0.0.1:" + locked.port() + "/1");

            assertThatExceptionOfType(InvocationException.class)
                    .isThrownBy(() -> wrong.get("a"))
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(Unavailable.class))
                    .withMessageContaining("WRONGPASS")
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"));
            assertThat(failure(none).message()).contains("NOAUTH");
            assertThat(works(right)).isTrue();
            assertThat(provider.health().message()).contains("WRONGPASS").doesNotContain("hunter2");
        }
    }

    @Test
    void call_redisOutOfMemory_providerFailedWithItsMessage() throws Exception {
        try (var full = RedisServer.start("--maxmemory", "1", "--maxmemory-policy", "noeviction")) {
            var calls = linked("default", full.url());

            assertThatExceptionOfType(InvocationException.class)
                    .isThrownBy(() -> calls.set("a", "v"))
                    .satisfies(e -> assertThat(e.failure()).isInstanceOf(ProviderFailed.class))
                    .withMessageContaining("OOM");
        }
    }

    @Test
    void call_peerThatSpeaksNoRedis_unavailableByTheDeadline() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            var calls = linked("default", "redis://127.0.0.1:" + silent.getLocalPort());

            long begin = System.nanoTime();
            assertThat(failure(calls.within(Duration.ofMillis(500)))).isInstanceOf(Unavailable.class);
            assertThat(elapsed(begin)).isLessThan(Duration.ofMillis(750));
        }
    }

    @Test
    void linkPut_sameUrl_sharesOneConnectionUntilTheLastLinkIsGone() throws Exception {
        var first = linked("first", redis.url());
        var second = linked("second", redis.url());
        assertThat(works(first) && works(second)).isTrue();
        assertThat(clients()).isEqualTo(1);

        provider.linkDelete(first.link().link().key());
        assertThat(failure(first)).isInstanceOf(NotLinked.class);
        assertThat(works(second)).isTrue();

        provider.linkDelete(second.link().link().key());
        eventually(RETURN_MAX, () -> clients() == 0);
    }

    @Test
    void linkPut_newGenerationWithAnotherUrl_switchesWithoutAFailure() throws Exception {
        var calls = linked("default", redis.url());
        var over = new AtomicBoolean();
        try (var other = RedisServer.start();
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var caller = executor.submit(() -> {
                while (!over.get()) {
                    calls.set("a", "v");
                }
                return null;
            });
            for (int i = 0; i < 20; i++) {
                linked("default", i % 2 == 0 ? other.url() : redis.url());
            }
            linked("default", other.url());
            over.set(true);
            caller.get(10, TimeUnit.SECONDS);
            eventually(RETURN_MAX, () -> clients() == 0);
        }
    }

    @Test
    void linkPut_notAUrl_rejectedAndTheLinkStaysAsItWas() throws Exception {
        var calls = linked("default", redis.url());

        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> linked("default", "localhost:6379"))
                .withMessageContaining("expected redis://");
        assertThat(works(calls)).isTrue();
    }

    @Test
    void linkPut_noUrl_takesTheProvidersOwn() throws Exception {
        try (var own = new RedisKeyValueProvider(
                KeyValueCalls.PROVIDER, RedisSettings.address(Settings.of(Map.of("URL", redis.url()))))) {
            ProviderLink link = KeyValueCalls.link("default", Map.of());
            own.linkPut(link);

            assertThat(works(new KeyValueCalls(own, link))).isTrue();
        }
    }

    @Test
    void factory_isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(ProviderFactory.class))
                .anyMatch(factory -> factory.kind() == ProviderKind.KEYVALUE_REDIS);
    }

    private static boolean works(KeyValueCalls calls) throws InterruptedException {
        try {
            return calls.increment("works", 1) > 0;
        } catch (InvocationException e) {
            return false;
        }
    }

    private static InvocationFailure failure(KeyValueCalls calls) throws InterruptedException {
        try {
            calls.get("a");
        } catch (InvocationException e) {
            return e.failure();
        }
        throw new AssertionError("the call has not failed");
    }

    /** Connections that Redis has, but for the one that asks. */
    private int clients() throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
            socket.getOutputStream().write("CLIENT LIST\r\nQUIT\r\n".getBytes(StandardCharsets.US_ASCII));
            String reply = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return (int)
                    reply.lines().filter(line -> line.contains("name=trellis")).count();
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void eventually(Duration max, Condition condition) throws Exception {
        long end = System.nanoTime() + max.toNanos();
        while (!condition.holds()) {
            assertThat(System.nanoTime())
                    .as("condition should hold within %s", max)
                    .isLessThan(end);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private static Duration elapsed(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin);
    }
}

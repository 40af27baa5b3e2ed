package dev.trellis.providers.keyvaluenats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.InvocationFailure.ConnectionLost;
import dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded;
import dev.trellis.lattice.contracts.InvocationFailure.NotLinked;
import dev.trellis.lattice.contracts.InvocationFailure.Overloaded;
import dev.trellis.lattice.contracts.InvocationFailure.PayloadTooLarge;
import dev.trellis.lattice.contracts.InvocationFailure.ProviderFailed;
import dev.trellis.lattice.contracts.InvocationFailure.Unavailable;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import dev.trellis.providers.sdk.KeyValueCalls;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is particular to keeping values in the lattice: sharing between hosts, bounds, sweeping, a store that fails. */
@Timeout(30)
final class NatsKeyValueProviderTest {
    private static final String BUCKET = "TRELLIS_KV_default";

    private final ManualClock clock = new ManualClock();
    private final InProcessLattice lattice = new InProcessLattice();

    @AfterEach
    void stop() {
        lattice.close();
    }

    private KeyValueCalls host() throws Exception {
        return host(lattice.join(), Map.of());
    }

    private KeyValueCalls host(LatticeTransport transport, Map<String, String> config) throws Exception {
        var provider = new NatsKeyValueProvider(
                KeyValueCalls.PROVIDER, BucketName.ofLattice(LatticeName.DEFAULT), transport, clock);
        var link = KeyValueCalls.link("default", config);
        provider.linkPut(link);
        return new KeyValueCalls(provider, link);
    }

    private KeyValueStore store() throws InterruptedException {
        return lattice.join().store(BUCKET);
    }

    // Several hosts

    @Test
    void increment_onTwoHostsAtOnce_countsEachOnce() throws Exception {
        var hosts = new KeyValueCalls[] {host(), host(), host()};
        int each = 200;
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var host : hosts) {
                for (int caller = 0; caller < 4; caller++) {
                    var _ = executor.submit(() -> {
                        for (int i = 0; i < each; i++) {
                            host.increment("a", 1);
                        }
                        return null;
                    });
                }
            }
        }

        assertThat(hosts[0].increment("a", 0)).isEqualTo(3L * 4 * each);
    }

    @Test
    void set_onOneHost_isReadOnTheOther() throws Exception {
        host().set("a", "v");

        assertThat(host().get("a")).contains(ByteString.copyFromUtf8("v"));
    }

    @Test
    void linkPut_otherBucket_holdsOtherKeys() throws Exception {
        host().set("a", "v");
        var other = host(lattice.join(), Map.of("bucket", "orders"));

        assertThat(other.contains("a")).isFalse();
        other.set("a", "w");
        assertThat(lattice.join().store("orders").get("a")).isPresent();
    }

    @Test
    void change_keyThatOthersChangeAllTheTime_overloaded() throws Exception {
        var calls = host(
                failing("update", () -> {
                    throw new TransportException(new TransportFailure.Conflict("a"));
                }),
                Map.of());
        calls.set("a", "1");

        fails(Overloaded.class, "too many calls", () -> calls.increment("a", 1));
    }

    // Bounds

    @Test
    void listAdd_listOutgrowsAValue_tooLargeAndUnchanged() throws Exception {
        var calls = host();
        String half = "x".repeat(500_000);
        calls.listAdd("l", half);

        fails(PayloadTooLarge.class, "at most 1000000", () -> calls.listAdd("l", half));
        assertThat(calls.listRange("l", 0, -1)).hasSize(1);
        fails(PayloadTooLarge.class, "at most 1000000", () -> calls.set("s", half + half));
    }

    @Test
    void set_keyTooLongForTheStore_tooLarge() throws Exception {
        var calls = host();
        calls.set("k".repeat(1024), "v");

        fails(PayloadTooLarge.class, "at most 1024", () -> calls.set("k".repeat(1025), "v"));
        fails(PayloadTooLarge.class, "take one each", () -> calls.get(":".repeat(342)));
    }

    @Test
    void get_valueOfSomebodyElse_providerFailed() throws Exception {
        var calls = host();
        store().put("a", "plain text".getBytes(StandardCharsets.UTF_8));
        store().put("b", new byte[0]);

        fails(ProviderFailed.class, "has not written", () -> calls.get("a"));
        fails(ProviderFailed.class, "has not written", () -> calls.increment("b", 1));
        calls.set("a", "v"); // as Redis' SET, whatever was there
        assertThat(calls.contains("a")).isTrue();
    }

    // Expiry

    @Test
    void sweep_expiredKeys_deletesThemOnly() throws Exception {
        var calls = host();
        calls.set("short", ByteString.copyFromUtf8("v"), 1);
        calls.set("long", ByteString.copyFromUtf8("v"), 3600);
        calls.set("forever", "v");
        calls.set("renewed", ByteString.copyFromUtf8("v"), 1);
        clock.advance(Duration.ofSeconds(2));
        host().set("renewed", "w"); // by another host, of which this one hears nothing

        assertThat(store().keys()).contains("short");
        assertThat(((NatsKeyValueProvider) calls.provider()).sweep(false)).isEqualTo(1);
        assertThat(store().keys()).containsExactlyInAnyOrder("long", "forever", "renewed");
    }

    @Test
    void sweep_keysOfAnEarlierLife_foundByScanning() throws Exception {
        host().set("a", ByteString.copyFromUtf8("v"), 1);
        store().put("foreign", new byte[] {1});
        clock.advance(Duration.ofSeconds(2));
        var later = (NatsKeyValueProvider) host().provider();

        assertThat(later.sweep(false)).isZero();
        assertThat(later.sweep(true)).isEqualTo(1);
        assertThat(store().keys()).containsExactly("foreign");
    }

    @Test
    void sweep_manyExpired_aBoundedNumberPerRound() throws Exception {
        var calls = host();
        for (int i = 0; i < Bucket.SWEEP_MAX + 10; i++) {
            calls.set("k" + i, ByteString.EMPTY, 1);
        }
        clock.advance(Duration.ofSeconds(2));
        var provider = (NatsKeyValueProvider) calls.provider();

        assertThat(provider.sweep(false)).isEqualTo(Bucket.SWEEP_MAX);
        assertThat(provider.sweep(false)).isEqualTo(10);
        assertThat(store().keys()).isEmpty();
    }

    // A store that fails

    @Test
    void call_noConnection_unavailableAtOnce() throws Exception {
        var transport = lattice.join();
        var calls = host(transport, Map.of());
        transport.close();

        fails(Unavailable.class, "no connection", () -> calls.get("a"));
        fails(Unavailable.class, "no connection", () -> calls.increment("a", 1));
        assertThat(calls.provider().health().healthy()).isFalse();
    }

    @Test
    void get_storeSilent_unavailableByTheDeadline() throws Exception {
        var calls = host(failing("get", NatsKeyValueProviderTest::block), Map.of());

        long begin = System.nanoTime();
        fails(Unavailable.class, "nothing was changed", () -> calls.within(Duration.ofMillis(100))
                .increment("a", 1));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(350));
    }

    @Test
    void increment_writeNotConfirmed_deadlineExceededSinceItMayBeMade() throws Exception {
        var calls = host(failing("create", NatsKeyValueProviderTest::block), Map.of());

        fails(DeadlineExceeded.class, "may be made", () -> calls.within(Duration.ofMillis(100))
                .increment("a", 1));
    }

    @Test
    void increment_connectionBreaksWhileWriting_connectionLostAndNotSentAgain() throws Exception {
        var calls = host(
                failing("create", () -> {
                    throw new TransportException(new TransportFailure.Disconnected("a", true));
                }),
                Map.of());

        fails(ConnectionLost.class, "may have been made", () -> calls.increment("a", 1));
    }

    @Test
    void set_connectionBreaksWhileWriting_unavailableSinceItMayBeSentAgain() throws Exception {
        var calls = host(
                failing("put", () -> {
                    throw new TransportException(new TransportFailure.TimedOut("a", 5));
                }),
                Map.of());

        fails(Unavailable.class, "no reply", () -> calls.set("a", "v"));
    }

    @Test
    void change_waitsForAnotherOfTheSameKey_overloadedAtTheDeadline() throws Exception {
        var writing = new CountDownLatch(1);
        var calls = host(
                failing("create", () -> {
                    writing.countDown();
                    block();
                }),
                Map.of());
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var first = executor.submit(() -> calls.increment("a", 1));
            writing.await();

            fails(Overloaded.class, "", () -> calls.within(Duration.ofMillis(100))
                    .increment("a", 1));
            first.cancel(true);
        }
    }

    // Links

    @Test
    void invoke_linkDeleted_notLinked() throws Exception {
        var calls = host();
        calls.provider().linkDelete(calls.link().link().key());

        fails(NotLinked.class, "test-actor", () -> calls.get("a"));
    }

    @Test
    void linkPut_reservedBucket_rejected() {
        assertThatExceptionOfType(LinkRejectedException.class)
                .isThrownBy(() -> host(lattice.join(), Map.of("bucket", "LATTICEDATA_default")))
                .withMessageContaining("own records");
    }

    @Test
    void factory_isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(ProviderFactory.class))
                .anyMatch(factory -> factory.kind() == ProviderKind.KEYVALUE_NATS);
    }

    private interface Fault {
        void happen() throws InterruptedException;
    }

    private static void block() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    /** A transport whose stores fail in the method called {@code name}. */
    private LatticeTransport failing(String name, Fault fault) {
        LatticeTransport transport = lattice.join();
        return intercepting(
                LatticeTransport.class,
                transport,
                "store",
                args -> intercepting(KeyValueStore.class, transport.store((String) args[0]), name, _ -> {
                    fault.happen();
                    throw new AssertionError("the fault of " + name + " has not happened");
                }));
    }

    private interface Replacement {
        Object call(Object[] args) throws Throwable;
    }

    private static <T> T intercepting(Class<T> type, T target, String name, Replacement replacement) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, args) -> {
            if (method.getName().equals(name)) {
                return replacement.call(args);
            }
            try {
                return method.invoke(target, args);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }

    private static void fails(Class<? extends InvocationFailure> failure, String text, ThrowingCallable call) {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(call)
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(failure))
                .withMessageContaining(text);
    }
}

package dev.trellis.lattice.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.trellis.lattice.transport.KeyValueStore.Change;
import dev.trellis.lattice.transport.KeyValueStore.Entry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link LatticeTransport} promises. A subclass says how transports join one lattice. */
@Timeout(60)
public abstract class LatticeTransportContract {
    /** Long enough never to run out in a test that passes. */
    protected static final Duration LONG = Duration.ofSeconds(20);

    private static final AtomicInteger NAMES = new AtomicInteger();

    /** Two members of the same lattice. */
    protected LatticeTransport alice;

    /** The other one. */
    protected LatticeTransport bob;

    private final List<LatticeTransport> joined = new ArrayList<>();

    /** A new transport on the lattice of this test. */
    protected abstract LatticeTransport join() throws Exception;

    @BeforeEach
    void joinTwo() throws Exception {
        alice = joinClosed();
        bob = joinClosed();
    }

    @AfterEach
    void leave() {
        joined.forEach(LatticeTransport::close);
    }

    /** A transport that is closed after the test. */
    protected final LatticeTransport joinClosed() throws Exception {
        LatticeTransport transport = join();
        joined.add(transport);
        return transport;
    }

    /** A subject or store name that no other test uses. */
    protected static String fresh(String name) {
        return name + "-" + NAMES.incrementAndGet() + "-"
                + ProcessHandle.current().pid();
    }

    /** Bytes of {@code text}. */
    protected static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Text of {@code message}'s payload. */
    protected static String text(Message message) {
        return new String(message.payload(), UTF_8);
    }

    /** The next element, or a failure of the test. */
    protected static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(LONG.toMillis(), TimeUnit.MILLISECONDS);
        if (next == null) {
            throw new AssertionError("nothing came within " + LONG);
        }
        return next;
    }

    /** Runs {@code work} on a virtual thread. */
    protected static <T> Future<T> start(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread.startVirtualThread(task);
        return task;
    }

    /** Asserts that {@code call} fails with a failure of {@code type}, and returns it. */
    protected static <F extends TransportFailure> F failure(Class<F> type, ThrowingCallable call) {
        List<F> failures = new ArrayList<>();
        assertThatExceptionOfType(TransportException.class).isThrownBy(call).satisfies(e -> {
            assertThat(e.failure()).isInstanceOf(type);
            failures.add(type.cast(e.failure()));
        });
        return failures.getFirst();
    }

    private BlockingQueue<Message> collect(LatticeTransport transport, String pattern) {
        BlockingQueue<Message> received = new LinkedBlockingQueue<>();
        transport.subscribe(pattern, incoming -> received.add(incoming.message()));
        return received;
    }

    private void echo(LatticeTransport transport, String subject) {
        transport.subscribe(
                subject, incoming -> incoming.reply(incoming.message().payload()));
    }

    // Publish and subscribe

    @Test
    void publish_subscriber_getsSubjectHeadersAndPayload() throws Exception {
        String subject = fresh("greeting");
        BlockingQueue<Message> received = collect(bob, subject);

        alice.publish(subject, Map.of("Trellis-Epoch", "7", "traceparent", "00-a b-01"), bytes("hello"));

        Message message = take(received);
        assertThat(message.subject()).isEqualTo(subject);
        assertThat(message.headers()).isEqualTo(Map.of("Trellis-Epoch", "7", "traceparent", "00-a b-01"));
        assertThat(text(message)).isEqualTo("hello");
    }

    @Test
    void publish_ownSubscriber_getsMessage() throws Exception {
        String subject = fresh("self");
        BlockingQueue<Message> received = collect(alice, subject);

        alice.publish(subject, new byte[0]);

        assertThat(take(received).payload()).isEmpty();
    }

    @Test
    void publish_nobodySubscribes_returns() {
        alice.publish(fresh("nobody"), bytes("x"));
    }

    @Test
    void publish_manyMessages_arriveInOrder() throws Exception {
        String subject = fresh("order");
        BlockingQueue<Message> received = collect(bob, subject);

        for (int i = 0; i < 5_000; i++) {
            alice.publish(subject, bytes(Integer.toString(i)));
        }

        for (int i = 0; i < 5_000; i++) {
            assertThat(text(take(received))).isEqualTo(Integer.toString(i));
        }
    }

    @Test
    void publish_largeBetweenSmall_arriveInOrder() throws Exception {
        String subject = fresh("order");
        BlockingQueue<Message> received = collect(bob, subject);

        alice.publish(subject, bytes("first"));
        alice.publish(subject, new byte[3_000_000]);
        alice.publish(subject, bytes("last"));

        assertThat(text(take(received))).isEqualTo("first");
        assertThat(take(received).payload()).hasSize(3_000_000);
        assertThat(text(take(received))).isEqualTo("last");
    }

    @ParameterizedTest
    @CsvSource({
        "a.*,       a.b,     true",
        "a.*,       a,       false",
        "a.*,       a.b.c,   false",
        "a.>,       a.b,     true",
        "a.>,       a.b.c.d, true",
        "a.>,       a,       false",
        "*.b,       a.b,     true",
        "*.b,       a.c,     false",
        "a.*.c,     a.b.c,   true",
        "a.*.>,     a.b.c,   true",
        "a.*.>,     a.b,     false",
        "a.b,       a.B,     false",
        "a.b,       a.bc,    false",
        ">,         a.b,     true",
    })
    void subscribe_pattern_matchesAsNatsDoes(String pattern, String subject, boolean matches) throws Exception {
        String prefix = fresh("wild");
        BlockingQueue<Message> received = collect(bob, prefix + "." + pattern);
        BlockingQueue<Message> marked = collect(bob, prefix + "-marker");

        alice.publish(prefix + "." + subject, bytes("x"));
        alice.publish(prefix + "-marker", bytes("y"));

        take(marked);
        if (matches) {
            assertThat(take(received).subject()).isEqualTo(prefix + "." + subject);
        } else {
            // Another subscription's queue proves nothing about this one's: send what it does take, and look for it.
            String taken = pattern.replace("*", "z").replace(">", "z");
            alice.publish(prefix + "." + taken, bytes("marker"));
            assertThat(text(take(received))).isEqualTo("marker");
        }
    }

    @Test
    void subscribe_overlappingPatterns_eachGetsItsCopy() throws Exception {
        String prefix = fresh("overlap");
        BlockingQueue<Message> exact = collect(bob, prefix + ".a");
        BlockingQueue<Message> star = collect(bob, prefix + ".*");

        alice.publish(prefix + ".a", bytes("x"));

        assertThat(text(take(exact))).isEqualTo("x");
        assertThat(text(take(star))).isEqualTo("x");
    }

    @Test
    void subscribe_queueGroup_oneMemberGetsEachMessage() throws Exception {
        String subject = fresh("work");
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        Set<String> busy = ConcurrentHashMap.newKeySet();
        for (String member : List.of("one", "two", "three")) {
            bob.subscribe(subject, "workers", incoming -> {
                busy.add(member);
                received.add(text(incoming.message()));
            });
        }
        BlockingQueue<Message> plain = collect(bob, subject);

        for (int i = 0; i < 300; i++) {
            alice.publish(subject, bytes("m" + i));
        }

        List<String> all = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            all.add(take(received));
            take(plain);
        }
        assertThat(all).doesNotHaveDuplicates().hasSize(300);
        assertThat(busy).containsExactlyInAnyOrder("one", "two", "three");
        assertThat(received).isEmpty();
    }

    @Test
    void subscribe_twoQueueGroups_eachGetsEveryMessage() throws Exception {
        String subject = fresh("work");
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, "red", _ -> received.add("red"));
        alice.subscribe(subject, "blue", _ -> received.add("blue"));

        alice.publish(subject, bytes("x"));

        assertThat(List.of(take(received), take(received))).containsExactlyInAnyOrder("red", "blue");
    }

    @Test
    void subscription_closed_getsNothingMore() throws Exception {
        String subject = fresh("bye");
        BlockingQueue<Message> closed = new LinkedBlockingQueue<>();
        Subscription subscription = bob.subscribe(subject, incoming -> closed.add(incoming.message()));
        BlockingQueue<Message> open = collect(bob, subject);

        subscription.close();
        subscription.close();
        alice.publish(subject, bytes("x"));

        take(open);
        echo(bob, subject + ".echo");
        alice.request(subject + ".echo", bytes("marker"), LONG);
        assertThat(closed).isEmpty();
    }

    @Test
    void subscription_closedByItsHandler_getsNothingMore() throws Exception {
        String subject = fresh("once");
        BlockingQueue<Message> received = new LinkedBlockingQueue<>();
        BlockingQueue<Subscription> own = new LinkedBlockingQueue<>();
        own.add(bob.subscribe(subject, incoming -> {
            received.add(incoming.message());
            own.remove().close();
        }));
        BlockingQueue<Message> open = collect(bob, subject);

        alice.publish(subject, bytes("1"));
        alice.publish(subject, bytes("2"));

        assertThat(text(take(received))).isEqualTo("1"); // other subscriptions say nothing of how far this one is
        take(open);
        take(open);
        echo(bob, subject + ".echo");
        alice.request(subject + ".echo", bytes("marker"), LONG);
        assertThat(received).isEmpty();
    }

    @Test
    void handler_throws_nextMessageIsHandled() throws Exception {
        String subject = fresh("throws");
        BlockingQueue<Message> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, incoming -> {
            if (text(incoming.message()).equals("bad")) {
                throw new IllegalStateException("the test wants this handler to fail");
            }
            received.add(incoming.message());
        });

        alice.publish(subject, bytes("bad"));
        alice.publish(subject, bytes("good"));

        assertThat(text(take(received))).isEqualTo("good");
    }

    @Test
    void handler_interruptsItself_nextMessageIsHandled() throws Exception {
        String subject = fresh("interrupts");
        BlockingQueue<Message> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, incoming -> {
            Thread.currentThread().interrupt();
            received.add(incoming.message());
        });

        for (int i = 0; i < 10; i++) {
            alice.publish(subject, bytes("m" + i));
            assertThat(text(take(received))).isEqualTo("m" + i);
        }
    }

    @Test
    void handler_slow_otherSubscriptionsGoOn() throws Exception {
        String subject = fresh("slow");
        CountDownLatch release = new CountDownLatch(1);
        bob.subscribe(subject, _ -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        echo(bob, subject + ".echo");

        alice.publish(subject, bytes("x"));

        assertThat(text(alice.request(subject + ".echo", bytes("still here"), LONG)))
                .isEqualTo("still here");
        release.countDown();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "a..b", ".a", "a.", "a b", "a.*", "a.>", "a\tb", "a\r\nPUB x"})
    void publish_badSubject_isRefused(String subject) {
        failure(TransportFailure.Refused.class, () -> alice.publish(subject, bytes("x")));
        failure(TransportFailure.Refused.class, () -> alice.request(subject, bytes("x"), LONG));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a..b", "a.", "a b", "a.>.b", "a*", "a.b>", "a.**"})
    void subscribe_badPattern_isRefused(String pattern) {
        failure(TransportFailure.Refused.class, () -> alice.subscribe(pattern, _ -> {}));
    }

    @Test
    void publish_badHeader_isRefused() {
        String subject = fresh("headers");
        failure(TransportFailure.Refused.class, () -> alice.publish(subject, Map.of("A", "x\r\nB: y"), new byte[0]));
        failure(TransportFailure.Refused.class, () -> alice.publish(subject, Map.of("A:B", "x"), new byte[0]));
        failure(TransportFailure.Refused.class, () -> alice.publish(subject, Map.of("", "x"), new byte[0]));
        failure(
                TransportFailure.Refused.class,
                () -> alice.publish(subject, Map.of("A", "x".repeat(MessageRules.HEADER_BYTES_MAX)), new byte[0]));
    }

    // Requests

    @Test
    void request_responder_replies() throws Exception {
        String subject = fresh("echo");
        BlockingQueue<Boolean> expected = new LinkedBlockingQueue<>();
        bob.subscribe(subject, incoming -> {
            expected.add(incoming.expectsReply());
            incoming.reply(bytes(text(incoming.message()) + incoming.message().headers()));
        });

        Message reply = alice.request(subject, Map.of("k", "v"), bytes("ping"), LONG);

        assertThat(text(reply)).isEqualTo("ping{k=v}");
        assertThat(take(expected)).isTrue();
    }

    @Test
    void publish_subscriber_isNotAskedForReply() throws Exception {
        String subject = fresh("event");
        BlockingQueue<Boolean> expected = new LinkedBlockingQueue<>();
        bob.subscribe(subject, incoming -> {
            incoming.reply(bytes("nobody waits for this"));
            expected.add(incoming.expectsReply());
        });

        alice.publish(subject, bytes("x"));

        assertThat(take(expected)).isFalse();
    }

    @Test
    void request_nobodySubscribes_failsAtOnce() {
        long start = System.nanoTime();
        String subject = fresh("nobody");

        var failure = failure(TransportFailure.NoResponders.class, () -> alice.request(subject, bytes("x"), LONG));

        assertThat(failure.subject()).isEqualTo(subject);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG.dividedBy(2));
    }

    @Test
    void request_subscriptionWasClosed_failsAsNoResponders() throws Exception {
        String subject = fresh("gone");
        Subscription subscription = bob.subscribe(subject, incoming -> incoming.reply(new byte[0]));
        alice.request(subject, bytes("x"), LONG);

        subscription.close();

        failure(TransportFailure.NoResponders.class, () -> alice.request(subject, bytes("x"), LONG));
    }

    @Test
    void request_noReply_timesOut() {
        String subject = fresh("silent");
        bob.subscribe(subject, _ -> {});
        long start = System.nanoTime();

        var failure = failure(
                TransportFailure.TimedOut.class, () -> alice.request(subject, bytes("x"), Duration.ofMillis(60)));

        assertThat(failure.subject()).isEqualTo(subject);
        assertThat(failure.millis()).isEqualTo(60);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(60), LONG);
    }

    @Test
    void request_replyAfterTimeout_isNotMistakenForTheNext() throws Exception {
        String subject = fresh("late");
        BlockingQueue<IncomingMessage> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, received::add);
        failure(TransportFailure.TimedOut.class, () -> alice.request(subject, bytes("1"), Duration.ofMillis(20)));
        Future<Message> second = start(() -> alice.request(subject, bytes("2"), LONG));

        IncomingMessage late = take(received);
        IncomingMessage next = take(received);
        late.reply(bytes("to 1"));
        next.reply(bytes("to 2"));

        assertThat(text(second.get())).isEqualTo("to 2");
    }

    @Test
    void request_repliedTwice_firstCounts() throws Exception {
        String subject = fresh("twice");
        BlockingQueue<IncomingMessage> one = new LinkedBlockingQueue<>();
        BlockingQueue<IncomingMessage> other = new LinkedBlockingQueue<>();
        bob.subscribe(subject, one::add);
        bob.subscribe(subject, other::add);

        Future<List<Message>> replies = start(() -> alice.requestMany(subject, bytes("x"), LONG, 2));
        IncomingMessage twice = take(one);
        twice.reply(bytes("first"));
        twice.reply(bytes("second"));
        take(other).reply(bytes("of the other"));

        assertThat(replies.get()).extracting(LatticeTransportContract::text).containsExactly("first", "of the other");
    }

    @Test
    void request_repliedLaterFromOtherThread_isAnswered() throws Exception {
        String subject = fresh("later");
        BlockingQueue<IncomingMessage> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, received::add);

        Future<Message> reply = start(() -> alice.request(subject, bytes("x"), LONG));
        take(received).reply(bytes("done"));

        assertThat(text(reply.get())).isEqualTo("done");
    }

    @Test
    void request_interruptedWhileWaiting_throwsInterrupted() throws Exception {
        String subject = fresh("interrupt");
        BlockingQueue<IncomingMessage> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, received::add);
        BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
        Thread waiting = Thread.startVirtualThread(() -> {
            try {
                alice.request(subject, bytes("x"), LONG);
            } catch (InterruptedException | TransportException e) {
                thrown.add(e);
            }
        });
        take(received);

        waiting.interrupt();

        assertThat(take(thrown)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void request_abandonedWhileWaiting_failsAsDisconnected_othersGoOn() throws Exception {
        String subject = fresh("abandoned");
        BlockingQueue<IncomingMessage> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject + ".*", received::add);
        Future<TransportFailure> lost = start(() ->
                failure(TransportFailure.Disconnected.class, () -> alice.request(subject + ".lost", bytes("x"), LONG)));
        take(received);
        Future<Message> kept = start(() -> alice.request(subject + ".kept", bytes("x"), LONG));
        IncomingMessage answered = take(received);

        alice.abandon(asked -> asked.equals(subject + ".lost"));

        assertThat(lost.get()).isEqualTo(new TransportFailure.Disconnected(subject + ".lost", true));
        answered.reply(bytes("here"));
        assertThat(text(kept.get())).isEqualTo("here");
    }

    @Test
    void request_transportClosedWhileWaiting_failsAsDisconnected() throws Exception {
        String subject = fresh("closing");
        BlockingQueue<IncomingMessage> received = new LinkedBlockingQueue<>();
        bob.subscribe(subject, received::add);
        Future<Message> one = start(() -> alice.request(subject, bytes("x"), LONG));
        Future<List<Message>> many = start(() -> alice.requestMany(subject, bytes("x"), LONG, 5));
        take(received);
        take(received);

        alice.close();

        for (Future<?> waiting : List.of(one, many)) {
            assertThatThrownBy(waiting::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(TransportException.class, e -> assertThat(e.failure())
                            .isEqualTo(new TransportFailure.Disconnected(subject, true)));
        }
    }

    @Test
    void request_thousandAtOnce_eachGetsItsOwnReply() throws Exception {
        String subject = fresh("crowd");
        bob.subscribe(
                subject,
                incoming -> Thread.startVirtualThread(() -> incoming.reply(bytes("re:" + text(incoming.message())))));

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Message>> replies = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                int number = i;
                replies.add(threads.submit(() -> alice.request(subject, bytes("m" + number), LONG)));
            }
            for (int i = 0; i < 1_000; i++) {
                assertThat(text(replies.get(i).get())).isEqualTo("re:m" + i);
            }
        }
    }

    @Test
    void request_fromHandler_works() throws Exception {
        String subject = fresh("chain");
        echo(alice, subject + ".inner");
        bob.subscribe(
                subject,
                incoming -> Thread.startVirtualThread(() -> {
                    try {
                        incoming.reply(bob.request(subject + ".inner", bytes("inner"), LONG)
                                .payload());
                    } catch (InterruptedException e) {
                        fail("interrupted", e);
                    }
                }));

        assertThat(text(alice.request(subject, bytes("x"), LONG))).isEqualTo("inner");
    }

    @Test
    void requestMany_severalResponders_collectsUpToTheMost() throws Exception {
        String subject = fresh("roll");
        for (int i = 0; i < 3; i++) {
            String name = "host" + i;
            bob.subscribe(subject, incoming -> incoming.reply(bytes(name)));
        }

        long start = System.nanoTime();
        assertThat(alice.requestMany(subject, bytes("x"), LONG, 3))
                .extracting(LatticeTransportContract::text)
                .containsExactlyInAnyOrder("host0", "host1", "host2");
        assertThat(alice.requestMany(subject, bytes("x"), LONG, 2)).hasSize(2);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG.dividedBy(2));
    }

    @Test
    void requestMany_fewerRepliesThanTheMost_waitsOutItsWindow() throws Exception {
        String subject = fresh("roll");
        echo(bob, subject);
        Duration window = Duration.ofMillis(200);
        long start = System.nanoTime();

        List<Message> replies = alice.requestMany(subject, bytes("x"), window, 2);

        assertThat(replies).hasSizeLessThanOrEqualTo(1); // none if the reply takes longer than the window
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(window, LONG);
    }

    @Test
    void requestMany_nobodySubscribes_isEmptyAtOnce() throws Exception {
        long start = System.nanoTime();

        assertThat(alice.requestMany(fresh("nobody"), bytes("x"), LONG, 5)).isEmpty();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG.dividedBy(2));
    }

    // Large payloads

    private static byte[] random(int length, long seed) {
        byte[] random = new byte[length];
        new Random(seed).nextBytes(random);
        return random;
    }

    @Test
    void request_threeMegabytesBothWays_arriveWhole() throws Exception {
        String subject = fresh("large");
        byte[] there = random(3_000_000, 1);
        byte[] back = random(3_000_001, 2);
        bob.subscribe(subject, incoming -> {
            boolean whole = Arrays.equals(incoming.message().payload(), there)
                    && incoming.message().headers().equals(Map.of("k", "v"));
            incoming.reply(
                    whole
                            ? back
                            : bytes("not what was sent: " + incoming.message().headers()));
        });

        assertThat(alice.request(subject, Map.of("k", "v"), there, LONG).payload())
                .isEqualTo(back);
    }

    @Test
    void request_largestPayloadBothWays_arrivesWhole() throws Exception {
        String subject = fresh("largest");
        echo(bob, subject);
        byte[] payload = random(LatticeTransport.PAYLOAD_BYTES_MAX, 3);

        assertThat(Arrays.equals(alice.request(subject, payload, LONG).payload(), payload))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000_000, 1_048_000, 1_048_576, 1_048_577, 1_100_000, 2_097_152})
    void request_payloadAroundServersLimit_arrivesWhole(int length) throws Exception {
        String subject = fresh("edge");
        echo(bob, subject);
        byte[] payload = random(length, length);

        assertThat(Arrays.equals(
                        alice.request(subject, Map.of("some", "header"), payload, LONG)
                                .payload(),
                        payload))
                .isTrue();
    }

    @Test
    void request_largeInQueueGroup_oneMemberAnswers() throws Exception {
        String subject = fresh("large");
        AtomicInteger handled = new AtomicInteger();
        for (int i = 0; i < 4; i++) {
            bob.subscribe(subject, "workers", incoming -> {
                handled.incrementAndGet();
                incoming.reply(incoming.message().payload());
            });
        }

        for (int i = 0; i < 5; i++) {
            byte[] payload = random(2_000_000, i);
            assertThat(alice.request(subject, payload, LONG).payload()).isEqualTo(payload);
        }
        assertThat(handled).hasValue(5);
    }

    @Test
    void request_manyLargeAtOnce_allArriveWhole() throws Exception {
        String subject = fresh("large");
        bob.subscribe(
                subject,
                incoming -> Thread.startVirtualThread(
                        () -> incoming.reply(incoming.message().payload())));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> whole = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                byte[] payload = random(1_500_000 + i, i);
                whole.add(threads.submit(() ->
                        Arrays.equals(alice.request(subject, payload, LONG).payload(), payload)));
            }
            for (Future<Boolean> one : whole) {
                assertThat(one.get()).isTrue();
            }
        }
    }

    @Test
    void publish_largeToSeveralSubscribers_arrivesWhole() throws Exception {
        String prefix = fresh("large");
        BlockingQueue<Message> exact = collect(bob, prefix + ".a");
        BlockingQueue<Message> pattern = collect(alice, prefix + ".*");
        byte[] payload = random(3_000_000, 4);

        alice.publish(prefix + ".a", Map.of("k", "v"), payload);

        for (Message message : List.of(take(exact), take(pattern))) {
            assertThat(message.subject()).isEqualTo(prefix + ".a");
            assertThat(message.headers()).isEqualTo(Map.of("k", "v"));
            assertThat(Arrays.equals(message.payload(), payload)).isTrue();
        }
    }

    @Test
    void request_largeAndNobodySubscribes_failsAtOnce() {
        failure(TransportFailure.NoResponders.class, () -> alice.request(fresh("nobody"), new byte[3_000_000], LONG));
    }

    @Test
    void payload_overTheMost_isRefusedBeforeAnythingIsSent() throws Exception {
        String subject = fresh("oversize");
        BlockingQueue<Message> received = collect(bob, subject);
        byte[] tooLarge = new byte[LatticeTransport.PAYLOAD_BYTES_MAX + 1];

        failure(TransportFailure.PayloadTooLarge.class, () -> alice.publish(subject, tooLarge));
        var failure = failure(TransportFailure.PayloadTooLarge.class, () -> alice.request(subject, tooLarge, LONG));
        failure(
                TransportFailure.PayloadTooLarge.class,
                () -> alice.requestMany(subject, tooLarge, Duration.ofMillis(50), 1));

        assertThat(failure.bytes()).isEqualTo(tooLarge.length);
        alice.publish(subject, bytes("marker"));
        assertThat(text(take(received))).isEqualTo("marker");
        assertThat(alice.connected()).isTrue();
    }

    @Test
    void reply_overTheMost_isRefusedAndSmallerOneMayFollow() throws Exception {
        String subject = fresh("oversize");
        bob.subscribe(subject, incoming -> {
            failure(
                    TransportFailure.PayloadTooLarge.class,
                    () -> incoming.reply(new byte[LatticeTransport.PAYLOAD_BYTES_MAX + 1]));
            incoming.reply(bytes("too large"));
        });

        assertThat(text(alice.request(subject, bytes("x"), LONG))).isEqualTo("too large");
    }

    // The connection

    @Test
    void transport_open_tellsOfItself() throws Exception {
        assertThat(alice.connected()).isTrue();
        assertThat(alice.description()).isNotBlank();
        assertThat(alice.roundTrip()).get().satisfies(d -> assertThat(d).isBetween(Duration.ZERO, LONG));
    }

    @Test
    void transport_closed_refusesEverything() throws Exception {
        KeyValueStore store = alice.store(fresh("store"));

        alice.close();
        alice.close();

        assertThat(alice.connected()).isFalse();
        assertThat(alice.roundTrip()).isEmpty();
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> alice.publish("a.b", bytes("x")),
                () -> alice.request("a.b", bytes("x"), LONG),
                () -> alice.requestMany("a.b", bytes("x"), LONG, 1),
                () -> alice.subscribe("a.b", _ -> {}),
                () -> alice.store("other"),
                () -> store.get("a"),
                () -> store.put("a", bytes("x")),
                () -> store.watch(_ -> {}))) {
            assertThat(failure(TransportFailure.Disconnected.class, call).sent())
                    .isFalse();
        }
    }

    @Test
    void close_afterPublish_messageStillArrives() throws Exception {
        String subject = fresh("last");
        BlockingQueue<Message> received = collect(bob, subject);

        alice.publish(subject, bytes("last words"));
        alice.close();

        assertThat(text(take(received))).isEqualTo("last words");
    }

    // Stores

    @Test
    void store_putAndGet_valueWithGrowingRevision() throws Exception {
        String name = fresh("store");
        KeyValueStore store = alice.store(name);

        long first = store.put("LINK.a/b_c=d-e.F", bytes("1"));
        long second = store.put("other", bytes("2"));
        long third = store.put("LINK.a/b_c=d-e.F", bytes("3"));

        assertThat(first).isPositive();
        assertThat(second).isGreaterThan(first);
        assertThat(third).isGreaterThan(second);
        assertThat(bob.store(name).get("LINK.a/b_c=d-e.F")).hasValueSatisfying(entry -> {
            assertThat(entry.key()).isEqualTo("LINK.a/b_c=d-e.F");
            assertThat(entry.value()).isEqualTo(bytes("3"));
            assertThat(entry.revision()).isEqualTo(third);
        });
        assertThat(store.get("absent")).isEmpty();
    }

    @Test
    void store_emptyAndLargestValue_areKept() throws Exception {
        KeyValueStore store = alice.store(fresh("store"));
        byte[] largest = random(KeyValueStore.VALUE_BYTES_MAX, 5);

        store.put("empty", new byte[0]);
        store.put("largest", largest);

        assertThat(store.get("empty"))
                .hasValueSatisfying(e -> assertThat(e.value()).isEmpty());
        assertThat(store.get("largest"))
                .hasValueSatisfying(e -> assertThat(e.value()).isEqualTo(largest));
        failure(
                TransportFailure.PayloadTooLarge.class,
                () -> store.put("larger", new byte[KeyValueStore.VALUE_BYTES_MAX + 1]));
    }

    @Test
    void store_create_onlyIfAbsent() throws Exception {
        KeyValueStore store = alice.store(fresh("store"));
        store.create("k", bytes("1"));

        assertThat(failure(TransportFailure.Conflict.class, () -> store.create("k", bytes("2")))
                        .key())
                .isEqualTo("k");
        store.delete("k");
        store.create("k", bytes("3"));

        assertThat(store.get("k")).hasValueSatisfying(e -> assertThat(e.value()).isEqualTo(bytes("3")));
    }

    @Test
    void store_update_onlyAtRevision() throws Exception {
        KeyValueStore store = alice.store(fresh("store"));
        long first = store.put("k", bytes("1"));

        long second = store.update("k", bytes("2"), first);

        failure(TransportFailure.Conflict.class, () -> store.update("k", bytes("3"), first));
        assertThat(store.get("k")).hasValueSatisfying(e -> {
            assertThat(e.value()).isEqualTo(bytes("2"));
            assertThat(e.revision()).isEqualTo(second);
        });
        failure(TransportFailure.Conflict.class, () -> store.update("absent", bytes("3"), first));
        store.delete("k");
        failure(TransportFailure.Conflict.class, () -> store.update("k", bytes("4"), second));
    }

    @Test
    void store_delete_keyIsGone() throws Exception {
        KeyValueStore store = alice.store(fresh("store"));
        long first = store.put("k", bytes("1"));
        long second = store.put("k", bytes("2"));

        failure(TransportFailure.Conflict.class, () -> store.delete("k", first));
        assertThat(store.get("k")).isPresent();
        store.delete("k", second);
        store.delete("k");
        store.delete("never-was");

        assertThat(store.get("k")).isEmpty();
        assertThat(store.keys()).isEmpty();
    }

    @Test
    void store_keysAndEntries_thoseThatHaveAValue() throws Exception {
        KeyValueStore store = alice.store(fresh("store"));
        assertThat(store.keys()).isEmpty();
        assertThat(store.entries()).isEmpty();
        for (int i = 0; i < 300; i++) {
            store.put("k" + i, bytes("v" + i));
        }
        store.delete("k7");

        assertThat(store.keys()).hasSize(299).doesNotHaveDuplicates().doesNotContain("k7");
        assertThat(store.entries()).hasSize(299).allSatisfy(entry -> assertThat(new String(entry.value(), UTF_8))
                .isEqualTo(entry.key().replace('k', 'v')));
    }

    @Test
    void store_sameNumberOfWritersRace_eachIncrementCounts() throws Exception {
        String name = fresh("store");
        alice.store(name).put("counter", bytes("0"));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> writers = new ArrayList<>();
            for (LatticeTransport transport : List.of(alice, bob, alice, bob)) {
                KeyValueStore store = transport.store(name);
                writers.add(threads.submit(() -> increment(store, 25)));
            }
            for (Future<Integer> writer : writers) {
                assertThat(writer.get()).isEqualTo(25);
            }
        }
        assertThat(alice.store(name).get("counter"))
                .hasValueSatisfying(e -> assertThat(e.value()).isEqualTo(bytes("100")));
    }

    private static int increment(KeyValueStore store, int times) throws InterruptedException {
        int done = 0;
        while (done < times) {
            Entry entry = store.get("counter").orElseThrow();
            int next = Integer.parseInt(new String(entry.value(), UTF_8)) + 1;
            try {
                store.update("counter", bytes(Integer.toString(next)), entry.revision());
                done++;
            } catch (TransportException e) {
                assertThat(e.failure()).isInstanceOf(TransportFailure.Conflict.class);
            }
        }
        return done;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "a.", ".a", "a..b", "a b", "a*", "a>", "a$b", "ä"})
    void store_badKey_isRefused(String key) throws Exception {
        KeyValueStore store = alice.store(fresh("store"));

        failure(TransportFailure.Refused.class, () -> store.put(key, bytes("x")));
        failure(TransportFailure.Refused.class, () -> store.get(key));
        failure(TransportFailure.Refused.class, () -> store.delete(key));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "a b", "a/b", "*"})
    void store_badName_isRefused(String name) {
        failure(TransportFailure.Refused.class, () -> alice.store(name));
    }

    /** Changes that a watch of {@code store} tells. */
    protected static BlockingQueue<Change> watch(KeyValueStore store) throws InterruptedException {
        BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
        store.watch(changes::add);
        return changes;
    }

    /** The next change as {@code key=value}, {@code -key}, {@code caught up} or {@code restarted}. */
    protected static String next(BlockingQueue<Change> changes) throws InterruptedException {
        return switch (take(changes)) {
            case Change.Put(Entry entry) -> entry.key() + "=" + new String(entry.value(), UTF_8);
            case Change.Deleted(String key, long revision) -> {
                assertThat(revision).isPositive();
                yield "-" + key;
            }
            case Change.CaughtUp() -> "caught up";
            case Change.Restarted() -> "restarted";
        };
    }

    @Test
    void watch_emptyStore_caughtUpThenChangesInOrder() throws Exception {
        String name = fresh("store");
        KeyValueStore store = alice.store(name);
        BlockingQueue<Change> changes = watch(bob.store(name));
        assertThat(next(changes)).isEqualTo("caught up");

        store.put("a", bytes("1"));
        store.put("b", bytes("2"));
        assertThat(List.of(next(changes), next(changes))).containsExactly("a=1", "b=2");
        store.delete("a");
        store.put("b", bytes("3"));
        assertThat(List.of(next(changes), next(changes))).containsExactly("-a", "b=3");
    }

    @Test
    void watch_keyWrittenOverAndOver_latestIsToldAndNoneTwice() throws Exception {
        String name = fresh("store");
        KeyValueStore store = alice.store(name);
        BlockingQueue<Change> changes = watch(bob.store(name));
        assertThat(next(changes)).isEqualTo("caught up");

        for (int i = 1; i <= 200; i++) {
            store.put("k", bytes(Integer.toString(i)));
        }

        int last = 0;
        while (last < 200) {
            int told = Integer.parseInt(next(changes).substring("k=".length()));
            assertThat(told).isGreaterThan(last);
            last = told;
        }
    }

    @Test
    void watch_filledStore_valuesThenCaughtUpThenChanges() throws Exception {
        String name = fresh("store");
        KeyValueStore store = alice.store(name);
        store.put("a", bytes("1"));
        store.put("b", bytes("2"));
        store.put("a", bytes("3"));
        store.put("gone", bytes("4"));
        store.delete("gone");

        BlockingQueue<Change> changes = watch(bob.store(name));

        assertThat(List.of(next(changes), next(changes))).containsExactlyInAnyOrder("a=3", "b=2");
        assertThat(next(changes)).isEqualTo("caught up");
        long revision = store.put("c", bytes("5"));
        assertThat(take(changes)).isInstanceOfSatisfying(Change.Put.class, put -> assertThat(put.entry())
                .satisfies(e -> assertThat(e.revision()).isEqualTo(revision)));
    }

    @Test
    void watch_thousandsOfKeys_allAreTold() throws Exception {
        String name = fresh("store");
        KeyValueStore store = alice.store(name);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> writes = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                String key = "k" + i;
                writes.add(threads.submit(() -> store.put(key, bytes(key))));
            }
            for (Future<Long> write : writes) {
                write.get();
            }
        }
        BlockingQueue<Change> changes = watch(bob.store(name));

        Set<String> told = ConcurrentHashMap.newKeySet();
        for (String change = next(changes); !change.equals("caught up"); change = next(changes)) {
            told.add(change);
        }
        assertThat(told).hasSize(3_000);
    }

    @Test
    void watch_closed_tellsNothingMore() throws Exception {
        String name = fresh("store");
        KeyValueStore store = alice.store(name);
        BlockingQueue<Change> closed = new LinkedBlockingQueue<>();
        Subscription watch = bob.store(name).watch(closed::add);
        BlockingQueue<Change> open = watch(bob.store(name));
        assertThat(next(closed)).isEqualTo("caught up");
        assertThat(next(open)).isEqualTo("caught up");

        watch.close();
        watch.close();
        store.put("a", bytes("1"));

        assertThat(next(open)).isEqualTo("a=1");
        assertThat(closed).isEmpty();
    }

    @Test
    void watch_handlerThrows_nextChangeIsTold() throws Exception {
        KeyValueStore store = alice.store(fresh("store"));
        BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
        store.watch(change -> {
            changes.add(change);
            throw new IllegalStateException("the test wants this handler to fail");
        });

        assertThat(next(changes)).isEqualTo("caught up");
        store.put("a", bytes("1"));
        assertThat(next(changes)).isEqualTo("a=1");
    }

    // Artifacts

    @Test
    void artifact_put_isFoundByOthersUnderItsDigest() throws Exception {
        String name = fresh("artifacts");
        byte[] bytes = random(1_300_000, 6);

        Digest digest = new ArtifactStore(alice.store(name)).put(bytes);

        assertThat(digest).isEqualTo(Digest.of(bytes));
        ArtifactStore others = new ArtifactStore(bob.store(name));
        assertThat(others.has(digest)).isTrue();
        assertThat(others.get(digest.hex()))
                .hasValueSatisfying(got -> assertThat(got).isEqualTo(bytes));
    }
}

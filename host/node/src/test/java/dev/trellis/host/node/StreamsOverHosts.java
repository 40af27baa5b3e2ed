package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.rpc.Pull;
import dev.trellis.lattice.contracts.rpc.Push;
import dev.trellis.lattice.contracts.rpc.StreamReply;
import dev.trellis.lattice.contracts.rpc.StreamStep;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.transport.LatticeTransport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bodies of a call from host NA to an actor on host NB, over a lattice that subclasses choose. */
@Timeout(60)
abstract class StreamsOverHosts {
    private static final EntityId TARGET = new EntityId("app-target");
    private static final HostId CALLER = new HostId("NA");
    private static final HostId CALLEE = new HostId("NB");
    private static final Deadline AMPLE = Deadline.in(Duration.ofMinutes(2));
    private static final HttpResponse OK =
            HttpResponse.newBuilder().setStatus(200).build();
    private static final Header TRAILER =
            Header.newBuilder().setName("digest").setValue("abc").build();

    private final Subjects subjects = Subjects.of(LatticeName.DEFAULT);
    private final Routes routes = new Routes();
    private final OfferedStreams streams = new OfferedStreams(CALLER);
    private final AtomicInteger steps = new AtomicInteger();
    private LatticeTransport caller;
    private LatticeTransport callee;
    private NodeInvoker invoker;

    /** Another connection to the lattice of this test. */
    abstract LatticeTransport join() throws InterruptedException;

    /** The actor on NB. */
    private interface Actor {
        Payload handle(HttpRequest request, HttpExchange exchange) throws InterruptedException;
    }

    @BeforeEach
    void connect() throws InterruptedException {
        caller = join();
        callee = join();
        invoker = new NodeInvoker(routes, caller, streams, CallTracing.OFF);
        var incoming = new IncomingCalls(routes, subjects, CALLER, caller, streams, CallTracing.OFF);
        caller.subscribe(subjects.calls(CALLER), message -> {
            steps.incrementAndGet();
            incoming.accept(message);
        });
    }

    @AfterEach
    void disconnect() {
        caller.close();
        callee.close();
    }

    private void actor(Actor actor) {
        var there = new Routes();
        there.publish(new RouteTable(
                Map.of(),
                Map.of(),
                Set.of(),
                Map.of(TARGET, new LocalActor(TARGET, 8, new ActorRunner() {
                    @Override
                    public Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException {
                        var streamed = (Payload.Streamed) invocation.payload();
                        return actor.handle((HttpRequest) streamed.message(), streamed.exchange());
                    }

                    @Override
                    public ActorFacts facts() {
                        return new ActorFacts("00", null, null, null, null, null, 0);
                    }

                    @Override
                    public void close() {}
                })),
                Map.of(),
                Map.of()));
        var incoming = new IncomingCalls(there, subjects, CALLEE, callee, new OfferedStreams(CALLEE), CallTracing.OFF);
        callee.subscribe(subjects.calls(CALLEE), incoming::accept);
        var remote = new RemoteTarget(
                CALLEE,
                subjects.call(TARGET, CALLEE),
                8,
                true,
                false,
                new RemoteCalls(),
                new PeerPath(System::nanoTime));
        routes.publish(
                new RouteTable(Map.of(), Map.of(), Set.of(), Map.of(), Map.of(TARGET, List.of(remote)), Map.of()));
    }

    /** A call under way on a thread of its own. */
    private record Call(HttpPipe pipe, Thread thread) {
        HttpResponse response() throws InterruptedException {
            assertThat(HttpBodies.await(
                            pipe::onChange, () -> pipe.responseReadable() || pipe.response() != null, AMPLE))
                    .isTrue();
            HttpResponse head = pipe.response();
            if (head == null) {
                throw new AssertionError("no response");
            }
            return head;
        }

        ByteString body() throws InterruptedException {
            response();
            ByteString all = ByteString.EMPTY;
            while (true) {
                assertThat(HttpBodies.await(pipe::onChange, pipe::responseReadable, AMPLE))
                        .isTrue();
                ByteString part = pipe.readResponse(HttpExchange.PART_BYTES_MAX);
                if (part == null) {
                    return all;
                }
                all = all.concat(part);
            }
        }

        InvocationFailure failure() {
            try {
                throw new AssertionError("the call did not fail, its response is " + body().size());
            } catch (InvocationException e) {
                return e.failure();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private Call call(HttpRequest request, HttpPipe pipe, Duration time) {
        var invocation = Invocation.first(
                EntityId.OPERATOR,
                TARGET,
                LinkName.DEFAULT,
                Contracts.HTTP_SERVER.id(),
                "HandleRequest",
                new Payload.Streamed(request, pipe.exchange()),
                Deadline.in(time),
                TraceContext.root());
        Thread thread = Thread.startVirtualThread(() -> {
            try {
                pipe.replied(invoker.invoke(invocation));
            } catch (InvocationException e) {
                pipe.failed(e.failure());
            } catch (InterruptedException e) {
                pipe.failed(new InvocationFailure.ConnectionLost("test", "interrupted"));
            }
        });
        return new Call(pipe, thread);
    }

    private Call call(String body, HttpPipe pipe) {
        return call(
                HttpRequest.newBuilder().setBody(ByteString.copyFromUtf8(body)).build(), pipe, Duration.ofSeconds(50));
    }

    private static Payload echo(HttpRequest request, HttpExchange exchange) throws InterruptedException {
        exchange.respond(OK.toBuilder().setBody(request.getBody()).build());
        while (HttpBodies.awaitReadable(exchange, AMPLE)) {
            ByteString part = exchange.read(100_000);
            if (part == null) {
                break;
            }
            HttpBodies.write(exchange, part, AMPLE);
        }
        exchange.end(exchange.requestTrailers());
        return Payload.EMPTY;
    }

    private static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("not in time: " + what).isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void call_wholeAndUntouched_sendsNothingButItself() throws Exception {
        actor((request, _) ->
                new Payload.Typed(OK.toBuilder().setBody(request.getBody()).build()));

        assertThat(call("whole", HttpPipe.ofWholeRequest()).body().toStringUtf8())
                .isEqualTo("whole");
        assertThat(steps).hasValue(0);
        assertThat(streams.size()).isZero();
    }

    @Test
    void call_wholeRequestReadToItsEnd_asksForNothing() throws Exception {
        actor((request, exchange) -> {
            assertThat(exchange.requestEnded()).isTrue();
            assertThat(exchange.readable()).isTrue();
            assertThat(exchange.read(1)).isNull();
            return new Payload.Typed(OK);
        });

        assertThat(call("", HttpPipe.ofWholeRequest()).response()).isEqualTo(OK);
        assertThat(steps).hasValue(0);
    }

    @Test
    void bodies_inParts_moveAsTheyComeWithTrailers() throws Exception {
        actor(StreamsOverHosts::echo);
        var call = call("be", new HttpPipe());

        assertThat(call.response()).isEqualTo(OK);
        ByteString seen = ByteString.EMPTY;
        for (String word : List.of("g", "in")) {
            call.pipe.writeRequest(ByteString.copyFromUtf8(word));
            int until = seen.size() + word.length();
            while (seen.size() < until) {
                assertThat(HttpBodies.await(call.pipe::onChange, call.pipe::responseReadable, AMPLE))
                        .isTrue();
                ByteString part = call.pipe.readResponse(100);
                seen = part == null ? seen : seen.concat(part);
            }
        }
        call.pipe.endRequest(List.of(TRAILER));
        seen = seen.concat(call.body());

        assertThat(seen.toStringUtf8()).isEqualTo("begin");
        assertThat(call.pipe.responseTrailers()).containsExactly(TRAILER);
        call.thread.join();
        assertThat(streams.size()).isZero();
    }

    @Test
    void trailers_ofAWholeRequest_arrive() throws Exception {
        var pipe = new HttpPipe();
        pipe.endRequest(List.of(TRAILER));
        actor(StreamsOverHosts::echo);

        var call = call("x", pipe);
        assertThat(call.body().toStringUtf8()).isEqualTo("x");
        assertThat(pipe.responseTrailers()).containsExactly(TRAILER);
    }

    @Test
    void echo_64MiB_comesBackAsItWas() throws Exception {
        actor(StreamsOverHosts::echo);
        int size = 64 << 20;
        byte[] data = new byte[1_000_003];
        new java.util.Random(7).nextBytes(data);
        var pipe = call("", new HttpPipe()).pipe;
        int given = 0;
        int taken = 0;
        while (!pipe.responseEnded()) {
            assertThat(HttpBodies.await(
                            pipe::onChange, () -> pipe.requestWritable() > 0 || pipe.responseReadable(), AMPLE))
                    .isTrue();
            int at = given % data.length;
            int now = Math.min(Math.min(size - given, pipe.requestWritable()), data.length - at);
            if (now > 0) {
                pipe.writeRequest(ByteString.copyFrom(data, at, now));
                given += now;
            }
            if (given == size) {
                pipe.endRequest(List.of());
            }
            ByteString part = pipe.responseReadable() ? pipe.readResponse(HttpExchange.PART_BYTES_MAX) : null;
            for (int i = 0; part != null && i < part.size(); i++) {
                if (part.byteAt(i) != data[taken++ % data.length]) {
                    throw new AssertionError("another byte came back at " + (taken - 1));
                }
            }
        }
        assertThat(taken).isEqualTo(size);
    }

    @Test
    void response_callerTakesNothing_holdsTheActorBack() throws Exception {
        var written = new AtomicLong();
        long size = 16L << 20;
        actor((_, exchange) -> {
            exchange.respond(OK);
            byte[] part = new byte[64 << 10];
            while (written.get() < size) {
                HttpBodies.write(exchange, ByteString.copyFrom(part), AMPLE);
                written.addAndGet(part.length);
            }
            exchange.end(List.of());
            return Payload.EMPTY;
        });
        var call = call("", HttpPipe.ofWholeRequest());
        call.response();
        for (long before = -1; before != written.get(); ) {
            before = written.get();
            HttpBodies.await(_ -> {}, () -> false, Deadline.in(Duration.ofMillis(200)));
        }

        assertThat(written.get()).isBetween(1L, 3L << 20);
        assertThat(call.body()).hasSize((int) size);
    }

    @Test
    void request_actorTakesNothing_holdsTheCallerBack() throws Exception {
        var go = new CountDownLatch(1);
        actor((request, exchange) -> {
            go.await();
            return echo(request, exchange);
        });
        var call = call("", new HttpPipe());
        call.pipe.writeRequest(ByteString.copyFrom(new byte[call.pipe.requestWritable()]));
        assertThat(HttpBodies.await(
                        call.pipe::onChange,
                        () -> call.pipe.requestWritable() > 0,
                        Deadline.in(Duration.ofMillis(200))))
                .isFalse();
        assertThat(steps).hasValue(0);
        go.countDown();
        call.pipe.endRequest(List.of());
        assertThat(call.body()).hasSize(HttpExchange.PART_BYTES_MAX);
    }

    @Test
    void call_givenUpByItsCaller_failsTheActorsExchange() throws Exception {
        var failure = new CompletableFuture<InvocationFailure>();
        actor((request, exchange) -> {
            try {
                return echo(request, exchange);
            } catch (InvocationException e) {
                failure.complete(e.failure());
                throw e;
            }
        });
        var call = call("", new HttpPipe());
        call.response();
        call.thread.interrupt();

        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(InvocationFailure.ConnectionLost.class);
        await("forgotten", () -> streams.size() == 0);
    }

    @Test
    void call_callerHostIsGone_failsTheActorsExchange() throws Exception {
        var failure = new CompletableFuture<InvocationFailure>();
        actor((request, exchange) -> {
            try {
                return echo(request, exchange);
            } catch (InvocationException e) {
                failure.complete(e.failure());
                throw e;
            }
        });
        call("", new HttpPipe()).response();
        caller.close();
        callee.abandon(subject -> subject.endsWith(".NA")); // as a host does that has lost sight of another

        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(InvocationFailure.ConnectionLost.class);
    }

    @Test
    void call_calleeHostIsGone_failsAsConnectionLost() throws Exception {
        actor(StreamsOverHosts::echo);
        var call = call("", new HttpPipe());
        call.response();
        callee.close();
        caller.abandon(subject -> subject.endsWith(".NB"));

        assertThat(call.failure()).isInstanceOf(InvocationFailure.ConnectionLost.class);
    }

    @Test
    void call_failsInTheMiddle_failsTheCaller() throws Exception {
        actor((_, exchange) -> {
            exchange.respond(OK);
            HttpBodies.write(exchange, ByteString.copyFromUtf8("half"), AMPLE);
            throw new InvocationException(new InvocationFailure.Trapped("app-target", "unreachable"));
        });

        assertThat(call("", HttpPipe.ofWholeRequest()).failure()).isInstanceOf(InvocationFailure.Trapped.class);
    }

    @Test
    void call_readsAndIsThenRefused_isNotMadeAgain() throws Exception {
        actor((_, exchange) -> {
            HttpBodies.awaitReadable(exchange, AMPLE);
            exchange.read(1);
            throw new InvocationException(new InvocationFailure.NoTarget("app-target", "stopped"));
        });
        var pipe = new HttpPipe();
        pipe.writeRequest(ByteString.copyFromUtf8("x"));

        assertThat(call("", pipe).failure()).isInstanceOf(InvocationFailure.ConnectionLost.class);
    }

    @Test
    void call_returnsBeforeItsResponseIsWhole_fails() throws Exception {
        actor((_, exchange) -> {
            exchange.respond(OK);
            return Payload.EMPTY;
        });

        assertThat(call("", HttpPipe.ofWholeRequest()).failure()).isInstanceOf(InvocationFailure.Malformed.class);
    }

    @Test
    void call_bodyDoesNotCome_endsByItsDeadline() throws Exception {
        actor((request, exchange) -> {
            HttpBodies.wholeRequest(request, exchange, 10, AMPLE);
            return new Payload.Typed(OK);
        });
        long began = System.nanoTime();
        var call = call(HttpRequest.getDefaultInstance(), new HttpPipe(), Duration.ofMillis(300));

        assertThat(call.failure()).isInstanceOf(InvocationFailure.DeadlineExceeded.class);
        assertThat(System.nanoTime() - began).isLessThan(Duration.ofSeconds(5).toNanos());
    }

    // ---- hostile hosts

    private StreamReply step(StreamStep.Builder step) throws Exception {
        return StreamReply.parseFrom(
                callee.request(subjects.streams(CALLER), step.build().toByteArray(), Duration.ofSeconds(10))
                        .payload());
    }

    private OfferedStreams.Offer offer(HttpPipe pipe) {
        return streams.offer(pipe.exchange(), AMPLE);
    }

    private static StreamStep.Builder of(OfferedStreams.Offer offer) {
        return StreamStep.newBuilder()
                .setIdHigh(offer.ref().idHigh())
                .setIdLow(offer.ref().idLow());
    }

    private static void assertRefused(StreamReply reply) {
        assertThat(reply.hasFailure()).isTrue();
        assertThat(CallCodec.fromWire(reply.getFailure()))
                .isInstanceOfAny(InvocationFailure.Malformed.class, InvocationFailure.ConnectionLost.class);
    }

    @Test
    void step_unknownStreamOrNoStep_isRefused() throws Exception {
        assertRefused(step(
                StreamStep.newBuilder().setIdHigh(1).setPull(Pull.newBuilder().setMax(1))));
        assertRefused(StreamReply.parseFrom(callee.request(
                        subjects.streams(CALLER),
                        "nonsense".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                        Duration.ofSeconds(10))
                .payload()));
        try (var offer = offer(new HttpPipe())) {
            assertRefused(step(of(offer)));
        }
    }

    @Test
    void step_afterTheCall_isRefused() throws Exception {
        var offer = offer(new HttpPipe());
        offer.close();
        assertRefused(step(of(offer).setPull(Pull.newBuilder().setMax(1))));
    }

    @Test
    void pull_wrongPlaceOrNoRoom_isRefused() throws Exception {
        var pipe = new HttpPipe();
        pipe.writeRequest(ByteString.copyFromUtf8("abc"));
        try (var offer = offer(pipe)) {
            assertRefused(step(of(offer).setPull(Pull.newBuilder().setOffset(1).setMax(1))));
            assertRefused(step(of(offer).setPull(Pull.newBuilder().setMax(0))));
            var part = step(of(offer).setPull(Pull.newBuilder().setMax(2))).getPulled();
            assertThat(part.getPart().toStringUtf8()).isEqualTo("ab");
            assertRefused(step(of(offer).setPull(Pull.newBuilder().setMax(2))));
        }
    }

    @Test
    void push_outOfOrderTooLargeTwiceOrAfterTheEnd_isRefused() throws Exception {
        var pipe = HttpPipe.ofWholeRequest();
        try (var offer = offer(pipe)) {
            assertRefused(step(of(offer)
                    .setPush(Push.newBuilder()
                            .setHead(OK)
                            .setPart(ByteString.copyFrom(new byte[HttpExchange.PART_BYTES_MAX + 1])))));
            assertRefused(step(of(offer).setPush(Push.newBuilder().setSequence(OfferedStreams.PUSHES_MAX))));
            assertRefused(step(of(offer).setPush(Push.newBuilder().setSequence(-1))));
            assertThat(step(of(offer).setPush(Push.newBuilder().setHead(OK))).hasPushed())
                    .isTrue();
            assertRefused(step(of(offer).setPush(Push.newBuilder().setHead(OK))));
            assertThat(step(of(offer).setPush(Push.newBuilder().setSequence(1).setLast(true)))
                            .hasPushed())
                    .isTrue();
            assertRefused(
                    step(of(offer).setPush(Push.newBuilder().setSequence(2).setPart(ByteString.copyFromUtf8("more")))));
            assertThat(pipe.responseLeft()).isZero();
        }
    }

    @Test
    void push_moreAtOnceThanAllowed_isRefused() throws Exception {
        var pipe = HttpPipe.ofWholeRequest();
        var waiting = new ArrayList<CompletableFuture<StreamReply>>();
        try (var offer = offer(pipe)) {
            var full = ByteString.copyFrom(new byte[HttpExchange.PART_BYTES_MAX]);
            step(of(offer).setPush(Push.newBuilder().setHead(OK).setPart(full)));
            var replies = java.util.stream.IntStream.rangeClosed(1, 12)
                    .mapToObj(i -> CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    return step(of(offer)
                                            .setPush(Push.newBuilder()
                                                    .setSequence(i)
                                                    .setPart(full)));
                                } catch (Exception e) {
                                    throw new IllegalStateException(e);
                                }
                            },
                            task -> Thread.startVirtualThread(task)))
                    .toList();
            await(
                    "the ones too many refused",
                    () -> replies.stream().filter(CompletableFuture::isDone).count()
                            >= 12 - OfferedStreams.PUSHES_MAX - 1);
            for (var reply : replies) {
                if (reply.isDone()) {
                    assertRefused(reply.get());
                }
            }
            waiting.addAll(replies);
        }
        for (var reply : waiting) {
            assertRefused(reply.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void offers_moreThanAllowed_failAsOverloaded() {
        var offers = new ArrayList<OfferedStreams.Offer>();
        for (int i = 0; i < OfferedStreams.STREAMS_MAX; i++) {
            offers.add(offer(new HttpPipe()));
        }
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> offer(new HttpPipe()))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.Overloaded.class));
        offers.forEach(OfferedStreams.Offer::close);
        assertThat(streams.size()).isZero();
    }
}

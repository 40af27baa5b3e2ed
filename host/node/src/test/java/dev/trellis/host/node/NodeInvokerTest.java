package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NodeInvokerTest {
    private static final EntityId CALLER = new EntityId("app-caller");
    private static final EntityId TARGET = new EntityId("app-target");

    private final Subjects subjects = Subjects.of(LatticeName.DEFAULT);
    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport transport = lattice.join();
    private final Routes routes = new Routes();
    private final NodeInvoker invoker =
            new NodeInvoker(routes, transport, new OfferedStreams(new HostId("NA")), CallTracing.OFF);
    private final List<String> served = java.util.Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void close() {
        transport.close();
        lattice.close();
    }

    @Test
    void invoke_targetOnNoHost_failsAsNoTarget() {
        assertFails(InvocationFailure.NoTarget.class);
    }

    @Test
    void invoke_targetHereAndElsewhere_staysOnThisHost() throws Exception {
        route(local(1, () -> reply("here")), remote("NB", 1, () -> payload("there")));

        assertThat(invoke()).isEqualTo("here");
        assertThat(served).isEmpty();
    }

    @Test
    void invoke_thisHostBusy_goesToAFreeHost() throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        route(
                local(1, () -> {
                    entered.countDown();
                    release.await();
                    return reply("here");
                }),
                remote("NB", 1, () -> payload("there")));
        Thread busy = Thread.startVirtualThread(() -> {
            try {
                invoke();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        entered.await();

        assertThat(invoke()).isEqualTo("there");
        release.countDown();
        busy.join();
    }

    @Test
    void invoke_firstHostHasGone_passesOnToTheNextSinceNothingRan() throws Exception {
        route(null, gone("NB"), remote("NC", 1, () -> payload("third")));

        assertThat(invoke()).isEqualTo("third");
    }

    @Test
    void invoke_firstHostOverloaded_passesOnToTheNext() throws Exception {
        route(
                null,
                remote(
                        "NB",
                        1,
                        () -> Optional.of(CallCodec.encodeFailure(new InvocationFailure.Overloaded("x", "full")))),
                remote("NC", 1, () -> payload("third")));

        assertThat(invoke()).isEqualTo("third");
    }

    @Test
    void invoke_stoppedHereSinceTheSnapshot_goesToAnotherHost() throws Exception {
        LocalActor stopped = local(1, () -> reply("here"));
        stopped.drainAndClose(Duration.ZERO);
        route(stopped, remote("NB", 1, () -> payload("there")));

        assertThat(invoke()).isEqualTo("there");
    }

    @Test
    void invoke_firstHostTrapped_isNotTriedAgainElsewhere() {
        route(
                null,
                remote(
                        "NB",
                        1,
                        () -> Optional.of(CallCodec.encodeFailure(new InvocationFailure.Trapped("x", "unreachable")))),
                remote("NC", 1, () -> payload("third")));

        assertFails(InvocationFailure.Trapped.class);
        assertThat(served).containsExactly("NB");
    }

    @Test
    void invoke_noReplyByTheDeadline_failsAsDeadlineExceeded() {
        route(null, remote("NB", 1, Optional::empty));

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> invoker.invoke(invocation(Deadline.in(Duration.ofMillis(20)))))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.DeadlineExceeded.class));
    }

    @Test
    void invoke_deadlinePassed_nothingRuns() {
        route(local(1, () -> reply("here")));

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> invoker.invoke(invocation(Deadline.in(Duration.ZERO))))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.DeadlineExceeded.class));
    }

    @Test
    void invoke_severalHosts_thisSiteFirst_thenTheShortestRoundTrip() throws Exception {
        var near = at("NB", false, Duration.ofMillis(5));
        var far = at("NC", false, Duration.ofMillis(80));
        var unmeasured = at("ND", false, Duration.ZERO);
        route(null, far, unmeasured, near);
        assertThat(invoke()).isEqualTo("NB");

        route(null, far, near, at("NE", true, Duration.ofMillis(200)));
        assertThat(invoke()).isEqualTo("NE");
    }

    @Test
    void invoke_nearestSuspectOrBroken_theNextOneServes_andTheNearestAgainOnceItAnswers() throws Exception {
        var near = at("NB", true, Duration.ofMillis(1));
        var far = at("NC", false, Duration.ofMillis(80));
        route(null, near, far);

        near.path().missed(System.nanoTime());
        assertThat(invoke()).isEqualTo("NC");
        near.path().missed(System.nanoTime());
        assertThat(invoke()).isEqualTo("NC");

        near.path().answered(Duration.ofMillis(1));
        assertThat(invoke()).isEqualTo("NB");
    }

    @Test
    void invoke_onlyHostIsGone_failsAtOnceSinceNothingRan_ifSuspectOrBrokenItIsTried() throws Exception {
        var only = at("NB", true, Duration.ofMillis(1));
        route(null, only);
        only.path().missed(System.nanoTime());
        assertThat(invoke()).isEqualTo("NB");
        only.path().missed(System.nanoTime());
        only.path().missed(System.nanoTime());
        assertThat(only.path().state()).isEqualTo(PeerPath.State.BROKEN);
        assertThat(invoke()).isEqualTo("NB");
        only.path().gone();

        assertFails(InvocationFailure.NoTarget.class);
        assertThat(served).containsExactly("NB", "NB");
    }

    @Test
    void invoke_hostFoundGoneDuringTheCall_failsAsConnectionLost_andAnIdempotentCallMovesOn() throws Exception {
        var lost = remote("NB", 9, () -> {
            Thread.startVirtualThread(() -> transport.abandon(subject -> subject.endsWith(".NB")));
            return Optional.empty();
        });
        route(null, lost);
        assertFails(InvocationFailure.ConnectionLost.class);

        route(null, lost, at("NC", false, Duration.ofMillis(80), payload("")));
        invoker.invoke(Invocation.first(
                CALLER,
                TARGET,
                LinkName.DEFAULT,
                Contracts.KEYVALUE.id(),
                "Get",
                Payload.EMPTY,
                Deadline.in(Duration.ofSeconds(20)),
                TraceContext.root()));
        assertThat(served).containsExactly("NB", "NB", "NC");
    }

    @Test
    void invoke_refusedWhereItHasJustStopped_waitsToLearnWhereItRunsNow() throws Exception {
        var moved = remote("NC", 1, () -> payload("moved"));
        route(null, remote("NB", 1, () -> {
            Thread.startVirtualThread(() -> route(null, moved));
            return Optional.of(CallCodec.encodeFailure(new InvocationFailure.NoTarget("x", "stopped")));
        }));

        assertThat(invoke()).isEqualTo("moved");
    }

    private void assertFails(Class<? extends InvocationFailure> failure) {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(this::invoke)
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(failure));
    }

    private String invoke() throws InterruptedException {
        return invoker.invoke(invocation(Deadline.in(Duration.ofSeconds(20))))
                .toBytes()
                .toStringUtf8();
    }

    private static Invocation invocation(Deadline deadline) {
        return Invocation.first(
                CALLER,
                TARGET,
                LinkName.DEFAULT,
                Contracts.ACTOR,
                "Do.It",
                Payload.EMPTY,
                deadline,
                TraceContext.root());
    }

    private interface Guest {
        Payload run() throws InterruptedException;
    }

    private interface Remote {
        Optional<byte[]> answer();
    }

    private static LocalActor local(int instances, Guest guest) {
        return new LocalActor(TARGET, instances, new ActorRunner() {
            @Override
            public Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException {
                return guest.run();
            }

            @Override
            public ActorFacts facts() {
                return new ActorFacts("00", null, null, null, null, null, 0);
            }

            @Override
            public void close() {}
        });
    }

    /** Another host that answers as {@code remote} says; empty is no answer at all. */
    private RemoteTarget remote(String host, int slots, Remote remote) {
        RemoteTarget target = gone(host, slots);
        transport.subscribe(target.subject(), message -> {
            served.add(host);
            remote.answer().ifPresent(message::reply);
        });
        return target;
    }

    /** Another host that answers with its name, at a distance; none measured if it is zero. */
    private RemoteTarget at(String host, boolean sameSite, Duration roundTrip) {
        return at(host, sameSite, roundTrip, payload(host));
    }

    private RemoteTarget at(String host, boolean sameSite, Duration roundTrip, Optional<byte[]> answer) {
        RemoteTarget target = remote(host, 9, () -> answer);
        if (!roundTrip.isZero()) {
            target.path().answered(roundTrip);
        }
        return new RemoteTarget(
                target.host(), target.subject(), target.slots(), sameSite, false, target.calls(), target.path());
    }

    private RemoteTarget gone(String host) {
        return gone(host, 1);
    }

    private RemoteTarget gone(String host, int slots) {
        var id = new HostId(host);
        return new RemoteTarget(
                id, subjects.call(TARGET, id), slots, true, false, new RemoteCalls(), new PeerPath(System::nanoTime));
    }

    private void route(@org.jspecify.annotations.Nullable LocalActor local, RemoteTarget... remotes) {
        routes.publish(new RouteTable(
                Map.of(),
                Map.of(),
                Set.of(),
                local == null ? Map.of() : Map.of(TARGET, local),
                Map.of(TARGET, List.of(remotes)),
                Map.of()));
    }

    private static Payload reply(String text) {
        return new Payload.Opaque(ByteString.copyFromUtf8(text));
    }

    private static Optional<byte[]> payload(String text) {
        return Optional.of(CallCodec.encodeReply(reply(text)));
    }
}

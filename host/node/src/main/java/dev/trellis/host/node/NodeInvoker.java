package dev.trellis.host.node;

import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import dev.trellis.observability.telemetry.Propagation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls by the route snapshot. Order of choice: this host if it can start the call at once, then other hosts
 * with a free slot, those of this site first and then by measured round trip, then waiting in line. A host that is
 * being emptied comes later, one whose way is suspect or whose breaker has tripped later still, one that does not
 * answer pings last; one that is gone is left out. A host that certainly has not run the call (nobody there, overloaded, stopped the target) is passed over
 * for the next; any other failure ends the call, since it may have run, unless the operation is idempotent. A call
 * whose host is found to be gone while it waits for the reply fails at once as connection lost.
 */
final class NodeInvoker implements Invoker {
    /** Snapshots tried for one call, each only if the call has run nowhere by the one before. */
    static final int ROUNDS_MAX = 3;

    /** How long a call that its target has just refused waits to learn where the target runs now. */
    static final Duration MOVED_MAX = Duration.ofMillis(500);

    /** Round trips that differ by no more count as equally long: then the host with fewer of our calls is taken. */
    static final Duration NEAR = Duration.ofMillis(1);

    /** A call that had less time than this and no reply says nothing about the way. */
    private static final Duration LOST_MIN = Duration.ofMillis(250);

    private final Routes routes;
    private final LatticeTransport transport;
    private final OfferedStreams streams;
    private final CallTracing tracing;

    NodeInvoker(Routes routes, LatticeTransport transport, OfferedStreams streams, CallTracing tracing) {
        this.routes = routes;
        this.transport = transport;
        this.streams = streams;
        this.tracing = tracing;
    }

    @Override
    public Payload invoke(Invocation invocation) throws InterruptedException {
        return tracing.calling(invocation, this::invoke);
    }

    @SuppressWarnings("ReferenceEquality") // snapshots are told apart, not compared
    private Payload invoke(Invocation invocation, CallSpan span) throws InterruptedException {
        if (invocation.deadline().passed()) {
            throw deadlineExceeded(invocation);
        }
        RouteTable table = routes.now();
        Invocation call = invocation;
        for (int round = 1; ; round++) {
            try {
                return invoke(call, table, span);
            } catch (InvocationException e) {
                if (!ranNowhere(e.failure()) || round == ROUNDS_MAX) {
                    throw e;
                }
                RouteTable next = routes.now();
                if (next == table && e.getCause() instanceof Moved) {
                    long nanos = Math.min(
                            MOVED_MAX.toNanos(),
                            invocation.deadline().remaining().toNanos());
                    next = routes.awaitNext(table, nanos);
                }
                if (next == table) {
                    throw e;
                }
                table = next; // it has run nowhere, and what runs where, or where its link points, has changed
                call = next.redirected(call);
            }
        }
    }

    private static boolean ranNowhere(InvocationFailure failure) {
        return failure instanceof InvocationFailure.NoTarget || failure instanceof InvocationFailure.NotLinked;
    }

    private Payload invoke(Invocation invocation, RouteTable table, CallSpan span) throws InterruptedException {
        LocalTarget local = table.localTarget(invocation.target());
        List<RemoteTarget> remotes = table.remoteTargets(invocation.target());
        if (local != null) {
            try {
                var reply = local.invokeNow(invocation, span);
                if (reply.isPresent()) {
                    return reply.get();
                }
            } catch (InvocationException e) {
                if (!mayTryNext(invocation, e.failure())) {
                    throw e;
                }
                if (remotes.isEmpty()) {
                    throw moved(e);
                }
                local = null; // stopped since the snapshot, or not ready for this call: it will not be here later
            }
        }
        if (remotes.isEmpty()) {
            if (local == null) {
                throw noTarget(invocation, "runs on no host that can be reached now");
            }
            return waitHere(invocation, local, span);
        }
        return invokeRemotely(invocation, local, remotes, span);
    }

    private static Payload waitHere(Invocation invocation, LocalTarget local, CallSpan span)
            throws InterruptedException {
        span.stays();
        try {
            return local.invoke(invocation, span);
        } catch (InvocationException e) {
            throw moved(e);
        }
    }

    /** Marks a refusal of somebody who lives: the target has just been stopped there, so it may well have moved. */
    private static InvocationException moved(InvocationException e) {
        return e.failure() instanceof InvocationFailure.NoTarget
                ? new InvocationException(e.failure(), new Moved())
                : e;
    }

    /** The mark; without a stack, since it stands for no fault. */
    private static final class Moved extends Exception {
        private static final long serialVersionUID = 1L;

        Moved() {
            super("the target may run elsewhere by now", null, false, false);
        }
    }

    private Payload invokeRemotely(
            Invocation invocation, @Nullable LocalTarget local, List<RemoteTarget> remotes, CallSpan span)
            throws InterruptedException {
        InvocationException passedOver = null;
        for (RemoteTarget remote : order(remotes, local == null)) {
            if (invocation.deadline().passed()) {
                throw deadlineExceeded(invocation);
            }
            if (remote.trust() == RemoteTarget.Trust.NONE) {
                continue; // found out since the choice
            }
            try {
                return request(invocation, remote, span);
            } catch (InvocationException e) {
                if (!mayTryNext(invocation, e.failure())) {
                    throw e;
                }
                passedOver = e;
            }
        }
        if (local != null) {
            return waitHere(invocation, local, span);
        }
        throw passedOver == null
                ? noTarget(
                        invocation,
                        remotes.size() == 1
                                ? "its host " + remotes.getFirst().host() + " is gone"
                                : "its " + remotes.size() + " hosts are gone")
                : passedOver;
    }

    /**
     * The hosts to try, best first: trusted ones with a free slot; then, if waiting there is the only way, busy ones and
     * those that may not answer. None that is gone.
     */
    private static List<RemoteTarget> order(List<RemoteTarget> remotes, boolean waitRemotely) {
        if (remotes.size() == 1) {
            RemoteTarget only = remotes.getFirst();
            boolean taken = waitRemotely
                    ? only.trust() != RemoteTarget.Trust.NONE
                    : only.trust() == RemoteTarget.Trust.FULL && only.calls().outstanding() < only.slots();
            return taken ? remotes : List.of();
        }
        var candidates = new ArrayList<Candidate>(remotes.size());
        long nearest = Long.MAX_VALUE;
        long nearestHere = Long.MAX_VALUE;
        for (RemoteTarget remote : remotes) {
            var candidate = Candidate.of(remote);
            if (waitRemotely ? candidate.trust != RemoteTarget.Trust.NONE : candidate.trusted() && !candidate.busy()) {
                candidates.add(candidate);
                if (candidate.trusted() && remote.sameSite()) {
                    nearestHere = Math.min(nearestHere, candidate.roundTripNanos);
                } else if (candidate.trusted()) {
                    nearest = Math.min(nearest, candidate.roundTripNanos);
                }
            }
        }
        long near = nearest;
        long nearHere = nearestHere;
        candidates.sort(Comparator.comparing(Candidate::trust)
                .thenComparing(Candidate::busy)
                .thenComparing(candidate -> candidate.target.drained())
                .thenComparing(candidate -> !candidate.target.sameSite())
                .thenComparingLong(candidate -> candidate.distance(candidate.target.sameSite() ? nearHere : near))
                .thenComparingInt(Candidate::outstanding));
        return candidates.stream().map(Candidate::target).toList();
    }

    /** A target with what changes all the time as read once, so that sorting sees one value. */
    private record Candidate(RemoteTarget target, RemoteTarget.Trust trust, int outstanding, long roundTripNanos) {
        static Candidate of(RemoteTarget target) {
            return new Candidate(
                    target,
                    target.trust(),
                    target.calls().outstanding(),
                    target.path().roundTripNanos());
        }

        boolean trusted() {
            return trust == RemoteTarget.Trust.FULL;
        }

        boolean busy() {
            return outstanding >= target.slots();
        }

        /** The round trip, or 0 if it is about as short as that of the nearest. */
        long distance(long nearestNanos) {
            return roundTripNanos - nearestNanos <= NEAR.toNanos() ? 0 : roundTripNanos;
        }
    }

    private static boolean mayTryNext(Invocation invocation, InvocationFailure failure) {
        return switch (failure) {
            case InvocationFailure.NoTarget _, InvocationFailure.Overloaded _ -> true;
            case InvocationFailure.ConnectionLost _ -> idempotent(invocation);
            case InvocationFailure.NotLinked _,
                    InvocationFailure.DeadlineExceeded _,
                    InvocationFailure.Trapped _,
                    InvocationFailure.ActorFailed _,
                    InvocationFailure.ProviderFailed _,
                    InvocationFailure.UnknownOperation _,
                    InvocationFailure.PayloadTooLarge _,
                    InvocationFailure.Unavailable _,
                    InvocationFailure.Malformed _,
                    InvocationFailure.TooDeep _ -> false;
        };
    }

    private static boolean idempotent(Invocation invocation) {
        return Contracts.find(invocation.contract())
                .flatMap(contract -> contract.operation(invocation.operation()))
                .map(operation -> operation.idempotent())
                .orElse(false);
    }

    private Payload request(Invocation invocation, RemoteTarget remote, CallSpan span) throws InterruptedException {
        if (!(invocation.payload() instanceof Payload.Streamed(var _, var exchange))) {
            return request(invocation, CallCodec.encode(invocation), remote, span);
        }
        try (var offer = streams.offer(exchange, invocation.deadline())) {
            Payload reply;
            try {
                reply = request(invocation, CallCodec.encode(invocation, offer.ref()), remote, span);
            } catch (InvocationException e) {
                throw offer.touched() ? ran(invocation, e) : e;
            }
            if (reply.equals(Payload.EMPTY) && !offer.ended()) {
                throw new InvocationException(new InvocationFailure.Malformed(
                        "reply of " + invocation.target(),
                        "says that a response has come to its end, which it has not"));
            }
            return reply;
        }
    }

    /** The failure of a call that has used its exchange, and so cannot be made anywhere else. */
    private static InvocationException ran(Invocation invocation, InvocationException e) {
        return mayTryNext(invocation, e.failure()) || ranNowhere(e.failure())
                ? new InvocationException(
                        new InvocationFailure.ConnectionLost(
                                invocation.target().value(),
                                "its host gave it up in the middle: "
                                        + e.failure().message()),
                        e)
                : e;
    }

    private Payload request(Invocation invocation, byte[] request, RemoteTarget remote, CallSpan span)
            throws InterruptedException {
        RemoteCalls calls = remote.calls();
        Duration patience = invocation.deadline().remaining();
        span.leaves(remote, request.length);
        Message reply;
        calls.begin();
        try {
            reply = transport.request(remote.subject(), headers(span), request, patience);
        } catch (TransportException e) {
            switch (e.failure()) {
                case TransportFailure.NoResponders _ -> remote.path().absent();
                case TransportFailure.TimedOut _ -> {
                    if (patience.compareTo(LOST_MIN) >= 0) {
                        calls.lost(remote.path());
                    }
                }
                case TransportFailure.Disconnected _,
                        TransportFailure.Unreachable _,
                        TransportFailure.PayloadTooLarge _,
                        TransportFailure.Conflict _,
                        TransportFailure.Refused _ -> {} // says nothing about that host
            }
            throw translate(invocation, remote, e);
        } finally {
            calls.end();
        }
        remote.path().heard();
        calls.answered();
        span.comesBack(reply.payload().length);
        try {
            return CallCodec.decodeReply(invocation, reply.payload());
        } catch (InvocationException e) {
            throw moved(e);
        }
    }

    /** For tools of others that follow traces through NATS; a host reads the context in the call itself. */
    private static Map<String, String> headers(CallSpan span) {
        return span.recorded() ? Propagation.inject(span.context()) : Map.of();
    }

    private static InvocationException translate(Invocation invocation, RemoteTarget remote, TransportException e) {
        String target = invocation.target().value();
        String where = " (host " + remote.host() + ")";
        return new InvocationException(
                switch (e.failure()) {
                    case TransportFailure.NoResponders _ ->
                        new InvocationFailure.NoTarget(target, "its host does not answer" + where);
                    case TransportFailure.TimedOut _ ->
                        new InvocationFailure.DeadlineExceeded(target, "no reply by the call's deadline" + where);
                    case TransportFailure.Disconnected broken ->
                        broken.sent()
                                ? new InvocationFailure.ConnectionLost(
                                        target, "its host or the way there was lost during the call" + where)
                                : new InvocationFailure.NoTarget(target, "the lattice cannot be reached" + where);
                    case TransportFailure.PayloadTooLarge large ->
                        new InvocationFailure.PayloadTooLarge(target, large.message());
                    case TransportFailure.Unreachable unreachable ->
                        new InvocationFailure.NoTarget(target, unreachable.message() + where);
                    case TransportFailure.Refused refused ->
                        new InvocationFailure.NoTarget(target, refused.message() + where);
                    case TransportFailure.Conflict conflict ->
                        throw new IllegalStateException("a call cannot conflict: " + conflict, e);
                },
                e);
    }

    private static InvocationException noTarget(Invocation invocation, String message) {
        return new InvocationException(
                new InvocationFailure.NoTarget(invocation.target().value(), message));
    }

    private static InvocationException deadlineExceeded(Invocation invocation) {
        return new InvocationException(new InvocationFailure.DeadlineExceeded(
                invocation.target().value(), "the deadline had passed before the call was made"));
    }
}

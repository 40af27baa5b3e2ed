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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls by the route snapshot. Order of choice: this host if it can start the call at once, then other hosts
 * with a free slot, nearest first, then waiting in line where the fewest of our calls are. A host that certainly has
 * not run the call (nobody there, overloaded, stopped the target) is passed over for the next; any other failure ends
 * the call, since it may have run, unless the operation is idempotent.
 */
final class NodeInvoker implements Invoker {
    private final Routes routes;
    private final LatticeTransport transport;

    NodeInvoker(Routes routes, LatticeTransport transport) {
        this.routes = routes;
        this.transport = transport;
    }

    @Override
    public Payload invoke(Invocation invocation) throws InterruptedException {
        if (invocation.deadline().passed()) {
            throw deadlineExceeded(invocation);
        }
        RouteTable table = routes.now();
        LocalTarget local = table.localTarget(invocation.target());
        List<RemoteTarget> remotes = table.remoteTargets(invocation.target());
        if (local != null) {
            try {
                var reply = local.invokeNow(invocation);
                if (reply.isPresent()) {
                    return reply.get();
                }
            } catch (InvocationException e) {
                if (remotes.isEmpty() || !mayTryNext(invocation, e.failure())) {
                    throw e;
                }
                local = null; // stopped since the snapshot, or not ready for this call: it will not be here later
            }
        }
        if (remotes.isEmpty()) {
            if (local == null) {
                throw noTarget(invocation, "runs on no host that can be reached now");
            }
            return local.invoke(invocation);
        }
        return invokeRemotely(invocation, local, remotes);
    }

    private Payload invokeRemotely(Invocation invocation, @Nullable LocalTarget local, List<RemoteTarget> remotes)
            throws InterruptedException {
        InvocationException passedOver = null;
        for (RemoteTarget remote : order(remotes, local == null)) {
            if (invocation.deadline().passed()) {
                throw deadlineExceeded(invocation);
            }
            try {
                return request(invocation, remote);
            } catch (InvocationException e) {
                if (!mayTryNext(invocation, e.failure())) {
                    throw e;
                }
                passedOver = e;
            }
        }
        if (local != null) {
            return local.invoke(invocation);
        }
        throw passedOver == null ? noTarget(invocation, "runs on no host that can be reached now") : passedOver;
    }

    /** Hosts with a free slot, nearest and then least busy first; then, if waiting there is the only way, the others. */
    private static List<RemoteTarget> order(List<RemoteTarget> remotes, boolean waitRemotely) {
        if (remotes.size() == 1) {
            return waitRemotely || remotes.getFirst().free() ? remotes : List.of();
        }
        var candidates = new ArrayList<Candidate>(remotes.size());
        for (RemoteTarget remote : remotes) {
            int outstanding = remote.outstanding().get();
            if (waitRemotely || outstanding < remote.slots()) {
                candidates.add(new Candidate(remote, outstanding));
            }
        }
        candidates.sort(Candidate.BEST_FIRST);
        return candidates.stream().map(Candidate::target).toList();
    }

    /** A target with its load as read once, so that sorting sees one value. */
    private record Candidate(RemoteTarget target, int outstanding) {
        static final Comparator<Candidate> BEST_FIRST = Comparator.comparing(
                        (Candidate candidate) -> candidate.outstanding >= candidate.target.slots())
                .thenComparing(candidate -> !candidate.target.sameSite())
                .thenComparingInt(Candidate::outstanding);
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

    private Payload request(Invocation invocation, RemoteTarget remote) throws InterruptedException {
        remote.outstanding().incrementAndGet();
        try {
            Message reply = transport.request(
                    remote.subject(),
                    CallCodec.encode(invocation),
                    invocation.deadline().remaining());
            return CallCodec.decodeReply(invocation, reply.payload());
        } catch (TransportException e) {
            throw translate(invocation, remote, e);
        } finally {
            remote.outstanding().decrementAndGet();
        }
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
                                        target, "the lattice connection broke during the call" + where)
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

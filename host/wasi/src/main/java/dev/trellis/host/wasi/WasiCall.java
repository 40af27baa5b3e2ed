package dev.trellis.host.wasi;

import dev.trellis.host.actor.ActorCall;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.EntityId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One call that a component is answering, or its initialisation; attached to its instance meanwhile. */
final class WasiCall extends ActorCall {
    private final Waker waker = new Waker();
    private final List<Runnable> beforeWaits = new ArrayList<>(0);
    private final OpenFiles openFiles = new OpenFiles();
    private final WasiEnvironment environment;
    private final HttpCall http = new HttpCall();
    private @Nullable Stdio stdio;
    private @Nullable ComponentInstance instance;

    /**
     * A call of a deployed actor, which has nothing around it.
     *
     * @param invocation null during initialisation
     */
    WasiCall(
            EntityId actor,
            ActorLimits limits,
            GuestServices services,
            @Nullable Invocation invocation,
            Deadline deadline) {
        this(actor, limits, services, invocation, deadline, WasiEnvironment.NONE);
    }

    WasiCall(
            EntityId actor,
            ActorLimits limits,
            GuestServices services,
            @Nullable Invocation invocation,
            Deadline deadline,
            WasiEnvironment environment) {
        super(actor, limits, services, invocation, deadline);
        this.environment = environment;
    }

    /** Where the guest waits, and is woken when something happens that it may wait for. */
    Waker waker() {
        return waker;
    }

    /** What the guest finds around it. */
    WasiEnvironment environment() {
        return environment;
    }

    /** Counts what the guest holds open of the host's files. */
    OpenFiles openFiles() {
        return openFiles;
    }

    /** Where what the guest prints goes; the same for all of the call. */
    Stdio stdio() {
        Stdio known = stdio;
        if (known == null) {
            known = environment.stdio().apply(this);
            stdio = known;
        }
        return known;
    }

    /** What the guest's HTTP requests and responses have in common. */
    HttpCall http() {
        return http;
    }

    /** To be run on the guest's thread whenever the guest is about to wait: sends on what is kept back until then. */
    void beforeWait(Runnable action) {
        beforeWaits.add(action);
    }

    /** Ends what {@link #beforeWait} began for this very object. */
    @SuppressWarnings("ReferenceEquality") // exactly the object added
    void notBeforeWait(Runnable action) {
        for (int i = beforeWaits.size() - 1; i >= 0; i--) {
            if (beforeWaits.get(i) == action) {
                beforeWaits.remove(i);
                return;
            }
        }
    }

    /** The instance that runs the guest, whose budget stands still while it waits; without, waiting uses it up. */
    void runsIn(ComponentInstance of) {
        instance = of;
    }

    /** As {@link #await(List)}. */
    void await(Pollable pollable) throws InterruptedException {
        await(List.of(pollable));
    }

    /**
     * Waits on the guest's thread until one of {@code pollables} is ready.
     *
     * @throws InterruptedException if the guest's time is over, or the caller does not wait any more
     */
    void await(List<Pollable> pollables) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before a wait of a guest");
        }
        for (Pollable one : pollables) {
            if (one.ready()) {
                return;
            }
        }
        for (Runnable action : List.copyOf(beforeWaits)) {
            action.run();
        }
        ComponentInstance of = instance;
        if (of == null) {
            waker.await(pollables, Pollable.NEVER);
            return;
        }
        long until = deadline().nanoTime();
        of.await(until, () -> waker.await(pollables, until));
        if (deadline().passed()) {
            throw new CallEndedException(new InvocationFailure.DeadlineExceeded(
                    actor().value(), "the deadline passed while the guest waited"));
        }
    }

    /**
     * The guest has ended, and holds no stream any more: lines that it did not end are logged, requests that it made are
     * given up.
     */
    void end() {
        http.end();
        Stdio known = stdio;
        if (known != null) {
            known.end();
        }
    }
}

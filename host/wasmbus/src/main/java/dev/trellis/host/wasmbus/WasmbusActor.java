package dev.trellis.host.wasmbus;

import dev.trellis.host.actor.Actor;
import dev.trellis.host.actor.ActorCall;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.ActorStartException;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.host.engine.GuestInstance;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.HostFunctions;
import dev.trellis.host.engine.InstancePool;
import dev.trellis.host.engine.LinkException;
import dev.trellis.host.engine.OutputSink;
import dev.trellis.host.engine.PoolOptions;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.model.EntityId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.event.Level;

/** A classic actor that answers calls: a pool of instances of one module. Safe for concurrent use. */
public final class WasmbusActor implements Actor {
    /*
     * Which failure a call ends with, first that applies:
     * 1. the guest was ended: time -> DeadlineExceeded, a limit of payloads -> PayloadTooLarge, any other -> Trapped;
     * 2. it gave an error text: UnknownOperation if the text says so and no host call failed, else ActorFailed with the
     *    last failed host call as its cause;
     * 3. a host call failed and it never asked why -> ActorFailed with that cause, whatever it answered;
     * 4. __guest_call gave another number than 1 -> ActorFailed;
     * 5. what it answered is not the contract's reply -> Malformed.
     * No answer is an empty one.
     */

    /** Actors built with the published SDK say so when they lack an operation. */
    private static final String NOT_HANDLED = "method not handled";

    private static final String[] INIT_EXPORTS = {"_initialize", WasmbusModule.START, "wapc_init"};
    private static final int GUEST_OK = 1;
    private static final byte[] HANDLE_REQUEST = HttpServerFace.OPERATION.getBytes(StandardCharsets.UTF_8);
    private static final byte[] HEALTH_REQUEST = ActorHealth.OPERATION.getBytes(StandardCharsets.UTF_8);

    private final EntityId id;
    private final ActorLimits limits;
    private final GuestServices services;
    private final boolean command;
    private final Duration timeBudget;
    private final InstancePool pool;

    private WasmbusActor(
            EntityId id,
            ActorLimits limits,
            GuestServices services,
            boolean command,
            Duration timeBudget,
            InstancePool pool) {
        this.id = id;
        this.limits = limits;
        this.services = services;
        this.command = command;
        this.timeBudget = timeBudget;
        this.pool = pool;
    }

    /**
     * Links a module and runs what it runs once: its start function, then {@code _initialize}, {@code _start} and
     * {@code wapc_init} as far as it has them.
     *
     * @param state what a call sees of the calls before it; commands must be {@link PoolOptions.State#FRESH}
     * @throws ActorStartException if the module does not link or its initialisation failed
     * @throws InterruptedException if this thread was interrupted during initialisation
     */
    public static WasmbusActor start(
            WasmbusModule module,
            EntityId id,
            GuestLimits guestLimits,
            ActorLimits limits,
            PoolOptions.State state,
            GuestServices services)
            throws InterruptedException {
        boolean command = module.command();
        if (command && state != PoolOptions.State.FRESH) {
            throw new IllegalArgumentException("actor " + id
                    + " is a command, which runs once for each call; its instances cannot be shared between calls");
        }
        OutputSink output = (guest, _, line) ->
                guest.findAttachment(ActiveCall.class).ifPresent(call -> call.log(Level.INFO, line));
        HostFunctions imports = HostFunctions.of(WasmbusImports.functions()).withWasi(output);
        var options = new PoolOptions(List.of(), state, null);
        if (command) {
            imports = imports.replacing(CommandImports.functions());
        } else {
            var starting = new ActiveCall(
                    id, limits, services, new byte[0], GuestBytes.EMPTY, null, Deadline.in(guestLimits.startBudget()));
            options = options.withInitExports(INIT_EXPORTS).withInitAttachment(starting);
        }
        try {
            InstancePool pool = module.module().pool(imports, guestLimits, options);
            return new WasmbusActor(id, limits, services, command, guestLimits.timeBudget(), pool);
        } catch (LinkException | GuestException | CallEndedException e) {
            throw new ActorStartException("actor " + id + " cannot start: " + e.getMessage(), e);
        }
    }

    /**
     * Answers one call on this thread, in an instance of its own. The guest gets the earlier of the invocation's deadline
     * and its own time budget.
     *
     * @return the contract's reply for a contract that Trellis knows, else the guest's bytes
     * @throws InvocationException with the reason if there is no reply
     * @throws InterruptedException if the calling thread was interrupted; the guest may have run
     */
    public Payload handle(Invocation invocation) throws InterruptedException {
        return handle(invocation, CallObserver.NONE);
    }

    /** {@link #handle(Invocation)}, telling {@code observer} how it goes. */
    @Override
    public Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException {
        return switch (invocation.payload()) {
            case Payload.Opaque(var bytes) -> {
                byte[] operation = invocation.operation().getBytes(StandardCharsets.UTF_8);
                yield new Payload.Opaque(run(operation, GuestBytes.of(bytes), invocation, observer)
                        .toByteString());
            }
            case Payload.Typed(HttpRequest request) -> {
                GuestBytes reply = run(HANDLE_REQUEST, HttpServerFace.encode(request), invocation, observer);
                try {
                    yield new Payload.Typed(HttpServerFace.decode(reply));
                } catch (MessagePackException e) {
                    throw malformed(HttpServerFace.OPERATION, e);
                }
            }
            case Payload.Streamed streamed -> handle(withWholeRequest(invocation, streamed), observer);
            case Payload.Typed _ ->
                throw new InvocationException(new InvocationFailure.UnknownOperation(
                        id.value(),
                        "classic actors do not serve " + invocation.operation() + " of " + invocation.contract()));
        };
    }

    /** The same call with all of the request's body, which classic actors take in one piece. */
    private Invocation withWholeRequest(Invocation invocation, Payload.Streamed request) throws InterruptedException {
        if (request.exchange().requestEnded() || !(request.message() instanceof HttpRequest head)) {
            return invocation.withPayload(new Payload.Typed(request.message()));
        }
        return invocation.withPayload(new Payload.Typed(
                HttpBodies.wholeRequest(head, request.exchange(), limits.payloadBytesMax(), invocation.deadline())));
    }

    /**
     * Asks the actor how it is.
     *
     * @param invocation names source, deadline and trace of the question; its operation and payload do not count
     * @throws InvocationException with the reason if there is no answer
     * @throws InterruptedException if the calling thread was interrupted
     */
    public ActorHealth health(Invocation invocation) throws InterruptedException {
        GuestBytes reply = run(HEALTH_REQUEST, ActorHealth.REQUEST, invocation, CallObserver.NONE);
        try {
            return ActorHealth.decode(reply);
        } catch (MessagePackException e) {
            throw malformed(ActorHealth.OPERATION, e);
        }
    }

    /** Drops idle instances; those that answer a call are dropped after it. New calls fail as having no target. */
    @Override
    public void close() {
        pool.close();
    }

    private GuestBytes run(byte[] operation, GuestBytes request, Invocation invocation, CallObserver observer)
            throws InterruptedException {
        if (request.length() > limits.payloadBytesMax()) {
            throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                    id.value(), WasmbusImports.tooLarge("request", request.length(), limits.payloadBytesMax())));
        }
        long left = invocation.deadline().remainingNanos();
        if (left <= 0) {
            throw new InvocationException(
                    new InvocationFailure.DeadlineExceeded(id.value(), "the deadline had passed before the guest ran"));
        }
        Duration budget = left < timeBudget.toNanos() ? Duration.ofNanos(left) : timeBudget;
        var deadline = Deadline.in(budget);
        GuestBytes reply = command
                ? runCommand(
                        new CommandCall(id, limits, services, operation, request, invocation, deadline),
                        budget,
                        observer)
                : runCall(
                        new ActiveCall(id, limits, services, operation, request, invocation, deadline),
                        budget,
                        observer);
        observer.answered(reply.length());
        return reply;
    }

    private GuestInstance borrow(ActiveCall call, Duration budget, CallObserver observer) throws InterruptedException {
        try {
            GuestInstance guest = pool.borrow(call, budget);
            observer.began(call.request.length(), guest.reused());
            return guest;
        } catch (IllegalStateException e) {
            throw new InvocationException(
                    new InvocationFailure.NoTarget(id.value(), "it was stopped on this host; the guest did not run"),
                    e);
        }
    }

    private GuestBytes runCall(ActiveCall call, Duration budget, CallObserver observer) throws InterruptedException {
        int outcome;
        try (GuestInstance guest = borrow(call, budget, observer)) {
            outcome = guest.callI32(WasmbusModule.GUEST_CALL, call.operation.length, call.request.length());
        } catch (CallEndedException e) {
            observer.broke();
            throw new InvocationException(e.failure(), e);
        } catch (GuestException e) {
            observer.broke();
            throw new InvocationException(failure(e.failure()), e);
        }
        if (call.error != null) {
            throw failed(call, call.error);
        }
        if (call.hostError != null) {
            throw failed(
                    call,
                    "it did not ask why a host call failed: " + new String(call.hostError, StandardCharsets.UTF_8));
        }
        if (outcome != GUEST_OK) {
            throw failed(call, "operation failed with exit code " + outcome);
        }
        GuestBytes response = call.response;
        return response == null ? GuestBytes.EMPTY : response;
    }

    private GuestBytes runCommand(CommandCall call, Duration budget, CallObserver observer)
            throws InterruptedException {
        try (GuestInstance guest = borrow(call, budget, observer)) {
            guest.call(WasmbusModule.START);
        } catch (CallEndedException e) {
            observer.broke();
            throw new InvocationException(e.failure(), e);
        } catch (GuestException e) {
            observer.broke();
            if (!(e.failure() instanceof GuestFailure.Exited(int code))) {
                throw new InvocationException(failure(e.failure()), e);
            }
            if (code != 0) {
                String said = call.stderrText().strip();
                throw failed(call, said.isEmpty() ? "operation failed with exit code " + code : said);
            }
        } finally {
            call.logStderr();
        }
        return call.reply();
    }

    private InvocationException failed(ActiveCall call, String text) {
        Optional<InvocationFailure> cause = call.hostFailure();
        String message = InvocationFailure.limited(text);
        return new InvocationException(
                cause.isEmpty() && text.contains(NOT_HANDLED)
                        ? new InvocationFailure.UnknownOperation(id.value(), message)
                        : new InvocationFailure.ActorFailed(id.value(), message, cause));
    }

    private InvocationFailure failure(GuestFailure failure) {
        return ActorCall.failure(id, failure);
    }

    private InvocationException malformed(String operation, MessagePackException cause) {
        return new InvocationException(new InvocationFailure.Malformed(
                operation + " reply of " + id, InvocationFailure.limited(cause.getMessage())));
    }
}

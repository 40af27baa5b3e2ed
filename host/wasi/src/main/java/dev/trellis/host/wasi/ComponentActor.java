package dev.trellis.host.wasi;

import com.google.protobuf.MessageLite;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.host.actor.Actor;
import dev.trellis.host.actor.ActorCall;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.ActorStartException;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.ComponentLinkException;
import dev.trellis.host.component.ComponentPool;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.component.ValueFormException;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.InvalidModuleException;
import dev.trellis.host.engine.LinkException;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A component that answers calls: a pool of instances of it. Safe for concurrent use. */
public final class ComponentActor implements Actor {
    /*
     * Which failure a call ends with:
     * - the guest was ended: by its time -> DeadlineExceeded, by a limit of payloads -> PayloadTooLarge, by a call over a link
     *   that failed, which its own function cannot tell it of -> ActorFailed with that failure as its cause, any other
     *   -> Trapped;
     * - the request is not one of the function, or of another type of it -> Malformed, which the caller's host explains;
     * - the reply is larger than it may be -> PayloadTooLarge.
     * What a function of the component's own WIT answers is its result, also where that is an error.
     */

    private static final String CLI_RUN = "wasi:cli/run@" + WasiImports.VERSION + "#run";
    private static final int EXPORTS_NAMED_MAX = 10;

    /** What is counted for a response that went through an exchange, which counts itself. */
    private static final int STREAMED_BYTES = 0;

    private final EntityId id;
    private final ActorLimits limits;
    private final GuestServices services;
    private final Duration timeBudget;
    private final ComponentPool pool;
    private final Optional<ComponentExport> httpHandler;
    private final OwnExports own;

    private ComponentActor(
            EntityId id,
            ActorLimits limits,
            GuestServices services,
            Duration timeBudget,
            ComponentPool pool,
            Optional<ComponentExport> httpHandler,
            OwnExports own) {
        this.id = id;
        this.limits = limits;
        this.services = services;
        this.timeBudget = timeBudget;
        this.pool = pool;
        this.httpHandler = httpHandler;
        this.own = own;
    }

    /**
     * Links a component and makes its first instance. What it imports is offered by the host, or an interface of its own WIT,
     * whose functions call over links.
     *
     * @throws ActorStartException if it imports anything else, needs what Trellis does not have, exports nothing that can be
     *     called, or fails while it starts
     * @throws InterruptedException if this thread was interrupted meanwhile
     */
    public static ComponentActor start(
            ValidComponent component,
            WasmEngine engine,
            EntityId id,
            GuestLimits guestLimits,
            ActorLimits limits,
            GuestServices services)
            throws InterruptedException {
        try {
            ComponentImports offered = WasiImports.all();
            LinkedComponent linked =
                    LinkedComponent.link(component, engine, offered.and(LinkedInterfaces.of(component, offered)));
            var own = new OwnExports(linked);
            Optional<ComponentExport> httpHandler = linked.export(IncomingHttp.HANDLE);
            if (own.isEmpty() && httpHandler.isEmpty()) {
                throw new ComponentLinkException(
                        "component",
                        "it exports nothing that a link could call: that is wasi:http/incoming-handler, or functions of an"
                                + " interface with a package of its own, such as acme:shop/pricing; there "
                                + exported(linked));
            }
            return new ComponentActor(
                    id,
                    limits,
                    services,
                    guestLimits.timeBudget(),
                    linked.poolWith(
                            guestLimits,
                            () -> new WasiCall(id, limits, services, null, Deadline.in(guestLimits.startBudget()))),
                    httpHandler,
                    own);
        } catch (ComponentLinkException
                | InvalidModuleException
                | LinkException
                | GuestException
                | CallEndedException e) {
            throw new ActorStartException("actor " + id + " cannot start: " + e.getMessage(), e);
        }
    }

    private static String exported(LinkedComponent linked) {
        if (linked.exports().isEmpty()) {
            return "is nothing";
        }
        String names = linked.exports().keySet().stream()
                .limit(EXPORTS_NAMED_MAX)
                .collect(Collectors.joining(", ", "is ", linked.exports().size() > EXPORTS_NAMED_MAX ? ", ..." : ""));
        return linked.export(CLI_RUN).isEmpty() ? names : names + "; a command is run by 'trellis actor run'";
    }

    /**
     * Answers one call on this thread, in an instance of its own. It ends at the invocation's deadline, or when the guest's
     * own time budget is used up: by running, and not by waiting in {@code wasi:io/poll} or a blocking stream.
     *
     * @return the response of HTTP, as {@link Payload.Streamed} says; for the component's own WIT the function's result, as
     *     JSON if the call is one of {@link Contracts#ACTOR}
     * @throws InvocationException with the reason if there is no reply
     * @throws InterruptedException if the calling thread was interrupted; the guest may have run
     */
    @Override
    public Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException {
        return switch (invocation.payload()) {
            case Payload.Opaque(var bytes) ->
                invocation.contract().equals(Contracts.ACTOR)
                        ? callByName(invocation, bytes.toByteArray(), observer)
                        : callOwn(invocation, bytes.toByteArray(), observer);
            case Payload.Typed(MessageLite message) -> callHttp(invocation, message, observer);
            case Payload.Streamed(MessageLite message, var _) -> callHttp(invocation, message, observer);
        };
    }

    private Payload callHttp(Invocation invocation, MessageLite message, CallObserver observer)
            throws InterruptedException {
        if (!invocation.contract().equals(Contracts.HTTP_SERVER.id())) {
            throw unknown("components do not serve " + invocation.operation() + " of " + invocation.contract());
        }
        ComponentExport handler = httpHandler.orElseThrow(
                () -> unknown("it exports no wasi:http/incoming-handler, which answers requests of HTTP servers"));
        Payload reply = run(
                invocation,
                message.getSerializedSize(),
                observer,
                (instance, call) -> IncomingHttp.handle(instance, handler, call, invocation.payload()));
        observer.answered(
                reply instanceof Payload.Typed(MessageLite response) ? response.getSerializedSize() : STREAMED_BYTES);
        return reply;
    }

    private Payload callOwn(Invocation invocation, byte[] request, CallObserver observer) throws InterruptedException {
        Optional<OwnExports.Function> found = own.find(invocation);
        if (found.isEmpty()) {
            String function = invocation.contract() + "/" + invocation.operation();
            throw unknown(own.refusal(invocation)
                    .map(why -> function + " cannot be called over a link: " + why)
                    .orElse("it exports no function " + function));
        }
        OwnExports.Function function = found.get();
        checkSize("request", request);
        try {
            @Nullable Object[] values = function.form().readCall(request);
            byte[] reply = run(invocation, request.length, observer, (instance, _) -> function.form()
                    .writeResult(instance.call(function.export(), values), limits.payloadBytesMax()));
            observer.answered(reply.length);
            return new Payload.Opaque(UnsafeByteOperations.unsafeWrap(reply));
        } catch (ValueFormException e) {
            throw new InvocationException(OwnInterface.failure(
                    id.value() + ", call of " + invocation.contract() + "/" + invocation.operation(), e));
        }
    }

    /** From people, and from classic actors, who know a function's name and not its types: JSON both ways. */
    private Payload callByName(Invocation invocation, byte[] request, CallObserver observer)
            throws InterruptedException {
        OwnExports.Function function = own.byPath(invocation.operation())
                .orElseThrow(() -> unknown(
                        "it exports no function " + invocation.operation() + "; there " + exported(pool.component())));
        checkSize("request", request);
        @Nullable Object[] values;
        try {
            values = JsonValues.arguments(function.export().type(), request);
        } catch (IllegalArgumentException e) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    id.value() + ", call of " + function.export(),
                    InvocationFailure.limited(e.getMessage() + "; the function is "
                            + function.form().signature())));
        }
        byte[] reply = run(
                invocation,
                request.length,
                observer,
                (instance, _) -> JsonValues.result(function.export().type(), instance.call(function.export(), values)));
        checkSize("reply", reply);
        observer.answered(reply.length);
        return new Payload.Opaque(UnsafeByteOperations.unsafeWrap(reply));
    }

    private void checkSize(String what, byte[] bytes) {
        if (bytes.length > limits.payloadBytesMax()) {
            throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                    id.value(),
                    what + " of " + bytes.length + " bytes is larger than " + limits.payloadBytesMax()
                            + " (payload-bytes-max)"));
        }
    }

    /** What is done with an instance while it is borrowed. */
    private interface Use<R, E extends Exception> {
        R with(ComponentInstance instance, WasiCall call) throws InterruptedException, E;
    }

    private <R, E extends Exception> R run(
            Invocation invocation, int requestBytes, CallObserver observer, Use<R, E> use)
            throws InterruptedException, E {
        long left = invocation.deadline().remainingNanos();
        if (left <= 0) {
            throw new InvocationException(
                    new InvocationFailure.DeadlineExceeded(id.value(), "the deadline had passed before the guest ran"));
        }
        Duration budget = left < timeBudget.toNanos() ? Duration.ofNanos(left) : timeBudget;
        var call = new WasiCall(id, limits, services, invocation, invocation.deadline());
        try (ComponentInstance instance = borrow(call, budget)) {
            call.runsIn(instance);
            observer.began(requestBytes, instance.reused());
            try {
                return use.with(instance, call);
            } finally {
                if (instance.broken()) {
                    observer.broke();
                }
            }
        } catch (CallEndedException e) {
            throw new InvocationException(e.failure(), e);
        } catch (GuestException e) {
            throw new InvocationException(ActorCall.failure(id, e.failure()), e);
        } finally {
            call.end();
        }
    }

    private ComponentInstance borrow(WasiCall call, Duration budget) throws InterruptedException {
        try {
            return pool.borrow(call, budget);
        } catch (IllegalStateException e) {
            throw new InvocationException(
                    new InvocationFailure.NoTarget(id.value(), "it was stopped on this host; the guest did not run"),
                    e);
        }
    }

    private InvocationException unknown(String message) {
        return new InvocationException(new InvocationFailure.UnknownOperation(id.value(), message));
    }

    /** Drops idle instances; those that answer a call are dropped after it. New calls fail as having no target. */
    @Override
    public void close() {
        pool.close();
    }
}

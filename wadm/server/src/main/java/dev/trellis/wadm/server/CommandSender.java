package dev.trellis.wadm.server;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.wadm.core.WadmCommand;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ExecutorService;

/** Sends commands to hosts over the control interface, a bounded number at a time. Owns the queue of those that wait. */
final class CommandSender {
    /** Commands that await their answers at a time. */
    static final int CONCURRENT_MAX = 32;

    /** Commands that wait for their turn; further ones are handed back unsent and come again with the next plan. */
    static final int WAITING_MAX = 10_000;

    sealed interface Command {}

    /** Sends {@code commands} in order; {@code replyTo} hears of each. */
    record Send(long epoch, List<WadmCommand> commands, ActorRef<Outcome> replyTo) implements Command {
        Send {
            commands = List.copyOf(commands);
        }
    }

    private record Done(Outcome outcome, ActorRef<Outcome> replyTo) implements Command {}

    /** What came of one command. */
    sealed interface Outcome {
        WadmCommand command();

        /** A host has taken it; whether it works out is seen in inventories and stores. */
        record Accepted(WadmCommand command) implements Outcome {}

        /** It was refused, or nobody answered. */
        record Failed(WadmCommand command, String message) implements Outcome {}

        /** There was no room to send it. */
        record NotSent(WadmCommand command) implements Outcome {}
    }

    private record Waiting(long epoch, WadmCommand command, ActorRef<Outcome> replyTo) {}

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    private record Request(String subject, byte[] payload) {}

    private final ActorContext<Command> context;
    private final LatticeTransport transport;
    private final Subjects subjects;
    private final Duration timeout;
    private final ExecutorService io;
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private int running;

    private CommandSender(
            ActorContext<Command> context, WadmConfig config, LatticeTransport transport, ExecutorService io) {
        this.context = context;
        this.transport = transport;
        this.subjects = Subjects.of(config.lattice());
        this.timeout = config.commandTimeout();
        this.io = io;
    }

    static Behavior<Command> create(WadmConfig config, LatticeTransport transport, ExecutorService io) {
        Behavior<Command> supervised =
                Behaviors.setup(context -> new CommandSender(context, config, transport, io).running());
        return Behaviors.supervise(supervised)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
    }

    private Behavior<Command> running() {
        return Behaviors.receiveMessage(command -> switch (command) {
            case Send send -> onSend(send);
            case Done done -> onDone(done);
        });
    }

    private Behavior<Command> onSend(Send send) {
        for (WadmCommand command : send.commands()) {
            if (waiting.size() < WAITING_MAX) {
                waiting.add(new Waiting(send.epoch(), command, send.replyTo()));
            } else {
                send.replyTo().tell(new Outcome.NotSent(command));
            }
        }
        next();
        return Behaviors.same();
    }

    private Behavior<Command> onDone(Done done) {
        running--;
        done.replyTo().tell(done.outcome());
        next();
        return Behaviors.same();
    }

    private void next() {
        while (running < CONCURRENT_MAX && !waiting.isEmpty()) {
            Waiting next = waiting.remove();
            running++;
            context.pipeToSelf(
                    Work.on(io, () -> send(next)),
                    (outcome, error) -> new Done(
                            error == null ? outcome : new Outcome.Failed(next.command(), Work.message(error)),
                            next.replyTo()));
        }
    }

    private Outcome send(Waiting next) throws InterruptedException {
        Request request = request(next.command());
        Message reply = transport.request(
                request.subject(),
                Map.of(ControlRequests.EPOCH_HEADER, Long.toString(next.epoch())),
                request.payload(),
                timeout);
        var answer = WireJson.readReply(reply.payload(), Object.class);
        return answer.success()
                ? new Outcome.Accepted(next.command())
                : new Outcome.Failed(
                        next.command(), answer.message().isEmpty() ? "refused without a reason" : answer.message());
    }

    private Request request(WadmCommand command) {
        return switch (command) {
            case WadmCommand.ScaleActor scale ->
                new Request(
                        subjects.control("component.scale", scale.host()),
                        WireJson.write(new ControlRequests.ScaleActor(
                                scale.image().value(),
                                scale.actor().value(),
                                scale.annotations(),
                                scale.count(),
                                Map.of(),
                                scale.host().value(),
                                scale.config(),
                                true)));
            case WadmCommand.StartProvider start ->
                new Request(
                        subjects.control("provider.start", start.host()),
                        WireJson.write(new ControlRequests.StartProvider(
                                start.provider().value(),
                                start.image().value(),
                                start.host().value(),
                                start.config(),
                                start.annotations(),
                                true,
                                start.drain().toMillis())));
            case WadmCommand.StopProvider stop ->
                new Request(
                        subjects.control("provider.stop", stop.host()),
                        WireJson.write(new ControlRequests.StopProvider(
                                stop.host().value(),
                                stop.provider().value(),
                                null,
                                stop.drain().toMillis())));
            case WadmCommand.PutConfig put ->
                new Request(subjects.control("config.put." + put.name()), WireJson.write(put.values()));
            case WadmCommand.DeleteConfig delete ->
                new Request(subjects.control("config.del." + delete.name()), new byte[0]);
            case WadmCommand.PutLink put ->
                new Request(subjects.control("link.put"), WireJson.write(LinkMessage.of(put.link())));
            case WadmCommand.PrepareLink prepare ->
                new Request(
                        subjects.control("link.put"),
                        WireJson.write(LinkMessage.of(prepare.link(), Optional.of(prepare.next()))));
            case WadmCommand.MoveLink move ->
                new Request(
                        subjects.control("link.put"), WireJson.write(LinkMessage.move(move.link(), move.revision())));
            case WadmCommand.DeleteLink delete ->
                new Request(
                        subjects.control("link.del"),
                        WireJson.write(new ControlRequests.DeleteLink(
                                delete.link().source().value(),
                                delete.link().name().value(),
                                delete.link().contract().namespace(),
                                delete.link().contract().packageName())));
        };
    }
}

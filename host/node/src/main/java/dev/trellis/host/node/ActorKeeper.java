package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Owns the actors' supervisors, one per actor that this host has ever been asked to run: a stopped actor's supervisor
 * stays, idle, so that no command can miss it.
 */
final class ActorKeeper {
    /** Actors that one host takes; a scale of one more is refused. */
    static final int ACTORS_MAX = 10_000;

    sealed interface Command {}

    record ForActor(EntityId id, ActorSupervisor.Command command, Consumer<ControlReply<Void>> reply)
            implements Command {}

    private final ActorContext<Command> context;
    private final ActorSupervisor.Surroundings host;
    private final Map<EntityId, ActorRef<ActorSupervisor.Command>> supervisors = new HashMap<>();

    private ActorKeeper(ActorContext<Command> context, ActorSupervisor.Surroundings host) {
        this.context = context;
        this.host = host;
    }

    static Behavior<Command> create(ActorSupervisor.Surroundings host) {
        return Behaviors.setup(context -> new ActorKeeper(context, host).behavior());
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> switch (command) {
            case ForActor forActor -> onForActor(forActor);
        });
    }

    private Behavior<Command> onForActor(ForActor forActor) {
        EntityId id = forActor.id();
        var supervisor = supervisors.get(id);
        if (supervisor == null) {
            if (!(forActor.command() instanceof ActorSupervisor.Scale scale
                    && scale.wish().count() > 0)) {
                forActor.reply().accept(notHere(forActor)); // what never ran takes no room
                return Behaviors.same();
            }
            if (supervisors.size() >= ACTORS_MAX) {
                forActor.reply()
                        .accept(ControlReply.refused("this host has run " + ACTORS_MAX + " actors, its maximum"));
                return Behaviors.same();
            }
            supervisor = context.spawn(HostGuardian.resuming(ActorSupervisor.create(id, host)), "actor-" + id);
            supervisors.put(id, supervisor);
        }
        supervisor.tell(forActor.command());
        return Behaviors.same();
    }

    private static ControlReply<Void> notHere(ForActor forActor) {
        String message = "actor " + forActor.id() + " does not run on this host";
        return forActor.command() instanceof ActorSupervisor.Scale
                ? ControlReply.accepted(message)
                : ControlReply.refused(message);
    }
}

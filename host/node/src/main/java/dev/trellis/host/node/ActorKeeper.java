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
 * Owns the actors' supervisors, one per actor that this host runs or is asked to run. A supervisor that has become
 * idle is freed, unless a command is on its way to it.
 */
final class ActorKeeper {
    /** Actors that one host runs; a scale of one more is refused. */
    static final int ACTORS_MAX = 10_000;

    sealed interface Command {}

    record ForActor(EntityId id, ActorSupervisor.Command command, Consumer<ControlReply<Void>> reply)
            implements Command {}

    /** A supervisor has nothing to do, after so many messages of its keeper. */
    record Idle(EntityId id, ActorRef<ActorSupervisor.Command> supervisor, long messages) implements Command {}

    /** A supervisor, and how many messages it has been sent. */
    private static final class Kept {
        private final ActorRef<ActorSupervisor.Command> supervisor;
        private long messages;

        Kept(ActorRef<ActorSupervisor.Command> supervisor) {
            this.supervisor = supervisor;
        }

        void tell(ActorSupervisor.Command command) {
            messages++;
            supervisor.tell(command);
        }
    }

    private final ActorContext<Command> context;
    private final ActorSupervisor.Surroundings host;
    private final Map<EntityId, Kept> supervisors = new HashMap<>();
    private long spawned;

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
            case Idle idle -> onIdle(idle);
        });
    }

    private Behavior<Command> onForActor(ForActor forActor) {
        EntityId id = forActor.id();
        Kept kept = supervisors.get(id);
        if (kept == null) {
            boolean starts =
                    switch (forActor.command()) {
                        case ActorSupervisor.Scale scale -> scale.wish().count() > 0;
                        case ActorSupervisor.Restore _ -> true;
                        default -> false;
                    };
            if (!starts) {
                forActor.reply().accept(notHere(forActor)); // what does not run takes no room
                return Behaviors.same();
            }
            if (supervisors.size() >= ACTORS_MAX) {
                forActor.reply().accept(ControlReply.refused("this host runs " + ACTORS_MAX + " actors, its maximum"));
                return Behaviors.same();
            }
            // The name of one that was just freed is still taken, hence the number.
            kept = new Kept(context.spawn(
                    HostGuardian.resuming(
                            ActorSupervisor.create(id, host, context.getSelf().narrow())),
                    "actor-" + id + "-" + ++spawned));
            supervisors.put(id, kept);
        }
        kept.tell(forActor.command());
        return Behaviors.same();
    }

    private Behavior<Command> onIdle(Idle idle) {
        Kept kept = supervisors.get(idle.id());
        if (kept != null && kept.supervisor.equals(idle.supervisor()) && kept.messages == idle.messages()) {
            supervisors.remove(idle.id());
            context.stop(kept.supervisor);
        }
        return Behaviors.same();
    }

    private static ControlReply<Void> notHere(ForActor forActor) {
        String message = "actor " + forActor.id() + " does not run on this host";
        return forActor.command() instanceof ActorSupervisor.Scale
                ? ControlReply.accepted(message)
                : ControlReply.refused(message);
    }
}

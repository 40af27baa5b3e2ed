package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Owns the providers' supervisors, one per provider that this host has ever been asked to run, and tells them links. */
final class ProviderKeeper {
    /** Providers that one host takes; a start of one more is refused. */
    static final int PROVIDERS_MAX = 1_000;

    sealed interface Command {}

    record ForProvider(EntityId id, ProviderSupervisor.Command command, Consumer<ControlReply<Void>> reply)
            implements Command {}

    /** All links of the lattice, and all configs by name. */
    record LinksChanged(List<StoredLink> links, Map<String, Map<String, String>> configs) implements Command {}

    /** Close every provider, and run {@code done} after the last. */
    record StopAll(Runnable done) implements Command {}

    private record OneStopped(Runnable done) implements Command {}

    private final ActorContext<Command> context;
    private final ProviderSupervisor.Surroundings host;
    private final Map<EntityId, ActorRef<ProviderSupervisor.Command>> supervisors = new HashMap<>();
    private LinksChanged lattice = new LinksChanged(List.of(), Map.of());
    private int stopping;

    private ProviderKeeper(ActorContext<Command> context, ProviderSupervisor.Surroundings host) {
        this.context = context;
        this.host = host;
    }

    static Behavior<Command> create(ProviderSupervisor.Surroundings host) {
        return Behaviors.setup(context -> new ProviderKeeper(context, host).behavior());
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case ForProvider forProvider -> onForProvider(forProvider);
                case LinksChanged changed -> onLinksChanged(changed);
                case StopAll(var done) -> onStopAll(done);
                case OneStopped(var done) -> onOneStopped(done);
            }
            return Behaviors.same();
        });
    }

    private void onForProvider(ForProvider forProvider) {
        EntityId id = forProvider.id();
        var supervisor = supervisors.get(id);
        if (supervisor == null) {
            if (!(forProvider.command() instanceof ProviderSupervisor.Start)) {
                forProvider.reply().accept(ControlReply.accepted("provider does not run on this host"));
                return; // what never ran takes no room
            }
            if (supervisors.size() >= PROVIDERS_MAX) {
                forProvider
                        .reply()
                        .accept(ControlReply.refused("this host has run " + PROVIDERS_MAX + " providers, its maximum"));
                return;
            }
            supervisor = context.spawn(HostGuardian.resuming(ProviderSupervisor.create(id, host)), "provider-" + id);
            supervisors.put(id, supervisor);
            supervisor.tell(linksOf(id));
        }
        supervisor.tell(forProvider.command());
    }

    private void onLinksChanged(LinksChanged changed) {
        lattice = changed;
        supervisors.forEach((id, supervisor) -> supervisor.tell(linksOf(id)));
    }

    private ProviderSupervisor.LinksChanged linksOf(EntityId id) {
        return new ProviderSupervisor.LinksChanged(
                lattice.links().stream()
                        .filter(stored -> stored.link().source().equals(id)
                                || stored.link().target().equals(id))
                        .toList(),
                lattice.configs());
    }

    private void onStopAll(Runnable done) {
        stopping = supervisors.size();
        if (stopping == 0) {
            done.run();
            return;
        }
        var self = context.getSelf();
        for (var supervisor : supervisors.values()) {
            supervisor.tell(new ProviderSupervisor.Stop(_ -> self.tell(new OneStopped(done))));
        }
    }

    private void onOneStopped(Runnable done) {
        stopping--;
        if (stopping == 0) {
            done.run();
        }
    }
}

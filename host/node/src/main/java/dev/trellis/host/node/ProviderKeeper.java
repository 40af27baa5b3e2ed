package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Owns the providers' supervisors, one per provider that this host runs or is asked to run, and tells each its links.
 * A supervisor that has become idle is freed, unless a command is on its way to it.
 */
final class ProviderKeeper {
    /** Providers that one host runs; a start of one more is refused. */
    static final int PROVIDERS_MAX = 1_000;

    sealed interface Command {}

    record ForProvider(EntityId id, ProviderSupervisor.Command command, Consumer<ControlReply<Void>> reply)
            implements Command {}

    /** All links of the lattice, and all configs by name. */
    record LinksChanged(List<StoredLink> links, Map<String, Map<String, String>> configs) implements Command {}

    /** A supervisor has nothing to do, after so many messages of its keeper. */
    record Idle(EntityId id, ActorRef<ProviderSupervisor.Command> supervisor, long messages) implements Command {}

    /** Close every provider, and run {@code done} after the last. */
    record StopAll(Runnable done) implements Command {}

    private record OneStopped(Runnable done) implements Command {}

    /** A supervisor, and what it has been sent. */
    private static final class Kept {
        private final ActorRef<ProviderSupervisor.Command> supervisor;
        private ProviderSupervisor.LinksChanged told = new ProviderSupervisor.LinksChanged(List.of(), Map.of());
        private long messages;

        Kept(ActorRef<ProviderSupervisor.Command> supervisor) {
            this.supervisor = supervisor;
        }

        void tell(ProviderSupervisor.Command command) {
            messages++;
            supervisor.tell(command);
        }

        void tellLinks(ProviderSupervisor.LinksChanged links) {
            if (!links.equals(told)) {
                told = links;
                tell(links);
            }
        }
    }

    private final ActorContext<Command> context;
    private final ProviderSupervisor.Surroundings host;
    private final Map<EntityId, Kept> supervisors = new HashMap<>();
    private LinksChanged lattice = new LinksChanged(List.of(), Map.of());
    private Set<LinkKey> keys = Set.of(); // of the links of the lattice
    private long spawned;
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
                case Idle idle -> onIdle(idle);
                case StopAll(var done) -> onStopAll(done);
                case OneStopped(var done) -> onOneStopped(done);
            }
            return Behaviors.same();
        });
    }

    private void onForProvider(ForProvider forProvider) {
        EntityId id = forProvider.id();
        Kept kept = supervisors.get(id);
        if (kept == null) {
            if (!(forProvider.command() instanceof ProviderSupervisor.Start)) {
                forProvider.reply().accept(ControlReply.accepted("provider does not run on this host"));
                return; // what does not run takes no room
            }
            if (supervisors.size() >= PROVIDERS_MAX) {
                forProvider
                        .reply()
                        .accept(ControlReply.refused("this host runs " + PROVIDERS_MAX + " providers, its maximum"));
                return;
            }
            // The name of one that was just freed is still taken, hence the number.
            kept = new Kept(context.spawn(
                    HostGuardian.resuming(ProviderSupervisor.create(
                            id, host, context.getSelf().narrow())),
                    "provider-" + id + "-" + ++spawned));
            supervisors.put(id, kept);
            kept.tellLinks(only(linksOf(id), id, kept.told));
        }
        kept.tell(forProvider.command());
    }

    private Stream<StoredLink> linksOf(EntityId id) {
        return lattice.links().stream().filter(stored -> stored.of(id).isPresent());
    }

    /** Only a provider whose own links or configs have changed hears of it. */
    private void onLinksChanged(LinksChanged changed) {
        lattice = changed;
        var own = new HashMap<EntityId, List<StoredLink>>();
        keys = changed.links().stream()
                .map(stored -> LocalProvider.routeKey(stored.link()))
                .collect(Collectors.toSet());
        for (StoredLink stored : changed.links()) {
            var ends = new HashSet<EntityId>(List.of(stored.link().source()));
            ends.add(stored.link().target());
            stored.next().ifPresent(next -> ends.add(next.target()));
            for (EntityId end : ends) {
                if (supervisors.containsKey(end)) {
                    own.computeIfAbsent(end, _ -> new ArrayList<>()).add(stored);
                }
            }
        }
        supervisors.forEach(
                (id, kept) -> kept.tellLinks(only(own.getOrDefault(id, List.of()).stream(), id, kept.told)));
    }

    /**
     * The links with those configs that they name for the end of {@code id}, and those of the links told before that
     * have another target now.
     */
    private ProviderSupervisor.LinksChanged only(
            Stream<StoredLink> links, EntityId id, ProviderSupervisor.LinksChanged before) {
        List<StoredLink> own = links.toList();
        var named = new HashMap<String, Map<String, String>>();
        for (StoredLink stored : own) {
            for (String name : WantedLinks.configNames(stored.of(id).orElseThrow(), id)) {
                var config = lattice.configs().get(name);
                if (config != null) {
                    named.put(name, config);
                }
            }
        }
        var moved = new HashSet<>(before.moved());
        before.links().forEach(stored -> moved.add(LocalProvider.routeKey(stored.link())));
        own.forEach(stored -> moved.remove(LocalProvider.routeKey(stored.link())));
        moved.retainAll(keys);
        return new ProviderSupervisor.LinksChanged(own, named, Set.copyOf(moved));
    }

    private void onIdle(Idle idle) {
        Kept kept = supervisors.get(idle.id());
        if (kept != null && kept.supervisor.equals(idle.supervisor()) && kept.messages == idle.messages()) {
            supervisors.remove(idle.id());
            context.stop(kept.supervisor);
        }
    }

    private void onStopAll(Runnable done) {
        stopping = supervisors.size();
        if (stopping == 0) {
            done.run();
            return;
        }
        var self = context.getSelf();
        for (Kept kept : supervisors.values()) {
            kept.tell(new ProviderSupervisor.Stop(_ -> self.tell(new OneStopped(done))));
        }
    }

    private void onOneStopped(Runnable done) {
        stopping--;
        if (stopping == 0) {
            done.run();
        }
    }
}

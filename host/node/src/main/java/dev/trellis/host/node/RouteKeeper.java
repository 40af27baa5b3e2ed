package dev.trellis.host.node;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.beat.Beat;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.Subjects;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Owns the route snapshot: everything that changes where calls go is told to it, and it publishes the next one. */
final class RouteKeeper {
    /** Calls that one host has outstanding at another's provider before it counts as busy. */
    private static final int PROVIDER_SLOTS = 1024;

    sealed interface Command {}

    /**
     * A local actor or provider takes calls, or has changed.
     *
     * @param then done once calls go there; must not block
     */
    record TargetChanged(LocalTarget target, Runnable then) implements Command {
        TargetChanged(LocalTarget target) {
            this(target, RouteKeeper::nothing);
        }
    }

    /** @param then done once no call goes there any more; must not block */
    record TargetGone(EntityId id, Runnable then) implements Command {
        TargetGone(EntityId id) {
            this(id, RouteKeeper::nothing);
        }
    }

    /** All links of the lattice, at most one of a {@link LocalProvider#routeKey route key}, sorted. */
    record LinksChanged(List<StoredLink> links) implements Command {}

    record PeersChanged(List<Peer> peers) implements Command {}

    /** What was joined by links that have moved since is so no longer. */
    private record Forget(Set<RouteTable.Joint> left) implements Command {}

    private final Subjects subjects;
    private final String site;
    private final Consumer<RouteTable> publish;
    private final Map<EntityId, LocalTarget> local = new HashMap<>();
    private final Map<String, RemoteCalls> calls = new HashMap<>(); // by subject
    private final ActorContext<Command> context;
    private List<StoredLink> links = List.of();

    /** Other hosts may still call over links as they were, until they have heard that those have moved. */
    private final Map<RouteTable.Joint, Integer> leaving = new HashMap<>();

    private List<Peer> peers = List.of();

    private RouteKeeper(ActorContext<Command> context, Subjects subjects, String site, Consumer<RouteTable> publish) {
        this.context = context;
        this.subjects = subjects;
        this.site = site;
        this.publish = publish;
    }

    static Behavior<Command> create(Subjects subjects, String site, Consumer<RouteTable> publish) {
        return Behaviors.setup(context -> new RouteKeeper(context, subjects, site, publish).behavior());
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            Runnable then = RouteKeeper::nothing;
            switch (command) {
                case TargetChanged(var target, var known) -> {
                    local.put(target.id(), target);
                    then = known;
                }
                case TargetGone(var id, var known) -> {
                    local.remove(id);
                    then = known;
                }
                case LinksChanged(var changed) -> onLinksChanged(changed);
                case Forget(var left) ->
                    left.forEach(joint -> leaving.computeIfPresent(joint, (_, times) -> times > 1 ? times - 1 : null));
                case PeersChanged(var changed) -> peers = changed;
            }
            publish.accept(snapshot());
            then.run();
            return Behaviors.same();
        });
    }

    private static void nothing() {}

    private void onLinksChanged(List<StoredLink> changed) {
        var now = new HashMap<LinkKey, Link>();
        changed.forEach(stored -> now.put(LocalProvider.routeKey(stored.link()), stored.link()));
        var left = new HashSet<RouteTable.Joint>();
        for (StoredLink before : links) {
            Link link = now.get(LocalProvider.routeKey(before.link()));
            if (link != null && !link.target().equals(before.link().target())) {
                left.addAll(joints(before.link()));
            }
        }
        links = changed;
        if (!left.isEmpty()) {
            left.forEach(joint -> leaving.merge(joint, 1, Integer::sum));
            context.scheduleOnce(ProviderSupervisor.LINGER, context.getSelf(), new Forget(left));
        }
    }

    private static List<RouteTable.Joint> joints(Link link) {
        LinkKey key = LocalProvider.routeKey(link);
        return List.of(
                new RouteTable.Joint(link.source(), link.target(), key.contract()),
                new RouteTable.Joint(link.target(), link.source(), key.contract()));
    }

    private RouteTable snapshot() {
        var byKey = new HashMap<LinkKey, Link>();
        var toActors = new HashMap<EntityId, List<Link>>();
        var joined = new HashSet<>(leaving.keySet());
        for (StoredLink stored : links) {
            Link link = stored.link();
            byKey.put(LocalProvider.routeKey(link), link);
            joined.addAll(joints(link));
            stored.next().ifPresent(next -> joined.addAll(joints(next))); // another host may know of the move first
            if (Contracts.find(link.contract()).isEmpty()) { // that of actors, or one whose calls are opaque
                toActors.computeIfAbsent(link.source(), _ -> new ArrayList<>()).add(link);
            }
        }
        var aliases = new HashMap<String, EntityId>();
        for (LocalTarget target : local.values()) {
            if (target instanceof LocalActor actor) {
                addAlias(aliases, actor.facts().callAlias(), actor.id());
                addAlias(aliases, actor.facts().publicKey(), actor.id());
            }
        }
        return new RouteTable(byKey, toActors, joined, local, remote(aliases), aliases);
    }

    private Map<EntityId, List<RemoteTarget>> remote(Map<String, EntityId> aliases) {
        var remote = new HashMap<EntityId, List<RemoteTarget>>();
        var used = new HashMap<String, RemoteCalls>();
        for (Peer peer : peers) {
            if (!peer.serving()) {
                continue;
            }
            for (var actor : peer.inventory().components()) {
                var id = new EntityId(actor.id());
                add(remote, used, peer, id, Math.max(1, actor.maxInstances()));
                addAlias(aliases, actor.callAlias(), id);
                addAlias(aliases, actor.publicKey(), id);
            }
            for (var provider : peer.inventory().providers()) {
                add(remote, used, peer, new EntityId(provider.id()), PROVIDER_SLOTS);
            }
        }
        calls.clear();
        calls.putAll(used);
        remote.replaceAll((_, targets) -> targets.stream()
                .sorted(Comparator.comparing(RemoteTarget::sameSite).reversed().thenComparing(RemoteTarget::host))
                .toList());
        return remote;
    }

    private void add(
            Map<EntityId, List<RemoteTarget>> remote,
            Map<String, RemoteCalls> used,
            Peer peer,
            EntityId id,
            int slots) {
        HostId host = peer.id();
        String subject = subjects.call(id, host);
        var own = calls.getOrDefault(subject, new RemoteCalls());
        used.put(subject, own);
        boolean sameSite =
                peer.beat().getLabelsOrDefault(Labels.SITE, "default").equals(site);
        boolean drained = peer.beat().getScheduling() == Beat.Scheduling.DRAINED;
        remote.computeIfAbsent(id, _ -> new ArrayList<>())
                .add(new RemoteTarget(host, subject, slots, sameSite, drained, own, peer.path()));
    }

    private static void addAlias(Map<String, EntityId> aliases, @Nullable String alias, EntityId id) {
        if (alias != null && !alias.isEmpty()) {
            aliases.putIfAbsent(alias, id);
        }
    }
}

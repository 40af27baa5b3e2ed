package dev.trellis.host.node;

import dev.trellis.host.node.WantedLinks.Wanted;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderLinkStatus;
import dev.trellis.providers.sdk.ProviderLink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The links of one start of a provider: what it has said to each of those wanted, and which one it is to be told of
 * next. Only bookkeeping; who does the telling also says how it ended. Not safe for concurrent use.
 */
final class ProviderLinks {
    private static final String MOVED = "points elsewhere now; calls that still come or have not ended are served";

    /** What to tell the provider next. */
    sealed interface Step {
        /** Offer {@code link}; if it is only prepared no call goes over it yet. */
        record Put(ProviderLink link, boolean prepared) implements Step {}

        record Forget(LinkKey key) implements Step {}
    }

    /** How a link that points elsewhere has ended here: calls that ended after it moved, and those that did not. */
    record Drained(LinkKey link, long ended, long cut) {}

    private record Refusal(long generation, String reason) {}

    /** A link that has moved: it serves on until its time is over, or until nobody can call and nobody does. */
    private static final class Leaving {
        private final long endedBefore;
        private boolean lingered;
        private boolean over;

        Leaving(CallGate gate) {
            this.endedBefore = gate.total() - gate.inFlight();
        }
    }

    private final WantedLinks wanted;
    private final Map<LinkKey, ServedLink> acknowledged = new LinkedHashMap<>();
    private final Map<LinkKey, Refusal> refused = new HashMap<>();
    private final Set<LinkKey> prepared = new HashSet<>(); // of those acknowledged
    private final Map<LinkKey, Leaving> leaving = new LinkedHashMap<>(); // of those acknowledged
    private boolean ending;

    ProviderLinks(WantedLinks wanted) {
        this.wanted = wanted;
    }

    /** What is wanted has changed. Returns the links that have moved, which begin to leave now. */
    List<LinkKey> wantedChanged() {
        if (ending) {
            return List.of();
        }
        refused.keySet().removeIf(key -> wanted.get(key) == null);
        var left = new ArrayList<LinkKey>();
        acknowledged.forEach((key, served) -> {
            Wanted want = wanted.get(key);
            if (want != null) {
                leaving.remove(key);
                if (!want.prepared()) {
                    prepared.remove(key);
                }
            } else if (wanted.moved(key) && !prepared.contains(key) && !leaving.containsKey(key)) {
                leaving.put(key, new Leaving(served.gate()));
                left.add(key);
            }
        });
        leaving.keySet().removeIf(key -> wanted.get(key) == null && !wanted.moved(key)); // deleted since
        return left;
    }

    /** The provider is to stop: every link over which it is called begins to leave, if it has not. Whether one does. */
    boolean leaveAll() {
        ending = true;
        acknowledged.forEach((key, served) -> {
            ProviderLink link = served.link();
            if (!prepared.contains(key) && link.link().target().equals(link.provider())) {
                leaving.computeIfAbsent(key, _ -> new Leaving(served.gate()));
            }
        });
        return !leaving.isEmpty();
    }

    /** From now on no host calls over {@code key} by an old route: only calls in flight are waited for. */
    void lingered(LinkKey key) {
        Leaving link = leaving.get(key);
        if (link != null) {
            link.lingered = true;
        }
    }

    /** The time of {@code key} to leave is over. */
    void over(LinkKey key) {
        Leaving link = leaving.get(key);
        if (link != null) {
            link.over = true;
        }
    }

    /** Ends those that are to leave and may; they are forgotten next. */
    List<Drained> endLeaving() {
        var ended = new ArrayList<Drained>();
        leaving.entrySet().removeIf(entry -> {
            LinkKey key = entry.getKey();
            Leaving link = entry.getValue();
            ServedLink served = acknowledged.get(key);
            if (served == null) {
                return true;
            }
            CallGate gate = served.gate();
            if (!link.over) {
                if (!link.lingered || gate.inFlight() > 0) {
                    return false;
                }
                gate.close();
                if (gate.inFlight() > 0) {
                    return false; // one came at the last moment; further ones are turned away
                }
            }
            gate.close();
            long cut = gate.inFlight();
            ended.add(new Drained(key, gate.total() - cut - link.endedBefore, cut));
            return true;
        });
        return ended;
    }

    boolean anyLeaving() {
        return !leaving.isEmpty();
    }

    /** Lets what was refused be offered again. */
    boolean retry() {
        refused.replaceAll((_, refusal) -> new Refusal(-1, refusal.reason()));
        return !refused.isEmpty();
    }

    /** What the provider is to be told next, if anything. One to be forgotten takes no calls from now on. */
    Optional<Step> next() {
        for (var entry : acknowledged.entrySet()) {
            LinkKey key = entry.getKey();
            if (wanted.get(key) == null && !leaving.containsKey(key)) {
                ServedLink forgotten = entry.getValue();
                forgotten.gate().close();
                acknowledged.remove(key);
                prepared.remove(key);
                return Optional.of(new Step.Forget(forgotten.link().link().key()));
            }
        }
        for (Wanted want : wanted.all()) {
            Refusal refusal = refused.get(want.key());
            if (want.missing().isEmpty()
                    && !current(want)
                    && (refusal == null || refusal.generation() != want.link().generation())) {
                return Optional.of(new Step.Put(want.link(), want.prepared()));
            }
        }
        return Optional.empty();
    }

    private boolean current(Wanted want) {
        ServedLink has = acknowledged.get(want.key());
        return has != null && has.link().generation() == want.link().generation();
    }

    /** The provider has taken {@code link}. */
    void taken(ProviderLink link, boolean asPrepared) {
        LinkKey key = LocalProvider.routeKey(link.link());
        ServedLink before = acknowledged.get(key);
        CallGate gate = before == null || before.gate().closed() ? new CallGate() : before.gate();
        acknowledged.put(key, new ServedLink(link, gate));
        refused.remove(key);
        Wanted want = wanted.get(key);
        if (asPrepared && (want == null || want.prepared())) {
            prepared.add(key);
        } else {
            prepared.remove(key);
        }
    }

    /** The provider has refused {@code link}. Whether that, or its reason, is new. */
    boolean refused(ProviderLink link, String reason) {
        Refusal before = refused.put(LocalProvider.routeKey(link.link()), new Refusal(link.generation(), reason));
        return before == null || !before.reason().equals(reason);
    }

    /** What the provider has acknowledged, by route key. */
    Map<LinkKey, ServedLink> served() {
        return acknowledged;
    }

    /** Why calls would be lost if this start took over from {@code other} now; empty if none would. */
    Optional<String> lacksOf(ProviderLinks other) {
        for (Wanted want : wanted.all()) {
            if (other.acknowledged.containsKey(want.key()) && !current(want)) {
                return Optional.of("link %s: %s".formatted(want.link().link().key(), message(want)));
            }
        }
        return Optional.empty();
    }

    /** The refusal of a link that {@code other} has acknowledged, if there is one. */
    Optional<String> refusedOf(ProviderLinks other) {
        for (Wanted want : wanted.all()) {
            Refusal refusal = refused.get(want.key());
            if (refusal != null && other.acknowledged.containsKey(want.key()) && !current(want)) {
                return Optional.of(
                        "link %s is refused: %s".formatted(want.link().link().key(), refusal.reason()));
            }
        }
        return Optional.empty();
    }

    long inFlight() {
        return acknowledged.values().stream()
                .mapToLong(served -> served.gate().inFlight())
                .sum();
    }

    long total() {
        return acknowledged.values().stream()
                .mapToLong(served -> served.gate().total())
                .sum();
    }

    /** No call comes in any more. */
    void closeGates() {
        acknowledged.values().forEach(served -> served.gate().close());
    }

    /** What was said to each link, those that are leaving last. */
    List<ProviderLinkStatus> statuses() {
        var statuses = new ArrayList<ProviderLinkStatus>();
        for (Wanted want : wanted.all()) {
            boolean current = current(want);
            statuses.add(status(
                    want.link(),
                    want.revision(),
                    current,
                    !current && !refused.containsKey(want.key()),
                    current ? "" : message(want)));
        }
        leaving.keySet().forEach(key -> {
            ServedLink served = acknowledged.get(key);
            if (served != null && wanted.get(key) == null) {
                statuses.add(status(served.link(), 0, true, false, MOVED));
            }
        });
        return statuses;
    }

    /** {@code status} with the calls that there have been by now. May be called from any thread on a snapshot. */
    static ProviderLinkStatus withCalls(ProviderLinkStatus status, @Nullable ServedLink served) {
        return served == null
                ? status
                : status.withCalls(served.gate().total(), served.gate().inFlight());
    }

    private String message(Wanted want) {
        Refusal refusal = refused.get(want.key());
        return !want.missing().isEmpty() ? want.missing() : refusal == null ? "not answered yet" : refusal.reason();
    }

    private static ProviderLinkStatus status(
            ProviderLink link, long revision, boolean acknowledged, boolean pending, String message) {
        return new ProviderLinkStatus(
                link.link().source().value(),
                link.link().target().value(),
                link.link().name().value(),
                link.link().contract().value(),
                revision,
                acknowledged,
                message,
                pending,
                0,
                0);
    }
}

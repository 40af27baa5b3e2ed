package dev.trellis.host.node;

import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import java.util.HashMap;
import org.jspecify.annotations.Nullable;

/** One start of a provider, from when it runs until it is closed: state of its supervisor. */
final class ProviderGeneration {
    final ProviderSupervisor.Start request;
    final ProviderKind kind;
    final CapabilityProvider provider;
    final ProviderLinks links;

    /** The calls that it makes itself. */
    final CallGate outgoing;

    Health health = Health.OK;

    /** What the provider is being told; it is told one thing at a time. */
    @Nullable
    BoundedTask telling;

    @Nullable
    BoundedTask checking;

    @Nullable
    BoundedTask closing;

    /** Whether it is or was the one that calls go to. */
    boolean hasServed;

    /** Whether the time that its calls have to end is over. */
    boolean drainOver;

    /** Whether it is in no route any more, since it is to stop. */
    boolean withdrawn;

    private long endedAtFlip;

    ProviderGeneration(
            ProviderSupervisor.Start request,
            ProviderKind kind,
            CapabilityProvider provider,
            ProviderLinks links,
            CallGate outgoing) {
        this.request = request;
        this.kind = kind;
        this.provider = provider;
        this.links = links;
        this.outgoing = outgoing;
    }

    /** Whether the provider is being told something, within its time. */
    boolean busy() {
        BoundedTask task = telling;
        return task != null && !task.expired();
    }

    long inFlight() {
        return links.inFlight() + outgoing.inFlight();
    }

    /** Another start serves from now on. */
    void flippedAway() {
        endedAtFlip = ended();
    }

    /** Calls that have ended since {@link #flippedAway}. */
    long endedSinceFlip() {
        return ended() - endedAtFlip;
    }

    private long ended() {
        return links.total() + outgoing.total() - inFlight();
    }

    /** Whether {@code other} asks for just this. */
    boolean runs(ProviderSupervisor.Start other) {
        return same(request, other);
    }

    static boolean same(ProviderSupervisor.Start one, ProviderSupervisor.Start other) {
        return one.image().equals(other.image())
                && one.configs().equals(other.configs())
                && one.annotations().equals(other.annotations());
    }

    /** A provider's entry in the inventory with the calls over its links by the time it is asked for. */
    InventoryKeeper.ProviderChanged told(ProviderDescription description) {
        var snapshot = new HashMap<>(links.served());
        return new InventoryKeeper.ProviderChanged(description, provider -> {
            long made = outgoing.total();
            return provider.withLinks(provider.links().stream()
                    .map(status -> {
                        ServedLink served = snapshot.values().stream()
                                .filter(link -> link.link()
                                                .link()
                                                .source()
                                                .value()
                                                .equals(status.sourceId())
                                        && link.link().link().contract().value().equals(status.contract())
                                        && link.link().link().name().value().equals(status.name()))
                                .findFirst()
                                .orElse(null);
                        boolean calls = served != null
                                && served.link()
                                        .link()
                                        .source()
                                        .equals(served.link().provider());
                        return calls
                                ? status.withCalls(made, outgoing.inFlight())
                                : ProviderLinks.withCalls(status, served);
                    })
                    .toList());
        });
    }
}

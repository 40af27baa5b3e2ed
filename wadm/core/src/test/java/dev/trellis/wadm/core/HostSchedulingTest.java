package dev.trellis.wadm.core;

import static dev.trellis.wadm.core.Manifests.spread;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostScheduling;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Hosts that are cordoned or drained, and hosts that were away. */
final class HostSchedulingTest {
    private final SimulatedLattice lattice = new SimulatedLattice();
    private final Manifests shop = Manifests.of("shop");

    private Plan plan(Deployment deployment) {
        return Reconciler.reconcile(lattice.state(), List.of(deployment), List.of(deployment.ownership()), Map.of());
    }

    private Deployment shop(int instances) {
        return Manifests.of("shop")
                .actor("cart", "cart:1", instances, List.of(shop.link("cart", "store", Map.of())))
                .provider("store", "store:1", Map.of(), 1)
                .deployment("v1");
    }

    private EntityId cart() {
        return shop.id("cart");
    }

    private EntityId store() {
        return shop.id("store");
    }

    @Test
    void cordoned_keepsWhatItRuns_andNewInstancesGoElsewhere() {
        lattice.host("a").host("b");
        lattice.converge(shop(4));
        lattice.schedule("a", HostScheduling.CORDONED);

        var plan = lattice.converge(shop(7));

        assertThat(lattice.counts(cart())).isEqualTo(Map.of("a", 2, "b", 5));
        assertThat(lattice.providerHosts(store())).containsExactly("a");
        assertThat(plan.status("shop").orElseThrow().type()).isEqualTo(StatusType.DEPLOYED);
        lattice.converge(shop(1));
        assertThat(lattice.counts(cart())).isEqualTo(Map.of("a", 1));
    }

    @Test
    void cordoned_onlyHostThatMayRunMore_isSaid() {
        lattice.host("a");
        lattice.converge(shop(2));
        lattice.schedule("a", HostScheduling.CORDONED);

        var status = plan(shop(3)).status("shop").orElseThrow();

        assertThat(status.type()).isEqualTo(StatusType.FAILED);
        assertThat(status.message()).contains("1 of 3 instances", "cordoned");
        lattice.schedule("a", HostScheduling.OPEN);
        assertThat(lattice.converge(shop(3)).status("shop").orElseThrow().type())
                .isEqualTo(StatusType.DEPLOYED);
    }

    @Test
    void drained_replacementsServeBeforeAnythingStops() {
        lattice.host("a").host("b");
        lattice.converge(shop(4));
        lattice.schedule("a", HostScheduling.DRAINED);

        var first = plan(shop(4)).commands();

        assertThat(first)
                .noneMatch(command -> command instanceof WadmCommand.StopProvider
                        || (command instanceof WadmCommand.ScaleActor scale && scale.count() == 0));
        lattice.apply(first);
        assertThat(lattice.counts(cart())).isEqualTo(Map.of("a", 2, "b", 4));
        assertThat(lattice.providerHosts(store())).containsExactly("a", "b");
        lattice.converge(shop(4));
        assertThat(lattice.counts(cart())).isEqualTo(Map.of("b", 4));
        assertThat(lattice.providerHosts(store())).containsExactly("b");
    }

    @Test
    void drained_replacementHasNotTakenTheLinks_theOldOneStays() {
        lattice.host("a").host("b");
        lattice.converge(shop(2));
        lattice.schedule("a", HostScheduling.DRAINED);
        lattice.refuseLinks(store());

        lattice.apply(plan(shop(2)).commands());

        assertThat(plan(shop(2)).commands()).noneMatch(command -> command instanceof WadmCommand.StopProvider);
        assertThat(lattice.providerHosts(store())).containsExactly("a", "b");
    }

    @Test
    void drained_onlyHostWithTheLabel_keepsItAndSaysWhy() {
        lattice.host("a", "site", "edge").host("b");
        var pinned = Manifests.of("shop")
                .actor("cart", "cart:1", 2, spread("edge", 1, "site", "edge"))
                .provider("store", "store:1", Map.of(), 1, spread("edge", 1, "site", "edge"))
                .deployment("v1");
        lattice.converge(pinned);
        lattice.schedule("a", HostScheduling.DRAINED);

        var plan = lattice.converge(pinned);

        assertThat(lattice.counts(cart())).isEqualTo(Map.of("a", 2));
        assertThat(lattice.providerHosts(store())).containsExactly("a");
        assertThat(plan.status("shop").orElseThrow().message())
                .contains("no host that takes work has label site=edge", "drained");
    }

    @Test
    void hostAwayAndBackWithWhatItRan_nothingRunsTwice_sharesOfSitesHold() {
        lattice.host("a", "site", "cloud").host("b", "site", "cloud").host("c", "site", "edge");
        var twoSites = Manifests.of("shop")
                .actor("cart", "cart:1", 4, spread("cloud", 50, "site", "cloud"), spread("edge", 50, "site", "edge"))
                .provider("store", "store:1", Map.of(), 1)
                .deployment("v1");
        lattice.converge(twoSites);
        assertThat(lattice.counts(cart())).isEqualTo(Map.of("a", 1, "b", 1, "c", 2));
        String first = lattice.providerHosts(store()).getFirst();

        Runnable back = lattice.cutOff(first);
        lattice.converge(twoSites);
        assertThat(lattice.counts(cart())).isEqualTo(Map.of("b", 2, "c", 2));
        back.run();
        lattice.converge(twoSites);

        assertThat(lattice.counts(cart()).values().stream()
                        .mapToInt(Integer::intValue)
                        .sum())
                .isEqualTo(4);
        assertThat(lattice.counts(cart())).containsEntry("c", 2);
        assertThat(lattice.providerHosts(store())).hasSize(1);
    }
}

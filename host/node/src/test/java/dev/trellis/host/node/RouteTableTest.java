package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.BehaviorTestKit;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.Subjects;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RouteTableTest {
    private static final EntityId SOURCE = new EntityId("app-source");

    @Test
    void linkToActor_exactIdAndSuffix_theExactOneWins() {
        RouteTable table = table(
                link("x-echo", "trellis:actor", "a"), // would match by its suffix, and comes first
                link("echo", "trellis:actor", "b"));

        assertThat(table.linkToActor(SOURCE, "echo").map(Link::target)).isEqualTo(Optional.of(new EntityId("echo")));
    }

    @Test
    void linkToActor_linkOfACapability_isNoWayToAnActor() {
        RouteTable table = table(link("app-store", "wasi:keyvalue", "a"), link("app-pay", "acme:payments", "b"));

        assertThat(table.linkToActor(SOURCE, "store")).isEmpty();
        assertThat(table.linkToActor(SOURCE, "pay")).isPresent();
    }

    @Test
    void joined_byTheLinksContractInBothDirections_andByNoOther() {
        var store = new EntityId("app-store");
        RouteTable table = table(link("app-store", "wasi:keyvalue", "a"));

        assertThat(table.joined(SOURCE, store, Contracts.KEYVALUE.id())).isTrue();
        assertThat(table.joined(store, SOURCE, Contracts.KEYVALUE.id())).isTrue();
        assertThat(table.joined(store, SOURCE, Contracts.HTTP_SERVER.id())).isFalse();
        assertThat(table.joined(SOURCE, store, Contracts.ACTOR)).isFalse();
    }

    private static RouteTable table(Link... links) {
        var published = new AtomicReference<>(RouteTable.EMPTY);
        var keeper =
                BehaviorTestKit.create(RouteKeeper.create(Subjects.of(LatticeName.DEFAULT), "default", published::set));
        keeper.run(new RouteKeeper.LinksChanged(
                Stream.of(links).map(link -> new StoredLink(link, 1)).toList()));
        return java.util.Objects.requireNonNull(published.get());
    }

    private static Link link(String target, String contract, String name) {
        return new Link(
                SOURCE,
                new EntityId(target),
                new LinkName(name),
                new ContractId(contract),
                List.of(),
                List.of(),
                List.of());
    }
}

package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinkKeeperTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ActorTestKit kit = ActorTestKit.create();
    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport transport = lattice.join();
    private final LatticeRecords records = new LatticeRecords(transport, Subjects.of(LatticeName.DEFAULT));
    private final ExecutorService io = Executors.newVirtualThreadPerTaskExecutor();
    private final TestProbe<RouteKeeper.Command> routes = kit.createTestProbe();
    private final TestProbe<ProviderKeeper.Command> providers = kit.createTestProbe();
    private final TestProbe<StateKeeper.Command> disk = kit.createTestProbe();

    @AfterEach
    void close() {
        kit.shutdownTestKit();
        io.shutdownNow();
        transport.close();
        lattice.close();
    }

    @Test
    void links_twoFacesOfOneContract_theContractsOwnNameIsUsedByAll() throws Exception {
        Link own = link(Contracts.KEYVALUE.id().value(), "app-a");
        Link face = link("wasi:keyvalue", "app-b");
        put(own);
        put(face);

        keep();

        assertThat(awaitLinks(links -> !links.isEmpty())).containsExactly(own);
        records.deleteLink(own.key());
        assertThat(awaitLinks(links -> !links.contains(own))).containsExactly(face);
    }

    @Test
    void links_recordThatIsNoLink_isLeftOutAndTheOthersAreUsed() throws Exception {
        Link good = link("wasmcloud:keyvalue", "app-a");
        KeyValueStore store = records.linkStore();
        store.put(LatticeRecords.LINK_PREFIX + "x.y.z.default", "{".getBytes(StandardCharsets.UTF_8));
        put(good);

        keep();

        assertThat(awaitLinks(links -> !links.isEmpty())).containsExactly(good);
    }

    private void keep() {
        kit.spawn(LinkKeeper.create(
                records, io, routes.getRef(), providers.getRef(), disk.getRef(), new ActorConfigs(Map.of())));
    }

    private void put(Link link) throws InterruptedException {
        records.linkStore().put(LatticeRecords.storeKey(link.key()), WireJson.write(LinkMessage.of(link)));
    }

    private List<Link> awaitLinks(Predicate<List<Link>> wanted) {
        while (true) {
            if (routes.receiveMessage(PATIENCE) instanceof RouteKeeper.LinksChanged(var stored)) {
                var links = stored.stream().map(StoredLink::link).toList();
                if (wanted.test(links)) {
                    return links;
                }
            }
        }
    }

    private static Link link(String contract, String target) {
        return new Link(
                new EntityId("app-source"),
                new EntityId(target),
                LinkName.DEFAULT,
                new ContractId(contract),
                List.of(),
                List.of(),
                List.of());
    }
}

package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderLink;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A supervisor with a provider that hangs where the test says so. */
class ProviderSupervisorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final EntityId ID = new EntityId("app-store");

    private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    private final ManualTime time = ManualTime.get(kit.system());
    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport transport = lattice.join();
    private final ExecutorService io = Executors.newVirtualThreadPerTaskExecutor();
    private final TestProbe<RouteKeeper.Command> routes = kit.createTestProbe();
    private final TestProbe<InventoryKeeper.Command> inventory = kit.createTestProbe();
    private final TestProbe<ProviderKeeper.Idle> keeper = kit.createTestProbe();
    private final BlockingQueue<ControlReply<Void>> replies = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> happened = new LinkedBlockingQueue<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private final Slow provider = new Slow();
    private final ActorRef<ProviderSupervisor.Command> supervisor = spawn();

    @AfterEach
    void close() {
        release.countDown();
        kit.shutdownTestKit();
        io.shutdownNow();
        transport.close();
        lattice.close();
    }

    @Test
    void linkPut_neverReturns_isInterruptedAndShowsAsRefused() throws Exception {
        provider.hangIn = "linkPut";
        start();
        link();
        happens("linkPut");

        time.timePasses(ProviderSupervisor.LINK_MAX);

        happens("interrupted linkPut");
        awaitInventory(told -> told.links().stream()
                .anyMatch(link -> !link.acknowledged() && link.message().equals("did not answer within 10 s")));
    }

    @Test
    void linkPut_heedsNoInterruptAndReturnsLate_theAcknowledgementCounts() throws Exception {
        provider.hangIn = "linkPut";
        provider.stubborn = true;
        start();
        link();
        happens("linkPut");
        time.timePasses(ProviderSupervisor.LINK_MAX);
        awaitInventory(
                told -> told.links().stream().anyMatch(link -> link.message().contains("10 s")));

        release.countDown();

        awaitInventory(told -> told.links().stream().anyMatch(link -> link.acknowledged()));
    }

    @Test
    void stop_whileLinking_closesAfterTheLink() throws Exception {
        provider.hangIn = "linkPut";
        start();
        link();
        happens("linkPut");

        supervisor.tell(new ProviderSupervisor.Stop(replies::add));
        release.countDown();

        happens("done linkPut");
        happens("close");
        replied("provider stopped");
    }

    @Test
    void stop_whileLinkingThatNeverEnds_closesWhenItsTimeIsOver() throws Exception {
        provider.hangIn = "linkPut";
        provider.stubborn = true;
        start();
        link();
        happens("linkPut");

        supervisor.tell(new ProviderSupervisor.Stop(replies::add));
        supervisor.tell(new ProviderSupervisor.Start(image(), List.of(), Map.of(), replies::add));
        replied("just stopping"); // the stop has come in
        time.timePasses(ProviderSupervisor.LINK_MAX);

        happens("close");
        replied("provider stopped");
    }

    @Test
    void health_neverReturns_showsAsUnhealthy() throws Exception {
        provider.hangIn = "health";
        start();

        time.timePasses(ProviderSupervisor.HEALTH_EVERY);
        happens("health");
        time.timePasses(ProviderSupervisor.HEALTH_MAX);

        awaitInventory(told -> !told.healthy());
    }

    @Test
    void close_neverReturns_countsAsStopped() throws Exception {
        provider.hangIn = "close";
        provider.stubborn = true;
        start();
        supervisor.tell(new ProviderSupervisor.Stop(replies::add));
        happens("close");

        time.timePasses(ProviderSupervisor.CLOSE_MAX);

        replied("provider stopped");
        assertThat(keeper.receiveMessage(PATIENCE).messages()).isEqualTo(2);
    }

    @Test
    void start_returnsTooLate_failsAndWhatComesOfItIsClosed() throws Exception {
        provider.hangIn = "start";
        provider.stubborn = true;
        supervisor.tell(new ProviderSupervisor.Start(image(), List.of(), Map.of(), replies::add));
        happens("start");

        time.timePasses(ProviderSupervisor.START_MAX);
        assertThat(keeper.receiveMessage(PATIENCE).messages()).isEqualTo(1); // it failed: idle again
        release.countDown();

        happens("done start");
        happens("close");
    }

    private ActorRef<ProviderSupervisor.Command> spawn() {
        var subjects = Subjects.of(LatticeName.DEFAULT);
        return kit.spawn(ProviderSupervisor.create(
                ID,
                new ProviderSupervisor.Surroundings(
                        "NA",
                        LatticeName.DEFAULT,
                        Map.of(ProviderKind.KEYVALUE_NATS, new Factory()),
                        _ -> Payload.EMPTY,
                        transport,
                        new LatticeRecords(transport, subjects),
                        Path.of("not-used"),
                        io,
                        routes.getRef(),
                        inventory.getRef(),
                        new EventPublisher(transport, subjects, new HostId("NA"), Clock.systemUTC()),
                        dev.trellis.observability.telemetry.Telemetry.off()),
                keeper.getRef()));
    }

    private static dev.trellis.lattice.model.ImageRef image() {
        return ProviderKind.KEYVALUE_NATS.image();
    }

    private void start() throws InterruptedException {
        supervisor.tell(new ProviderSupervisor.Start(image(), List.of(), Map.of(), replies::add));
        replied("provider starts");
        happens("start");
        happens("done start");
        awaitInventory(_ -> true);
    }

    private void link() {
        var link = new Link(
                new EntityId("app-user"),
                ID,
                LinkName.DEFAULT,
                new ContractId("wasmcloud:keyvalue"),
                List.of(),
                List.of(),
                List.of());
        supervisor.tell(new ProviderSupervisor.LinksChanged(List.of(new StoredLink(link, 1)), Map.of()));
    }

    private void happens(String what) throws InterruptedException {
        assertThat(happened.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo(what);
    }

    private void replied(String part) throws InterruptedException {
        while (true) {
            var reply = replies.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            assertThat(reply).as("reply with '" + part + "'").isNotNull();
            if (reply != null && reply.message().contains(part)) {
                return;
            }
        }
    }

    private void awaitInventory(Predicate<ProviderDescription> wanted) {
        while (true) {
            if (inventory.receiveMessage(PATIENCE) instanceof InventoryKeeper.ProviderChanged(var told, var _)
                    && wanted.test(told)) {
                return;
            }
        }
    }

    private final class Factory implements ProviderFactory {
        @Override
        public ProviderKind kind() {
            return ProviderKind.KEYVALUE_NATS;
        }

        @Override
        public CapabilityProvider start(ProviderContext context) throws InterruptedException {
            provider.enter("start");
            return provider;
        }
    }

    private final class Slow implements CapabilityProvider {
        private volatile String hangIn = "";
        private volatile boolean stubborn;

        private void enter(String what) throws InterruptedException {
            boolean waits = what.equals(hangIn);
            if (waits || !what.equals("health")) { // which comes whenever time passes
                happened.add(what);
            }
            while (waits) {
                try {
                    release.await();
                    waits = false;
                } catch (InterruptedException e) {
                    if (!stubborn) {
                        happened.add("interrupted " + what);
                        throw e;
                    }
                }
            }
            if (!what.equals("close") && !what.equals("health")) {
                happened.add("done " + what);
            }
        }

        @Override
        public void linkPut(ProviderLink link) throws InterruptedException {
            enter("linkPut");
        }

        @Override
        public void linkDelete(LinkKey link) {}

        @Override
        public Payload invoke(ProviderLink link, Invocation invocation) {
            return Payload.EMPTY;
        }

        @Override
        public Health health() {
            try {
                enter("health");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Health.OK;
        }

        @Override
        public void close() {
            try {
                enter("close");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

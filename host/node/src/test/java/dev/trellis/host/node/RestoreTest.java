package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Lease;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.ArtifactStore;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host that starts again, with and without somebody who tells it what to run. */
class RestoreTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path ECHO =
            Path.of(System.getProperty("trellis.root")).resolve("actor-sdk/samples/echo-c/echo-c.wasm");
    private static final HostId HOST = new HostId("NA");

    @TempDir
    private Path directory;

    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport client = lattice.join();
    private final Subjects subjects = Subjects.of(LatticeName.DEFAULT);
    private final java.util.ArrayList<AutoCloseable> opened = new java.util.ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (var closeable : opened.reversed()) {
            closeable.close();
        }
        client.close();
        lattice.close();
    }

    @Test
    void start_storesAway_runsAtOnceExactlyWhatItRan_andTheNewerTruthWinsOnceTheyAreBack() throws Exception {
        TrellisHost host = start(lattice.join());
        HostInventory before = runEchoAndStore();
        host.close();
        assertThat(TrellisHost.canRunAlone(directory, LatticeName.DEFAULT)).isTrue();

        var away = new StoresAway(lattice.join());
        start(away);

        await(() -> sameWork(inventory(), before));
        client.store(subjects.latticeDataBucket()).delete("LINK.app-echo.wasmcloud.keyvalue.default");
        away.comeBack();
        await(() -> inventory().providers().getFirst().links().isEmpty());
        assertThat(inventory().components()).isEqualTo(before.components());
    }

    @Test
    void start_somebodyLeads_runsNothingUntilItIsTold() throws Exception {
        TrellisHost host = start(lattice.join());
        runEchoAndStore();
        host.close();
        var lease = client.store(subjects.manifestBucket());
        Thread leader = Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    lease.put(Lease.KEY, "{}".getBytes(StandardCharsets.UTF_8));
                    TimeUnit.MILLISECONDS.sleep(20);
                }
            } catch (InterruptedException | TransportException e) {
                Thread.currentThread().interrupt();
            }
        });
        opened.add(leader::interrupt);

        start(lattice.join());

        var search = new LeaderSearch(() -> lease.get(Lease.KEY).stream()
                .mapToLong(entry -> entry.revision())
                .findFirst());
        assertThat(search.found()).isTrue(); // as the host has found by now, which began earlier
        assertThat(inventory().components()).isEmpty();
        assertThat(inventory().providers()).isEmpty();
        assertThat(TrellisHost.canRunAlone(directory, LatticeName.DEFAULT))
                .as("it may still be told to run it")
                .isTrue();
    }

    @Test
    void stopped_byCommand_isNotRestored() throws Exception {
        TrellisHost host = start(lattice.join());
        runEchoAndStore();
        control("component.scale.NA", Map.of("component_ref", "x:1", "component_id", "app-echo", "count", 0));
        control("provider.stop.NA", Map.of("provider_id", "app-store", "host_id", "NA"));
        await(() -> !TrellisHost.canRunAlone(directory, LatticeName.DEFAULT));
        host.close();

        assertThat(new StateFile(directory, LatticeName.DEFAULT).load()).isEqualTo(SavedHost.NOTHING);
    }

    @Test
    void cordoned_restarted_isStillCordoned() throws Exception {
        TrellisHost host = start(lattice.join());
        assertThat(WireJson.readReply(
                                client.request(subjects.scheduling("cordon", HOST), new byte[0], PATIENCE)
                                        .payload(),
                                Object.class)
                        .success())
                .isTrue();
        assertThat(inventory().scheduling()).isEqualTo(HostScheduling.CORDONED);
        host.close();

        start(lattice.join());

        assertThat(inventory().scheduling()).isEqualTo(HostScheduling.CORDONED);
        client.request(subjects.scheduling("uncordon", HOST), new byte[0], PATIENCE);
        assertThat(inventory().scheduling()).isEqualTo(HostScheduling.OPEN);
    }

    /** An actor pinned by its digest and a provider with a config, as a controller starts them, and a link. */
    private HostInventory runEchoAndStore() throws Exception {
        String digest = ArtifactStore.open(client, LatticeName.DEFAULT)
                .put(Files.readAllBytes(ECHO))
                .hex();
        control("config.put.app-cfg", Map.of("bucket", "things"));
        control(
                "provider.start.NA",
                Map.of(
                        "provider_ref",
                        "trellis:keyvalue-nats",
                        "provider_id",
                        "app-store",
                        "config",
                        List.of("app-cfg"),
                        "annotations",
                        Map.of("wasmcloud.dev/appspec", "app")));
        control(
                "component.scale.NA",
                Map.of(
                        "component_ref",
                        "ghcr.io/acme/echo:1",
                        "component_id",
                        "app-echo",
                        "count",
                        3,
                        "annotations",
                        Map.of("trellis.dev/digest", digest, "wasmcloud.dev/appspec", "app")));
        control(
                "link.put",
                new ControlRequests.LinkMessage(
                        "app-echo", "app-store", "default", "wasmcloud", "keyvalue", List.of(), List.of(), List.of()));
        await(() -> inventory().components().size() == 1
                && inventory().providers().stream()
                        .flatMap(provider -> provider.links().stream())
                        .anyMatch(link -> link.acknowledged()));
        await(() -> {
            SavedHost saved = new StateFile(directory, LatticeName.DEFAULT).peek();
            return saved.actors().size() == 1
                    && saved.providers().size() == 1
                    && saved.links().size() == 1
                    && saved.configs().containsKey("app-cfg");
        });
        return inventory();
    }

    private static boolean sameWork(HostInventory now, HostInventory before) {
        return now.components().equals(before.components())
                && now.providers().size() == 1
                && now.providers()
                        .getFirst()
                        .annotations()
                        .equals(before.providers().getFirst().annotations())
                && now.providers().getFirst().links().size() == 1
                && now.providers().getFirst().links().getFirst().generation()
                        == before.providers().getFirst().links().getFirst().generation();
    }

    private TrellisHost start(LatticeTransport transport) throws Exception {
        opened.add(transport);
        TrellisHost host = TrellisHost.start(
                HostConfig.of(LatticeName.DEFAULT, HOST, "test", Labels.NONE, directory, Map.of(), "test"), transport);
        opened.add(host);
        return host;
    }

    private void control(String suffix, Object request) throws InterruptedException {
        ControlReply<Object> reply = WireJson.readReply(
                client.request(subjects.control(suffix), WireJson.write(request), PATIENCE)
                        .payload(),
                Object.class);
        assertThat(reply.success()).as(reply.message()).isTrue();
    }

    private HostInventory inventory() throws InterruptedException {
        var reply = client.request(subjects.control("host.get", HOST), new byte[0], PATIENCE);
        return Objects.requireNonNull(
                WireJson.readReply(reply.payload(), HostInventory.class).response());
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            assertThat(System.nanoTime() - end)
                    .as("time left, in negative nanoseconds")
                    .isNegative();
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }
}

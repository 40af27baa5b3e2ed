package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.HostInventory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code manifests/edge-shop} over two sites and a front door, and the uplink of the edge is cut. */
@Timeout(300)
class EdgeShopTest {
    private static final String SHOP = "edge_shop-shop";
    private static final Duration CUT = Duration.ofSeconds(30);
    private static final Duration FAILOVER_MAX = Duration.ofSeconds(3);
    private static final Duration CONVERGED_MAX = Duration.ofSeconds(10);
    private static final Duration ALONE_BEFORE_KILL = Duration.ofSeconds(8);
    private static final Duration SERVES_AGAIN_MAX = Duration.ofSeconds(20);
    private static final int REQUESTS_PER_SECOND = 20;

    @TempDir
    private Path directory;

    @Test
    void uplinkCut_edgeServesItself_othersFailOver_andAllIsWholeAfterwards() throws Exception {
        Optional<String> missing = NetworkNamespaces.missing();
        assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
        try (var sites = EdgeSites.start(directory)) {
            Lattice.Result deployed =
                    sites.run(EdgeSites.HUB, "deploy", sites.manifest().toString(), "--wait=60s");
            assertThat(deployed.exit()).as(deployed.messages()).isZero();
            keep(sites, EdgeSites.HUB, "cloud");
            keep(sites, EdgeSites.EDGE, "edge");
            awaitNearest(sites, Duration.ofSeconds(20));

            cut(sites, "link down", false, () -> sites.network().unplug(EdgeSites.EDGE), () -> sites.network()
                    .plug(EdgeSites.EDGE));
            cut(sites, "silence", true, () -> sites.network().silence(EdgeSites.EDGE), () -> sites.network()
                    .hear(EdgeSites.EDGE));
        }
    }

    /** Stores what says which site it is from. */
    private static void keep(EdgeSites sites, String site, String text) throws Exception {
        Waiting.until(
                Duration.ofSeconds(10),
                () -> "the stock of " + site + " to take " + text + "; last "
                        + sites.send(sites.url(site, "/users"), text),
                () -> sites.send(sites.url(site, "/users"), text).status() == 200);
        assertThat(sites.send(sites.url(site, "/users/1"), "").body()).isEqualTo(text);
    }

    /** The edge is nearer to the kiosk than the cloud's host. */
    private static void awaitNearest(EdgeSites sites, Duration time) throws Exception {
        Waiting.until(
                time,
                () -> "the kiosk to be served by the edge; last "
                        + sites.send(sites.url(EdgeSites.KIOSK, "/users/1"), ""),
                () -> sites.send(sites.url(EdgeSites.KIOSK, "/users/1"), "")
                        .body()
                        .equals("edge"));
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void cut(EdgeSites sites, String how, boolean killTheHost, Step cut, Step heal) throws Exception {
        String written = "edge during " + how;
        try (var edge = history(sites, EdgeSites.EDGE);
                var cloud = history(sites, EdgeSites.HUB);
                var kiosk = history(sites, EdgeSites.KIOSK)) {
            Waiting.until(
                    Duration.ofSeconds(10), () -> "answers", () -> kiosk.calls().size() > REQUESTS_PER_SECOND);

            long cutAt = System.nanoTime();
            cut.run();
            long end = cutAt + CUT.toNanos();
            assertThat(sites.send(sites.url(EdgeSites.EDGE, "/users"), written).status())
                    .as("a write at the edge during the cut")
                    .isEqualTo(200);
            var down = killTheHost ? killAndStartAgain(sites, written) : Span.NEVER;
            while (System.nanoTime() - end < 0) {
                LockSupport.parkNanos(end - System.nanoTime()); // the cut lasts so long: nothing to wait for
            }
            long healedAt = System.nanoTime();
            heal.run();
            Duration whole = Waiting.until(
                    CONVERGED_MAX,
                    () -> "a whole lattice after " + how + "; " + state(sites),
                    () -> whole(sites, written));
            System.out.println(how + ": whole again after " + whole.toMillis() + " ms");

            assertThat(edge.end())
                    .filteredOn(call -> !down.touches(call))
                    .as(how + ": the edge's own clients")
                    .allSatisfy(
                            call -> assertThat(call.status()).as(call.text()).isEqualTo(200));
            assertThat(cloud.end()).as(how + ": the cloud's own clients").allSatisfy(call -> assertThat(call.status())
                    .as(call.text())
                    .isEqualTo(200));
            assertFailedOver(how, kiosk.end(), cutAt, healedAt);
        }
        keep(sites, EdgeSites.EDGE, "edge");
        awaitNearest(sites, Duration.ofSeconds(5));
    }

    /** A time, in nanoseconds of the test's clock. */
    private record Span(long start, long end) {
        static final Span NEVER = new Span(Long.MIN_VALUE, Long.MIN_VALUE);

        boolean touches(HttpHistory.Call call) {
            return call.doneNanos() >= start && call.sentNanos() <= end;
        }
    }

    /** The edge's host is killed and started again while it is alone: it serves from what it keeps on its disk. */
    private static Span killAndStartAgain(EdgeSites sites, String written) throws Exception {
        LockSupport.parkNanos(ALONE_BEFORE_KILL.toNanos()); // the cut has its whole effect first
        long killed = System.nanoTime();
        sites.host("edge-1").kill();
        sites.startHost(EdgeSites.EDGE, "edge-1", sites.natsUrl(EdgeSites.EDGE));
        Duration back = Waiting.until(
                SERVES_AGAIN_MAX,
                () -> "the edge to serve what was written before; last "
                        + sites.send(sites.url(EdgeSites.EDGE, "/users/1"), "") + "; it says\n"
                        + sites.host("edge-1").messages(),
                () -> sites.send(sites.url(EdgeSites.EDGE, "/users/1"), "")
                        .body()
                        .equals(written));
        System.out.println("the edge's host, killed during the cut, served again after " + back.toMillis() + " ms");
        return new Span(killed, System.nanoTime());
    }

    private static HttpHistory history(EdgeSites sites, String site) {
        return HttpHistory.start(sites.url(site, "/users/1"), REQUESTS_PER_SECOND, Duration.ofMinutes(2));
    }

    /** Calls that the edge answered before are answered by the cloud soon after the cut, and go on being answered. */
    private static void assertFailedOver(String how, List<HttpHistory.Call> calls, long cutAt, long healedAt) {
        List<HttpHistory.Call> before =
                calls.stream().filter(call -> call.doneNanos() < cutAt).toList();
        assertThat(before).allSatisfy(call -> assertThat(call.status()).isEqualTo(200));
        assertThat(before)
                .filteredOn(call -> call.text().equals("edge"))
                .as("calls of the kiosk before the cut, by the nearest site")
                .hasSizeGreaterThan(before.size() * 9 / 10);
        long lastFailure = calls.stream()
                .filter(call -> !call.ok())
                .mapToLong(HttpHistory.Call::sentNanos)
                .max()
                .orElse(cutAt);
        long failures = calls.stream().filter(call -> !call.ok()).count();
        long firstByCloud = calls.stream()
                .filter(call ->
                        call.sentNanos() > cutAt && call.ok() && call.text().equals("cloud"))
                .mapToLong(HttpHistory.Call::doneNanos)
                .min()
                .orElse(Long.MAX_VALUE);
        System.out.println(how + ": kiosk failed over after " + (firstByCloud - cutAt) / 1_000_000 + " ms, " + failures
                + " of " + calls.size() + " calls failed, the last was sent after "
                + (lastFailure - cutAt) / 1_000_000 + " ms");
        assertThat(Duration.ofNanos(firstByCloud - cutAt))
                .as(how + ": failover")
                .isLessThan(FAILOVER_MAX);
        assertThat(Duration.ofNanos(lastFailure - cutAt))
                .as(how + ": last call that failed")
                .isLessThan(FAILOVER_MAX);
        assertThat(calls)
                .filteredOn(call -> call.sentNanos() - cutAt > FAILOVER_MAX.toNanos() && call.doneNanos() < healedAt)
                .as(how + ": calls of the kiosk during the cut")
                .isNotEmpty()
                .allSatisfy(call -> assertThat(call.text()).isEqualTo("cloud"));
    }

    /** Every host is known to the hub, nothing runs twice, and the controller says that all is as it should be. */
    private static boolean whole(EdgeSites sites, String written) throws Exception {
        List<HostInventory> hosts = sites.inventories(EdgeSites.HUB);
        return hosts.size() == 3
                && hosts.stream().mapToInt(EdgeShopTest::instances).sum() == 8
                && hosts.stream().mapToInt(host -> host.providers().size()).sum() == 5
                && sites.send(sites.url(EdgeSites.KIOSK, "/users/1"), "").body().equals(written);
    }

    private static int instances(HostInventory host) {
        return host.components().stream()
                .filter(actor -> actor.id().equals(SHOP))
                .mapToInt(ActorDescription::maxInstances)
                .sum();
    }

    private static String state(EdgeSites sites) throws Exception {
        return sites.inventories(EdgeSites.HUB) + "; kiosk " + sites.send(sites.url(EdgeSites.KIOSK, "/users/1"), "")
                + "; they say\n" + sites.said();
    }
}

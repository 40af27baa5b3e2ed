package dev.trellis.wadm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.type.TypeReference;

@Timeout(60)
final class WadmServerTest {
    private static final String ACTOR = "user_api-user_actor";
    private static final String HTTP = "user_api-httpserver";
    private static final String MANIFEST = """
            apiVersion: core.oam.dev/v1beta1
            kind: Application
            metadata:
              name: user-api
              annotations:
                version: v1
                description: Users
            spec:
              components:
                - name: user-actor
                  type: actor
                  properties:
                    image: ghcr.io/myorg/user-actor:1.0.0
                  traits:
                    - type: spreadscaler
                      properties:
                        replicas: 3
                    - type: linkdef
                      properties:
                        target: httpserver
                    - type: linkdef
                      properties:
                        target: keyvalue-redis
                        values:
                          URL: redis://localhost:6379
                - name: httpserver
                  type: capability
                  properties:
                    image: ghcr.io/wasmcloud/httpserver:0.19.0
                    config:
                      - name: PORT
                        value: "8080"
                - name: keyvalue-redis
                  type: capability
                  properties:
                    image: ghcr.io/wasmcloud/keyvalue-redis:0.24.0
            """;

    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport client = lattice.join();
    private final Subjects subjects = Subjects.of(LatticeName.DEFAULT);
    private final List<AutoCloseable> open = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
        client.close();
        lattice.close();
    }

    private WadmConfig config(String name) {
        return new WadmConfig(
                LatticeName.DEFAULT,
                directory.resolve(name),
                Duration.ofMillis(200),
                Duration.ofMillis(800),
                Duration.ofMillis(100),
                Duration.ofMillis(600),
                Duration.ofSeconds(2));
    }

    private WadmServer controller(String name) throws WadmStartException {
        return keep(WadmServer.start(config(name), keep(lattice.join())));
    }

    private ScriptedHost host(String id) throws InterruptedException {
        return keep(new ScriptedHost(lattice.join(), id, Map.of("site", "cloud")));
    }

    private <T extends AutoCloseable> T keep(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private String ask(String operation, String body) throws InterruptedException {
        return new String(
                client.request(
                                subjects.application(operation),
                                body.getBytes(StandardCharsets.UTF_8),
                                Duration.ofSeconds(5))
                        .payload(),
                StandardCharsets.UTF_8);
    }

    private Map<String, Object> map(String json) {
        return WireJson.read(json.getBytes(StandardCharsets.UTF_8), new TypeReference<Map<String, Object>>() {});
    }

    private String statusType() throws InterruptedException {
        var reply = ask("status.user-api", "");
        if (!(map(reply).get("status") instanceof Map<?, ?> status)
                || !(status.get("status") instanceof Map<?, ?> info)) {
            return reply;
        }
        return String.valueOf(info.get("type"));
    }

    /** Waits for a condition that other threads bring about; the test's own timeout ends it. */
    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        var pause = new CountDownLatch(1);
        while (true) {
            try {
                if (condition.call()) {
                    return;
                }
            } catch (TransportException _) {
                // nobody leads yet
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("never happened: " + what);
            }
            boolean _ = pause.await(10, TimeUnit.MILLISECONDS);
        }
    }

    private void awaitLeader() throws Exception {
        await("a controller answers", () -> !ask("list", "").isEmpty());
    }

    private void deploy() throws Exception {
        awaitLeader();
        assertThat(ask("put", MANIFEST)).contains("\"result\":\"created\"");
        assertThat(ask("deploy.user-api", "")).contains("\"result\":\"acknowledged\"");
    }

    @Test
    void deploy_twoHosts_isDeployedOnceAllIsObserved() throws Exception {
        var a = host("a");
        var b = host("b");
        controller("one");
        deploy();
        await("deployed", () -> statusType().equals("deployed"));
        assertThat(a.count(ACTOR) + b.count(ACTOR)).isEqualTo(3);
        assertThat(a.count(ACTOR)).isBetween(1, 2);
        assertThat(a.runs(HTTP) ^ b.runs(HTTP)).isTrue();
        assertThat(client.store(subjects.latticeDataBucket()).keys()).hasSize(2);
        assertThat(client.store(subjects.configDataBucket()).keys()).hasSize(2);
        assertThat(a.epoch() + b.epoch()).isPositive();
    }

    @Test
    void reconcile_atRest_sendsNothingMore() throws Exception {
        var a = host("a");
        controller("one");
        deploy();
        await("deployed", () -> statusType().equals("deployed"));
        var before = List.copyOf(a.received());
        assertThat(before).doesNotHaveDuplicates();
        // Another application goes all the way through the same loop: the marker that time has passed.
        ask("put", MANIFEST.replace("user-api", "other"));
        ask("deploy.other", "");
        await("other runs", () -> a.count("other-user_actor") == 3);
        assertThat(a.received().stream().filter(request -> request.contains("user_api")))
                .containsExactlyElementsOf(before.stream()
                        .filter(request -> request.contains("user_api"))
                        .toList());
    }

    @Test
    void hostDies_othersTakeOver() throws Exception {
        var a = host("a");
        var b = host("b");
        controller("one");
        deploy();
        await("deployed", () -> statusType().equals("deployed"));
        assertThat(a.runs(HTTP)).isTrue();
        a.close();
        await("b runs all", () -> b.count(ACTOR) == 3 && b.runs(HTTP));
        await("deployed again", () -> statusType().equals("deployed"));
    }

    @Test
    void startFails_statusHasTheReasonAndItIsTriedAgain() throws Exception {
        var a = host("a");
        a.fail(ACTOR, "no override for image");
        controller("one");
        deploy();
        await("failed", () -> statusType().equals("failed"));
        assertThat(ask("status.user-api", "")).contains("host host a: no override for image");
        a.mend(ACTOR);
        await("deployed", () -> statusType().equals("deployed"));
    }

    @Test
    void undeploy_removesEverything_andDeleteForgetsTheApplication() throws Exception {
        var a = host("a");
        controller("one");
        deploy();
        await("deployed", () -> statusType().equals("deployed"));
        assertThat(ask("undeploy.user-api", "{}")).contains("\"result\":\"acknowledged\"");
        await(
                "all is gone",
                () -> a.count(ACTOR) == 0
                        && !a.runs(HTTP)
                        && client.store(subjects.latticeDataBucket()).keys().isEmpty()
                        && client.store(subjects.configDataBucket()).keys().isEmpty());
        assertThat(statusType()).isEqualTo("undeployed");
        assertThat(map(ask("del.user-api", "")))
                .containsEntry("result", "deleted")
                .containsEntry("undeploy", false);
        await("unknown", () -> ask("status.user-api", "").contains("\"result\":\"notfound\""));
    }

    @Test
    void delete_deployed_undeploysAndCleansUp() throws Exception {
        var a = host("a");
        controller("one");
        deploy();
        await("deployed", () -> statusType().equals("deployed"));
        assertThat(map(ask("del.user-api", "")))
                .containsEntry("result", "deleted")
                .containsEntry("undeploy", true);
        await(
                "all is gone",
                () -> a.count(ACTOR) == 0
                        && !a.runs(HTTP)
                        && client.store(subjects.configDataBucket()).keys().isEmpty());
    }

    @Test
    void restart_sameDirectory_goesOnFromTheJournal() throws Exception {
        var first = controller("one");
        deploy();
        first.close();
        var a = host("a");
        controller("one");
        await("deployed", () -> statusType().equals("deployed"));
        assertThat(a.count(ACTOR)).isEqualTo(3);
    }

    @Test
    void restart_emptyDirectory_adoptsTheLatticesCopy() throws Exception {
        var first = controller("one");
        deploy();
        first.close();
        host("a");
        controller("two");
        await("deployed", () -> statusType().equals("deployed"));
    }

    @Test
    void restart_oldJournal_doesNotUndoWhatAnotherControllerDid() throws Exception {
        var first = controller("one");
        deploy();
        first.close();
        var second = controller("two");
        awaitLeader();
        assertThat(ask("put", MANIFEST.replace("version: v1", "version: v2"))).contains("newversion");
        assertThat(ask("deploy.user-api", "")).contains("v2");
        second.close();
        controller("one");
        awaitLeader();
        assertThat(ask("versions.user-api", ""))
                .isEqualTo(
                        "{\"result\":\"success\",\"message\":\"Successfully fetched versions for model user-api\","
                                + "\"versions\":[{\"version\":\"v1\",\"deployed\":false},{\"version\":\"v2\",\"deployed\":true}]}");
    }

    @Test
    void twoControllers_oneLeads_andTheOtherTakesOverWithAHigherEpoch() throws Exception {
        var a = host("a");
        var first = keep(WadmServer.start(config("one"), lattice.join()));
        deploy();
        await("deployed", () -> statusType().equals("deployed"));
        long epoch = a.epoch();
        controller("two");
        first.close();
        awaitLeader();
        ask("undeploy.user-api", "");
        await("the second acts", () -> a.count(ACTOR) == 0);
        assertThat(a.epoch()).isGreaterThan(epoch);
    }

    @Test
    void leaderCutOff_otherTakesOver_andHostsRefuseTheOldEpoch() throws Exception {
        var a = host("a");
        var cut = lattice.join();
        keep(WadmServer.start(config("one"), cut));
        deploy();
        await("deployed", () -> statusType().equals("deployed"));
        long epoch = a.epoch();
        controller("two");
        cut.close(); // not the controller: it believes to lead until it notices
        awaitLeader();
        ask("undeploy.user-api", "");
        await("the second acts", () -> a.count(ACTOR) == 0);
        var refused = client.request(
                subjects.control("component.scale.a"),
                Map.of("Trellis-Epoch", Long.toString(epoch)),
                "{}".getBytes(StandardCharsets.UTF_8),
                Duration.ofSeconds(2));
        assertThat(new String(refused.payload(), StandardCharsets.UTF_8)).contains("\"success\":false");
    }

    @Test
    void start_directoryInUse_isRefused() throws Exception {
        controller("one");
        assertThatExceptionOfType(WadmStartException.class)
                .isThrownBy(() -> WadmServer.start(config("one"), keep(lattice.join())))
                .withMessageContaining("another controller uses the data directory");
    }

    @Test
    void api_replies_haveWadmsMemberNames() throws Exception {
        controller("one");
        awaitLeader();
        assertThat(ask("list", "")).isEqualTo("[]");
        assertThat(ask("put", MANIFEST))
                .isEqualTo("{\"result\":\"created\",\"total_versions\":1,\"current_version\":\"v1\","
                        + "\"message\":\"Successfully put manifest user-api v1\",\"name\":\"user-api\"}");
        assertThat(map(ask("put", MANIFEST)))
                .containsEntry("result", "error")
                .containsEntry(
                        "message", "version v1 of application user-api already exists; give this one another version");
        assertThat(map(ask("put", "{\"apiVersion\": 1}"))).containsEntry("result", "error");
        assertThat(ask("put", MANIFEST.replace("kind:", "knd:")))
                .contains("manifest:2:1")
                .contains("did you mean");
        assertThat(ask("get", ""))
                .isEqualTo(
                        "{\"result\":\"success\",\"message\":\"Successfully fetched list of applications\",\"models\":["
                                + "{\"name\":\"user-api\",\"version\":\"v1\",\"description\":\"Users\","
                                + "\"detailed_status\":{\"status\":{\"type\":\"undeployed\",\"message\":\"\"},\"scalers\":[],"
                                + "\"version\":\"\",\"components\":[]},\"status\":\"undeployed\"}]}");
        var got = ask("get.user-api", "{\"version\":\"v1\"}");
        assertThat(got)
                .startsWith("{\"result\":\"success\",\"message\":")
                .contains("\"apiVersion\":\"core.oam.dev/v1beta1\"");
        assertThat(ask("get.nobody", ""))
                .isEqualTo("{\"result\":\"notfound\",\"message\":\"Model with the name nobody not found\"}");
        assertThat(ask("deploy.user-api", "{\"version\":\"v9\"}"))
                .isEqualTo("{\"result\":\"notfound\",\"message\":\"application user-api has no version v9; it has v1\","
                        + "\"name\":\"user-api\"}");
        assertThat(ask("deploy.user-api", ""))
                .isEqualTo("{\"result\":\"acknowledged\",\"message\":\"Successfully deployed manifest user-api v1\","
                        + "\"name\":\"user-api\",\"version\":\"v1\"}");
        await("looked at", () -> ask("status.user-api", "").contains("\"scalers\":[{\"id\":"));
        assertThat(ask("status.user-api", ""))
                .startsWith("{\"result\":\"ok\",\"message\":\"Successfully fetched status for model user-api\","
                        + "\"status\":{\"status\":{\"type\":\"waiting\",\"message\":")
                .contains("no host in the lattice")
                .contains("\"components\":[{\"name\":\"user-actor\",\"type\":\"component\",\"status\":{\"type\":");
        assertThat(ask("del.nobody", "")).contains("\"result\":\"noop\"").contains("\"undeploy\":false");
        assertThat(ask("dance.user-api", "")).contains("\"result\":\"error\"").contains("unknown operation 'dance'");
        assertThat(ask("status", "")).contains("\"result\":\"error\"").contains("needs the name");
    }
}

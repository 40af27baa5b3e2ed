package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostSummary;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Lease;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hosts as others see them: over the control interface and the call subjects, with real actors and providers. */
class TrellisHostTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path ROOT = Path.of(System.getProperty("trellis.root"));
    private static final String USER_ACTOR =
            ROOT.resolve("actor-sdk/samples/user-actor/user-actor.wasm").toUri().toString();
    private static final String ECHO =
            ROOT.resolve("actor-sdk/samples/echo-c/echo-c.wasm").toUri().toString();
    private static final String PROXY =
            ROOT.resolve("actor-sdk/test-guests/proxy.wasm").toUri().toString();
    private static final EntityId PROXY_ID = new EntityId("app-proxy");
    private static final EntityId ACTOR = new EntityId("app-user");
    private static final EntityId STORE = new EntityId("app-store");

    @TempDir
    private Path directory;

    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport client = lattice.join();
    private final Subjects subjects = Subjects.of(LatticeName.DEFAULT);
    private final BlockingQueue<Map<String, Object>> events = new LinkedBlockingQueue<>();
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
    void ping_twoHosts_bothAnswerWithTheirLabels() throws Exception {
        host("NA", new Labels(Map.of("site", "cloud")));
        host("NB", new Labels(Map.of("site", "edge-1")));

        var summaries = client.requestMany(subjects.control("host.ping"), new byte[0], Duration.ofSeconds(10), 2);

        assertThat(summaries)
                .extracting(reply -> summary(WireJson.readReply(reply.payload(), HostSummary.class)))
                .containsExactlyInAnyOrder("NA cloud", "NB edge-1");
    }

    @Test
    void label_putAndDeleted_showsInTheInventory() throws Exception {
        host("NA", Labels.NONE);

        assertThat(control("label.put.NA", new ControlRequests.LabelChange("zone", "a"))
                        .success())
                .isTrue();
        assertThat(inventory("NA").labels()).containsEntry("zone", "a").containsKey("hostcore.os");
        assertThat(control("label.del.NA", new ControlRequests.LabelChange("zone", null))
                        .success())
                .isTrue();
        assertThat(inventory("NA").labels()).doesNotContainKey("zone");
    }

    @Test
    void label_reserved_isRefusedBothWays() throws Exception {
        host("NA", Labels.NONE);

        assertThat(control("label.put.NA", new ControlRequests.LabelChange("HostCore.os", "x"))
                        .message())
                .contains("hostcore.");
        assertThat(control("label.del.NA", new ControlRequests.LabelChange("hostcore.os", null))
                        .success())
                .isFalse();
    }

    @Test
    void control_unknownOperationOrBrokenJson_isAnsweredWithWhatIsWrong() throws Exception {
        host("NA", Labels.NONE);

        assertThat(control("component.explode.NA", Map.of()).message()).contains("unsupported subject");
        assertThat(WireJson.readReply(
                                client.request(
                                                subjects.control("component.scale.NA"),
                                                "{\"component_id\":".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                                                PATIENCE)
                                        .payload(),
                                Object.class)
                        .message())
                .contains("not the JSON expected");
        assertThat(control("component.scale.NA", Map.of("component_id", "x")).message())
                .contains("component_ref is required");
    }

    @Test
    void auction_onlyHostsThatMeetTheConstraintsBid() throws Exception {
        host("NA", new Labels(Map.of("site", "cloud")));
        host("NB", new Labels(Map.of("site", "edge-1")));

        var bids = client.requestMany(
                subjects.control("component.auction"),
                WireJson.write(new ControlRequests.ActorAuction(ECHO, "app-echo", Map.of("site", "edge-1"))),
                Duration.ofMillis(300),
                2);

        assertThat(bids)
                .extracting(bid -> Optional.ofNullable(WireJson.readReply(bid.payload(), ControlRequests.ActorBid.class)
                                .response())
                        .map(ControlRequests.ActorBid::hostId))
                .containsExactly(Optional.of("NB"));
    }

    @Test
    void auction_withoutAnIdOrWithTextThatIsNoUnicode_isAnsweredAndTheHostLives() throws Exception {
        host("NA", Labels.NONE);

        assertThat(control("component.auction", Map.of("component_ref", ECHO)).message())
                .contains("component_id is required");
        assertThat(control("provider.auction", Map.of("provider_ref", ECHO)).message())
                .contains("provider_id is required");
        client.request(
                subjects.control("label.put.NA"),
                "{\"key\":\"zone\",\"value\":\"\\ud800\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                PATIENCE);

        assertThat(inventory("NA").hostId()).isEqualTo("NA");
    }

    @Test
    void update_ofAPinnedActorToAnotherImage_dropsThePinOfTheOldOne() throws Exception {
        host("NA", Labels.NONE);
        byte[] echo = java.nio.file.Files.readAllBytes(Path.of(java.net.URI.create(ECHO)));
        String digest = dev.trellis.lattice.transport.ArtifactStore.open(client, LatticeName.DEFAULT)
                .put(echo)
                .hex();
        control(
                "component.scale.NA",
                Map.of(
                        "component_ref",
                        "ghcr.io/acme/echo:1",
                        "component_id",
                        "app-echo",
                        "count",
                        1,
                        "annotations",
                        Map.of("trellis.dev/digest", digest)));
        event("component_scaled", data -> true);

        control("component.update.NA", new ControlRequests.UpdateActor("app-echo", Map.of(), "NA", USER_ACTOR));

        event("component_scaled", data -> java.util.Objects.equals(data.get("image_ref"), USER_ACTOR));
        assertThat(inventory("NA").components().getFirst().digest()).isNotEqualTo(digest);
    }

    @Test
    void provider_stoppedTwiceAtOnce_bothAreAnsweredAfterItStopped() throws Exception {
        host("NA", Labels.NONE);
        startStore("NA");

        var stop = Map.of("provider_id", STORE.value(), "host_id", "NA");
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            var first = threads.submit(() -> control("provider.stop.NA", stop));
            var second = threads.submit(() -> control("provider.stop.NA", stop));

            assertThat(first.get().success()).isTrue();
            assertThat(second.get().success()).isTrue();
        }
        assertThat(inventory("NA").providers()).isEmpty();
    }

    @Test
    void actor_imageThatIsADevice_isRefused() throws Exception {
        host("NA", Labels.NONE);

        scale("NA", "app-echo", "file:///dev/zero", 1);

        assertThat(event("component_scale_failed", data -> true).get("error"))
                .asString()
                .contains("not a regular file");
    }

    @Test
    void actor_scaledUpAndDown_showsInInventoryAndEvents() throws Exception {
        host("NA", Labels.NONE);

        scale("NA", "app-echo", ECHO, 3);
        var scaled = event("component_scaled", data -> java.util.Objects.equals(data.get("max_instances"), 3));
        assertThat(scaled).containsEntry("component_id", "app-echo").containsEntry("image_ref", ECHO);
        assertThat(inventory("NA").components()).singleElement().satisfies(actor -> {
            assertThat(actor.maxInstances()).isEqualTo(3);
            assertThat(actor.digest()).hasSize(64);
        });

        scale("NA", "app-echo", ECHO, 0);
        event("component_scaled", data -> java.util.Objects.equals(data.get("max_instances"), 0));
        assertThat(inventory("NA").components()).isEmpty();
    }

    @Test
    void actor_imageOfARegistry_failsWithHowToOverride() throws Exception {
        host("NA", Labels.NONE);

        scale("NA", "app-echo", "ghcr.io/acme/echo:1.0.0", 1);

        var failed = event("component_scale_failed", data -> true);
        assertThat(failed.get("error")).asString().contains("--image ghcr.io/acme/echo:1.0.0=PATH");
    }

    @Test
    void actor_updatedWhileCallsGoOn_servesTheNewImage() throws Exception {
        host("NA", Labels.NONE);
        scale("NA", "app-echo", ECHO, 2);
        event("component_scaled", data -> true);

        control("component.update.NA", new ControlRequests.UpdateActor("app-echo", Map.of(), "NA", USER_ACTOR));

        event("component_scaled", data -> java.util.Objects.equals(data.get("image_ref"), USER_ACTOR));
        assertThat(http("NA", new EntityId("app-echo"), "/nowhere").getBody().toStringUtf8())
                .isEqualTo("Not found");
    }

    @Test
    void staleEpoch_isRefused_andCommandsWithoutOnePass() throws Exception {
        host("NA", Labels.NONE);
        var scale = WireJson.write(Map.of("component_ref", ECHO, "component_id", "app-echo", "count", 1));

        client.store(subjects.manifestBucket()).put(Lease.KEY, WireJson.write(new Lease("controller", 7)));
        var invented = client.request(
                subjects.control("component.scale.NA"),
                Map.of(ControlRequests.EPOCH_HEADER, Long.toString(Long.MAX_VALUE)),
                scale,
                PATIENCE);
        var current = client.request(
                subjects.control("component.scale.NA"), Map.of(ControlRequests.EPOCH_HEADER, "7"), scale, PATIENCE);
        var stale = client.request(
                subjects.control("component.scale.NA"), Map.of(ControlRequests.EPOCH_HEADER, "6"), scale, PATIENCE);

        assertThat(WireJson.readReply(invented.payload(), Object.class).message())
                .contains("its lease has epoch 7");
        assertThat(WireJson.readReply(current.payload(), Object.class).success())
                .isTrue();
        assertThat(WireJson.readReply(stale.payload(), Object.class).message()).contains("superseded by 7");
        assertThat(control("component.scale.NA", Map.of("component_ref", ECHO, "component_id", "app-echo", "count", 1))
                        .success())
                .isTrue();
    }

    @Test
    void actorAndStoreOnTwoHosts_linkAcknowledged_callCrossesTheLattice() throws Exception {
        host("NA", Labels.NONE);
        host("NB", Labels.NONE);
        scale("NA", ACTOR.value(), USER_ACTOR, 1);
        event("component_scaled", data -> java.util.Objects.equals(data.get("component_id"), ACTOR.value()));
        startStore("NB");
        putLink();
        awaitAcknowledged("NB");

        await(() -> http("NA", ACTOR, "/users").getBody().toStringUtf8().equals("User created"));

        assertThat(http("NA", ACTOR, "/users/1").getBody().toStringUtf8()).contains("Ada");
    }

    @Test
    void actorCallsActorOnAnotherHost_onlyOverALinkAndOnlyByItsContract() throws Exception {
        host("NA", Labels.NONE);
        host("NB", Labels.NONE);
        scale("NA", PROXY_ID.value(), PROXY, 1);
        event("component_scaled", data -> java.util.Objects.equals(data.get("component_id"), PROXY_ID.value()));
        scale("NB", "app-echo_c", ECHO, 1);
        event("component_scaled", data -> java.util.Objects.equals(data.get("component_id"), "app-echo_c"));
        byte[] callEcho = proxyCall("echo-c", "Actor.HealthRequest", new byte[0]);

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> viaProxy(callEcho))
                .satisfies(e -> assertThat(e.failure().root()).isInstanceOf(InvocationFailure.NotLinked.class));
        assertThat(control(
                                "link.put",
                                new ControlRequests.LinkMessage(
                                        PROXY_ID.value(),
                                        "app-echo_c",
                                        "default",
                                        "trellis",
                                        "actor",
                                        List.of(),
                                        List.of(),
                                        List.of()))
                        .success())
                .isTrue();

        await(() -> {
            try {
                return new String(viaProxy(callEcho), java.nio.charset.StandardCharsets.ISO_8859_1).contains("healthy");
            } catch (InvocationException e) {
                return false; // the hosts have not heard of each other yet
            }
        });
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> call("NB", PROXY_ID, "app-echo_c", Contracts.HTTP_SERVER.id(), new byte[0]))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.NotLinked.class));
    }

    @Test
    void builtins_throughAHost_needNoLink() throws Exception {
        host("NA", Labels.NONE);
        scale("NA", PROXY_ID.value(), PROXY, 1);
        event("component_scaled", data -> true);
        var lines = new ch.qos.logback.core.read.ListAppender<ch.qos.logback.classic.spi.ILoggingEvent>();
        var logger = (ch.qos.logback.classic.Logger) org.slf4j.LoggerFactory.getLogger("dev.trellis.actor");
        lines.start();
        logger.addAppender(lines);
        opened.add(() -> logger.detachAppender(lines));
        String numbergen = "wasmcloud:builtin:numbergen";

        assertThat(viaProxy(proxyCall(numbergen, "NumberGen.GenerateGuid", new byte[0])))
                .hasSize(38);
        assertThat(viaProxy(proxyCall(numbergen, "NumberGen.Random32", new byte[0])))
                .isNotEmpty();
        assertThat(viaProxy(proxyCall(numbergen, "NumberGen.RandomInRange", new byte[] {(byte) 0x92, 7, 7})))
                .containsExactly(7);
        byte[] warnHi = {(byte) 0x92, (byte) 0xa4, 'w', 'a', 'r', 'n', (byte) 0xa2, 'h', 'i'};
        assertThat(viaProxy(proxyCall("wasmcloud:builtin:logging", "Logging.WriteLog", warnHi)))
                .isEmpty();

        assertThat(lines.list)
                .extracting(ch.qos.logback.classic.spi.ILoggingEvent::getFormattedMessage)
                .singleElement()
                .asString()
                .matches(PROXY_ID + ": hi trace_id=[0-9a-f]{32}");
    }

    @Test
    void control_valuesOutOfBounds_areRefusedWithWhatIsExpected() throws Exception {
        host("NA", Labels.NONE);

        assertThat(control("component.scale.NA", Map.of("component_ref", ECHO, "component_id", "app-echo"))
                        .message())
                .contains("count is required");
        assertThat(control(
                                "component.scale.NA",
                                Map.of("component_ref", ECHO, "component_id", "app-echo", "count", 100_001))
                        .message())
                .contains("100000");
        assertThat(control(
                                "component.scale.NA",
                                Map.of("component_ref", ECHO, "component_id", "trellis_operator", "count", 1))
                        .message())
                .contains("reserved");
        assertThat(control("host.stop.NA", Map.of("host_id", "NA", "timeout", -1))
                        .message())
                .contains("timeout");
        assertThat(control("label.put.NA", new ControlRequests.LabelChange("empty", ""))
                        .success())
                .isTrue();
        assertThat(inventory("NA").labels()).containsEntry("empty", "");
    }

    @Test
    void scale_upAndDownInARow_theLastOneCounts() throws Exception {
        host("NA", Labels.NONE);

        for (int i = 0; i < 20; i++) {
            client.publish(
                    subjects.control("component.scale.NA"),
                    WireJson.write(
                            Map.of("component_ref", ECHO, "component_id", "app-echo", "count", i % 2 == 0 ? 3 : 0)));
        }
        scale("NA", "app-echo", ECHO, 5);

        event("component_scaled", data -> java.util.Objects.equals(data.get("max_instances"), 5));
        assertThat(inventory("NA").components()).singleElement().satisfies(actor -> assertThat(actor.maxInstances())
                .isEqualTo(5));
    }

    @Test
    void link_deleted_callsAreRefusedAsNotLinked() throws Exception {
        host("NA", Labels.NONE);
        scale("NA", ACTOR.value(), USER_ACTOR, 1);
        event("component_scaled", data -> java.util.Objects.equals(data.get("component_id"), ACTOR.value()));
        startStore("NA");
        putLink();
        awaitAcknowledged("NA");
        http("NA", ACTOR, "/users");

        control("link.del", new ControlRequests.DeleteLink(ACTOR.value(), "default", "wasmcloud", "keyvalue"));
        await(() -> inventory("NA").providers().getFirst().links().isEmpty());

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> http("NA", ACTOR, "/users"))
                .satisfies(e -> assertThat(e.failure().root()).isInstanceOf(InvocationFailure.NotLinked.class));
    }

    @Test
    void link_conflictingTargetOrMissingConfig_isRefused() throws Exception {
        host("NA", Labels.NONE);
        putLink();

        assertThat(control("link.put", link("app-other", List.of())).message())
                .contains("link already exists with different target");
        assertThat(control("link.put", link(STORE.value(), List.of("no-such-config")))
                        .message())
                .contains("no-such-config");
    }

    @Test
    void provider_unknownImage_isRefusedWithWhatThereIs() throws Exception {
        host("NA", Labels.NONE);

        assertThat(control(
                                "provider.start.NA",
                                Map.of("provider_ref", "ghcr.io/acme/blob:1", "provider_id", "app-blob"))
                        .message())
                .contains("trellis:keyvalue-nats");
    }

    @Test
    void config_putGetDelete_roundTrips() throws Exception {
        host("NA", Labels.NONE);

        control("config.put.app-cfg", Map.of("URL", "redis://somewhere"));
        assertThat(control("config.get.app-cfg", Map.of()).response()).isEqualTo(Map.of("URL", "redis://somewhere"));
        control("config.del.app-cfg", Map.of());
        assertThat(control("config.get.app-cfg", Map.of()).message()).isEqualTo("Configuration not found");
    }

    @Test
    void host_stopped_tellsTheLatticeItLeaves() throws Exception {
        TrellisHost host = host("NA", Labels.NONE);

        host.close();

        assertThat(event("host_stopped", data -> true)).containsKey("labels");
    }

    // Helpers.

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

    private TrellisHost host(String id, Labels labels) throws Exception {
        if (opened.isEmpty()) {
            opened.add(client.subscribe(
                    subjects.events(),
                    message -> events.add(WireJson.read(
                            message.message().payload(),
                            new tools.jackson.core.type.TypeReference<Map<String, Object>>() {}))));
        }
        LatticeTransport transport = lattice.join();
        opened.add(transport);
        TrellisHost host = TrellisHost.start(
                HostConfig.of(
                        LatticeName.DEFAULT,
                        new HostId(id),
                        "test-" + id,
                        labels,
                        directory.resolve(id),
                        Map.of(),
                        "test"),
                transport);
        opened.add(host);
        await(() -> client.requestMany(subjects.control("host.ping"), new byte[0], Duration.ofMillis(50), 10).stream()
                .anyMatch(reply -> summary(WireJson.readReply(reply.payload(), HostSummary.class))
                        .startsWith(id)));
        return host;
    }

    private static String summary(ControlReply<HostSummary> reply) {
        HostSummary summary = java.util.Objects.requireNonNull(reply.response());
        return summary.id() + " " + summary.labels().getOrDefault("site", "");
    }

    private ControlReply<Object> control(String suffix, Object request) throws InterruptedException {
        return WireJson.readReply(
                client.request(subjects.control(suffix), WireJson.write(request), PATIENCE)
                        .payload(),
                Object.class);
    }

    private HostInventory inventory(String host) throws InterruptedException {
        var reply = client.request(subjects.control("host.get", new HostId(host)), new byte[0], PATIENCE);
        return java.util.Objects.requireNonNull(
                WireJson.readReply(reply.payload(), HostInventory.class).response());
    }

    private void scale(String host, String id, String image, int count) throws InterruptedException {
        assertThat(control(
                                "component.scale." + host,
                                Map.of("component_ref", image, "component_id", id, "count", count))
                        .success())
                .isTrue();
    }

    private void startStore(String host) throws Exception {
        assertThat(control(
                                "provider.start." + host,
                                Map.of("provider_ref", "trellis:keyvalue-nats", "provider_id", STORE.value()))
                        .success())
                .isTrue();
        event("provider_started", data -> true);
    }

    private void putLink() throws Exception {
        assertThat(control("link.put", link(STORE.value(), List.of())).message())
                .contains("stored");
    }

    private static ControlRequests.LinkMessage link(String target, List<String> targetConfig) {
        return new ControlRequests.LinkMessage(
                ACTOR.value(), target, "default", "wasmcloud", "keyvalue", List.of(), List.of(), targetConfig);
    }

    private void awaitAcknowledged(String host) throws Exception {
        await(() -> inventory(host).providers().getFirst().links().stream().anyMatch(link -> link.acknowledged()));
    }

    private Map<String, Object> event(String name, Predicate<Map<String, Object>> matching) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Map<String, Object> event = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            assertThat(event).as("event " + name).isNotNull();
            if (event == null || !String.valueOf(event.get("type")).endsWith("." + name)) {
                continue;
            }
            @SuppressWarnings("unchecked") // data of every event is an object
            var data = (Map<String, Object>) event.get("data");
            if (data != null && matching.test(data)) {
                return data;
            }
        }
    }

    private static byte[] proxyCall(String namespace, String operation, byte[] payload) {
        var call = new java.io.ByteArrayOutputStream();
        for (String text : List.of("default", namespace, operation)) {
            call.write(text.length());
            call.writeBytes(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
        call.writeBytes(payload);
        return call.toByteArray();
    }

    private byte[] viaProxy(byte[] payload) throws InterruptedException {
        return call("NA", EntityId.OPERATOR, PROXY_ID.value(), Contracts.ACTOR, payload);
    }

    private byte[] call(
            String host, EntityId source, String target, dev.trellis.lattice.model.ContractId contract, byte[] payload)
            throws InterruptedException {
        var invocation = Invocation.first(
                source,
                new EntityId(target),
                LinkName.DEFAULT,
                contract,
                contract.equals(Contracts.ACTOR) ? "Proxy.Call" : "HandleRequest",
                new Payload.Opaque(ByteString.copyFrom(payload)),
                Deadline.in(Duration.ofSeconds(10)),
                TraceContext.root());
        var reply = client.request(
                subjects.call(new EntityId(target), new HostId(host)),
                CallCodec.encode(invocation),
                Duration.ofSeconds(10));
        return CallCodec.decodeReply(invocation, reply.payload()).toBytes().toByteArray();
    }

    private HttpResponse http(String host, EntityId actor, String path) throws InterruptedException {
        var invocation = Invocation.first(
                EntityId.OPERATOR,
                actor,
                LinkName.DEFAULT,
                Contracts.HTTP_SERVER.id(),
                "HandleRequest",
                new Payload.Typed(HttpRequest.newBuilder()
                        .setMethod("GET")
                        .setPath(path)
                        .setBody(ByteString.EMPTY)
                        .build()),
                Deadline.in(Duration.ofSeconds(10)),
                TraceContext.root());
        var reply = client.request(
                subjects.call(actor, new HostId(host)), CallCodec.encode(invocation), Duration.ofSeconds(10));
        return (HttpResponse) ((Payload.Typed) CallCodec.decodeReply(invocation, reply.payload())).message();
    }
}

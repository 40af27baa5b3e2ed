package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.component.FunctionForm;
import dev.trellis.host.component.FunctionType;
import dev.trellis.host.component.PrimitiveType;
import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.type.TypeReference;

/** Hosts that run components, as others see them: over the control interface and the call subjects. */
class ComponentHostTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path ROOT = Path.of(System.getProperty("trellis.root"));
    private static final String FRONT = image("actor-sdk/samples/shop/front/shop-front.wasm");
    private static final String PRICING = image("actor-sdk/samples/shop/pricing/pricing.wasm");
    private static final String GUESTS = "host/node/src/test/resources/dev/trellis/host/node/";
    private static final EntityId FRONT_ID = new EntityId("shop-front");
    private static final EntityId PRICING_ID = new EntityId("shop-pricing");
    private static final EntityId READER = new EntityId("app-reader");
    private static final FunctionForm READ =
            FunctionForm.of("read", new FunctionType(false, List.of(), Optional.of(PrimitiveType.U32)));

    @TempDir
    private Path directory;

    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport client = lattice.join();
    private final Subjects subjects = Subjects.of(LatticeName.DEFAULT);
    private final BlockingQueue<Map<String, Object>> events = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> opened = new ArrayList<>();

    private static String image(String path) {
        return ROOT.resolve(path).toUri().toString();
    }

    @BeforeEach
    void subscribe() throws Exception {
        opened.add(client.subscribe(
                subjects.events(),
                message -> events.add(
                        WireJson.read(message.message().payload(), new TypeReference<Map<String, Object>>() {}))));
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : opened.reversed()) {
            closeable.close();
        }
        client.close();
        lattice.close();
    }

    @Test
    void twoComponentsOnTwoHosts_callByTheirOwnWit_onlyOverALink() throws Exception {
        host("NA");
        host("NB");
        scale("NA", FRONT_ID, FRONT, List.of());
        scale("NB", PRICING_ID, PRICING, List.of());
        String quote = "/quote?items=apple:3,pear:2&percent=10&gift-wrap";

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> http("NA", FRONT_ID, quote))
                .satisfies(e -> assertThat(e.failure().root()).isInstanceOf(InvocationFailure.NotLinked.class))
                .withMessageContaining("acme:shop/pricing@1.0.0#price");
        link(FRONT_ID, PRICING_ID, "to-pricing", "acme", "shop", List.of("pricing"));

        HttpResponse response = eventually(() -> http("NA", FRONT_ID, quote));
        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getBody().toStringUtf8())
                .contains("\"discount\":\"0.28 EUR\"", "\"total\":\"12.97 EUR\"", "pear: gift-wrapped");
        assertThat(http("NA", FRONT_ID, "/products/straße-map").getBody().toStringUtf8())
                .contains("füßgänger");
        assertThat(http("NA", FRONT_ID, "/quote?items=sofa").getStatus()).isEqualTo(422);
    }

    @Test
    void sourceWithoutALink_callsAComponent_isRefused() throws Exception {
        host("NA");
        scale("NA", PRICING_ID, PRICING, List.of());

        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> call("NA", FRONT_ID, PRICING_ID, "acme:shop", "pricing@1.0.0#catalogue", new byte[8]))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.NotLinked.class));
    }

    @Test
    void config_changed_isReadByTheNextCall() throws Exception {
        host("NA");
        config("base", Map.of("mode", "a", "other", "x"));
        config("own", Map.of("mode", "b"));
        scale("NA", READER, image(GUESTS + "configured.wasm"), List.of("base", "own"));

        awaitMode('b');
        config("own", Map.of("mode", "c"));
        awaitMode('c');
        config("own", Map.of());
        awaitMode('a');
        scale("NA", READER, image(GUESTS + "configured.wasm"), List.of("own"));
        awaitMode(0);
    }

    @Test
    void component_withAnImportOfNobody_isRefusedWithItsNameAndTheNearest() throws Exception {
        host("NA");

        assertThat(failure("NA", image(GUESTS + "unknown.wasm"), List.of()))
                .contains("wasi:clocks/monotonic-clocks@0.2.0", "the nearest is wasi:clocks/monotonic-clock@0.2.");
    }

    @Test
    void classicActor_withConfig_isRefused() throws Exception {
        host("NA");

        assertThat(failure("NA", image("actor-sdk/samples/echo-c/echo-c.wasm"), List.of("base")))
                .contains("config is for components");
    }

    // ---- doing

    private void awaitMode(int letter) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Object mode = null;
        while (!Long.valueOf(letter).equals(mode) && System.nanoTime() < end) {
            try {
                mode = READ.readResult(call(
                        "NA",
                        EntityId.OPERATOR,
                        READER,
                        "test:config",
                        "reader@0.1.0#read",
                        READ.writeCall(new Object[0], 100)));
            } catch (InvocationException e) {
                // told of before calls come to it: then none has run
                assertThat(e.failure()).isInstanceOf(InvocationFailure.NoTarget.class);
            }
        }
        assertThat(mode).isEqualTo((long) letter);
    }

    private String failure(String host, String image, List<String> config) throws Exception {
        ask(host, READER, image, config);
        return String.valueOf(event("component_scale_failed").get("error"));
    }

    private void scale(String host, EntityId id, String image, List<String> config) throws Exception {
        ask(host, id, image, config);
        assertThat(event("component_scaled")).containsEntry("component_id", id.value());
    }

    private void ask(String host, EntityId id, String image, List<String> config) throws InterruptedException {
        assertThat(control(
                                "component.scale." + host,
                                Map.of(
                                        "component_ref",
                                        image,
                                        "component_id",
                                        id.value(),
                                        "count",
                                        2,
                                        "config",
                                        config,
                                        "annotations",
                                        Map.of("times", String.valueOf(System.nanoTime()))))
                        .success())
                .isTrue();
    }

    private void link(
            EntityId source, EntityId target, String name, String namespace, String pkg, List<String> interfaces)
            throws InterruptedException {
        assertThat(control(
                                "link.put",
                                new ControlRequests.LinkMessage(
                                        source.value(),
                                        target.value(),
                                        name,
                                        namespace,
                                        pkg,
                                        interfaces,
                                        List.of(),
                                        List.of()))
                        .success())
                .isTrue();
    }

    private void config(String name, Map<String, String> values) throws InterruptedException {
        assertThat(control("config.put." + name, values).success()).isTrue();
    }

    private ControlReply<Object> control(String suffix, Object request) throws InterruptedException {
        return WireJson.readReply(
                client.request(subjects.control(suffix), WireJson.write(request), PATIENCE)
                        .payload(),
                Object.class);
    }

    private void host(String id) throws Exception {
        LatticeTransport transport = lattice.join();
        opened.add(transport);
        opened.add(TrellisHost.start(
                HostConfig.of(
                        LatticeName.DEFAULT,
                        new HostId(id),
                        "test-" + id,
                        Labels.NONE,
                        directory.resolve(id),
                        Map.of(),
                        "test"),
                transport));
    }

    private Map<String, Object> event(String name) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Map<String, Object> event = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            assertThat(event).as("event " + name).isNotNull();
            if (event != null && String.valueOf(event.get("type")).endsWith("." + name)) {
                @SuppressWarnings("unchecked") // data of every event is an object
                var data = (Map<String, Object>) Objects.requireNonNull(event.get("data"));
                return data;
            }
        }
    }

    /** What {@code call} gives once hosts know of each other and of the link. */
    private static HttpResponse eventually(Callable<HttpResponse> call) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return call.call();
            } catch (InvocationException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    private byte[] call(
            String host, EntityId source, EntityId target, String contract, String operation, byte[] payload)
            throws InterruptedException {
        return send(
                        host,
                        Invocation.first(
                                source,
                                target,
                                LinkName.DEFAULT,
                                new ContractId(contract),
                                operation,
                                new Payload.Opaque(ByteString.copyFrom(payload)),
                                Deadline.in(Duration.ofSeconds(10)),
                                TraceContext.root()))
                .toBytes()
                .toByteArray();
    }

    private HttpResponse http(String host, EntityId actor, String path) throws InterruptedException {
        Payload reply = send(
                host,
                Invocation.first(
                        EntityId.OPERATOR,
                        actor,
                        LinkName.DEFAULT,
                        Contracts.HTTP_SERVER.id(),
                        "HandleRequest",
                        new Payload.Typed(HttpRequest.newBuilder()
                                .setMethod("GET")
                                .setPath(path.substring(0, path.indexOf('?') < 0 ? path.length() : path.indexOf('?')))
                                .setQuery(path.indexOf("?") < 0 ? "" : path.substring(path.indexOf("?") + 1))
                                .build()),
                        Deadline.in(Duration.ofSeconds(10)),
                        TraceContext.root()));
        return (HttpResponse) ((Payload.Typed) reply).message();
    }

    private Payload send(String host, Invocation invocation) throws InterruptedException {
        var reply = client.request(
                subjects.call(invocation.target(), new HostId(host)),
                CallCodec.encode(invocation),
                Duration.ofSeconds(10));
        return CallCodec.decodeReply(invocation, reply.payload());
    }
}

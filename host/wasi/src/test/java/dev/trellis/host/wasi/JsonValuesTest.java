package dev.trellis.host.wasi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** JSON of the sample that has most kinds of types. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JsonValuesTest {
    private static final Path PRICING =
            Path.of(System.getProperty("trellis.root", "../..")).resolve("actor-sdk/samples/shop/pricing/pricing.wasm");

    private final WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS);
    private final ComponentActor actor = start();

    private ComponentActor start() {
        try {
            return ComponentActor.start(
                    ValidComponent.of(Files.readAllBytes(PRICING), engine),
                    engine,
                    new EntityId("pricing"),
                    GuestLimits.DEFAULTS,
                    ActorLimits.DEFAULTS,
                    new NoServices());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterAll
    void close() {
        actor.close();
        engine.close();
    }

    private String call(String function, String json) throws InterruptedException {
        return actor.handle(
                        Invocation.first(
                                EntityId.OPERATOR,
                                new EntityId("pricing"),
                                LinkName.DEFAULT,
                                Contracts.ACTOR,
                                "acme:shop/pricing#" + function,
                                new Payload.Opaque(ByteString.copyFromUtf8(json)),
                                Deadline.in(Duration.ofSeconds(10)),
                                TraceContext.root()),
                        CallObserver.NONE)
                .toBytes()
                .toStringUtf8();
    }

    @Test
    void call_optionsEnumsRecordsAndLists_areJson() throws Exception {
        assertThat(call("find", "[\"e-book\"]"))
                .isEqualTo("{\"sku\":\"e-book\",\"price\":{\"currency\":\"eur\",\"cents\":1299},"
                        + "\"weight\":null,\"tags\":[\"digital\"]}");
        assertThat(call("find", "[\"sofa\"]")).isEqualTo("null");
        assertThat(call("catalogue", "")).startsWith("[{\"sku\":\"apple\"").contains("\"weight\":350.5");
    }

    @Test
    void call_variantsFlagsTuplesAndResults_areJson() throws Exception {
        String order = """
                [{"items": [{"sku": "apple", "quantity": 3}],
                  "discounts": [{"percent": 10}, "free-shipping"],
                  "extras": ["gift-wrap"], "note": null}]""";

        assertThat(call("price", order))
                .startsWith("{\"ok\":{\"lines\":[{\"sku\":\"apple\"")
                .contains("[\"apple\",\"gift-wrapped\"]");
        assertThat(call("price", order.replace("\"free-shipping\"", "{\"coupon\": \"X\"}")))
                .isEqualTo("{\"error\":{\"unknown-coupon\":\"X\"}}");
    }

    @Test
    void call_whatIsNotOfTheType_saysWhere() {
        refused("[{\"items\": []}]", "order.discounts: expected is an array, was null");
        refused("[{\"items\": [], \"discounts\": [], \"extras\": [], \"color\": 1}]", "order: there is no 'color'");
        refused(
                "[{\"items\": [], \"discounts\": [\"percent\"], \"extras\": []}]",
                "order.discounts[0]: expected is one of [{\"percent\": ...}");
        refused(
                "[{\"items\": [], \"discounts\": [], \"extras\": [\"cheap\"]}]",
                "order.extras: expected is some of [gift-wrap, express, insured], was cheap");
        refused("[]", "the function takes 1 arguments, these are 0");
    }

    private void refused(String json, String expectation) {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> call("price", json))
                .withMessageContaining(expectation);
    }
}

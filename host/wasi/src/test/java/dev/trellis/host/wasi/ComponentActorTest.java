package dev.trellis.host.wasi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.ActorStartException;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.host.component.DefinedType.Field;
import dev.trellis.host.component.FunctionForm;
import dev.trellis.host.component.FunctionType;
import dev.trellis.host.component.PrimitiveType;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class ComponentActorTest {
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);
    private static final int BYTES_MAX = 1 << 20;
    private static final FunctionForm ADD = numbers("add", 2, PrimitiveType.U32);
    private static final FunctionForm SUM = numbers("sum", 3, PrimitiveType.U32);
    private static final FunctionForm SPIN =
            FunctionForm.of("spin", new FunctionType(false, List.of(), Optional.empty()));

    private final Links links = new Links();

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    /** Every interface leads to at most one actor. */
    private static final class Links implements GuestServices {
        private final Map<String, ComponentActor> targets = new HashMap<>();

        @Override
        public Payload call(Invocation parent, GuestCall call) throws InterruptedException {
            ComponentActor target = targets.get(call.namespace() + "/"
                    + GuestCall.interfaceOf(call.operation()).orElse(""));
            if (target == null) {
                throw new InvocationException(new InvocationFailure.NotLinked("caller", "has no link"));
            }
            return target.handle(
                    parent.child(
                            new EntityId("callee"),
                            call.link(),
                            new ContractId(call.namespace()),
                            call.operation(),
                            call.payload()),
                    CallObserver.NONE);
        }

        @Override
        public void log(@Nullable TraceContext trace, Level level, String line) {}

        @Override
        public RandomGenerator random() {
            return RandomGenerator.getDefault();
        }
    }

    private static FunctionForm numbers(String name, int count, PrimitiveType type) {
        List<Field> parameters = IntStream.range(0, count)
                .mapToObj(i -> new Field(String.valueOf((char) ('a' + i)), type))
                .toList();
        return FunctionForm.of(name, new FunctionType(false, parameters, Optional.of(type)));
    }

    static byte[] binary(String name) {
        try (InputStream in = Objects.requireNonNull(ComponentActorTest.class.getResourceAsStream(name + ".wasm"))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private ComponentActor start(String name) throws InterruptedException {
        return ComponentActor.start(
                ValidComponent.of(binary(name), EngineConfig.DEFAULTS),
                ENGINE,
                new EntityId(name),
                GuestLimits.DEFAULTS.withTimeBudget(Duration.ofSeconds(5)),
                ActorLimits.DEFAULTS.withPayloadBytesMax(1000),
                links);
    }

    private static Invocation invocation(String contract, String operation, Payload payload, Duration time) {
        return Invocation.first(
                new EntityId("test"),
                new EntityId("actor"),
                LinkName.DEFAULT,
                new ContractId(contract),
                operation,
                payload,
                Deadline.in(time),
                TraceContext.root());
    }

    private static Payload call(ComponentActor actor, String operation, byte[] request) throws InterruptedException {
        return actor.handle(
                invocation(
                        "test:calls",
                        operation,
                        new Payload.Opaque(ByteString.copyFrom(request)),
                        Duration.ofSeconds(10)),
                CallObserver.NONE);
    }

    private static @Nullable Object call(ComponentActor actor, String operation, FunctionForm form, Object... values)
            throws Exception {
        return form.readResult(call(actor, operation, form.writeCall(values, BYTES_MAX))
                .toBytes()
                .toByteArray());
    }

    private static <F extends InvocationFailure> F failure(Class<F> type, Callable call) {
        var thrown = new InvocationFailure[1];
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(call::run)
                .satisfies(e -> thrown[0] = e.failure());
        assertThat(thrown[0]).isInstanceOf(type);
        return type.cast(thrown[0]);
    }

    private interface Callable {
        void run() throws Exception;
    }

    @Test
    void handle_functionOfItsOwnWit_answers() throws Exception {
        try (ComponentActor adder = start("adder")) {
            assertThat(call(adder, "adder@1.2.0#add", ADD, 40L, 2L)).isEqualTo(42L);
            assertThat(call(adder, "adder@1.0.7#add", ADD, 1L, 2L))
                    .as("an older caller")
                    .isEqualTo(3L);
        }
    }

    @Test
    void handle_callOverALink_reachesTheOtherComponent() throws Exception {
        try (ComponentActor adder = start("adder");
                ComponentActor summer = start("summer")) {
            links.targets.put("test:calls/adder", adder);

            assertThat(call(summer, "summer@0.1.0#sum", SUM, 1L, 2L, 4294967000L))
                    .isEqualTo(4294967003L);
        }
    }

    @Test
    void handle_noLink_endsTheCallAndKeepsTheCause() throws Exception {
        try (ComponentActor summer = start("summer")) {
            var failed = failure(
                    InvocationFailure.ActorFailed.class, () -> call(summer, "summer@0.1.0#sum", SUM, 1L, 2L, 3L));

            assertThat(failed.cause()).containsInstanceOf(InvocationFailure.NotLinked.class);
            assertThat(failed.message())
                    .contains("test:calls/adder@1.0.0#add", "NotLinked", "func(a: u32, b: u32) -> u32");
        }
    }

    @Test
    void handle_calleeTraps_endsTheCallerToo() throws Exception {
        try (ComponentActor adder = start("adder");
                ComponentActor summer = start("summer")) {
            links.targets.put("test:calls/adder", adder);

            var failed = failure(
                    InvocationFailure.ActorFailed.class,
                    () -> call(summer, "summer@0.1.0#sum", SUM, 4294967295L, 1L, 0L));

            assertThat(failed.root()).isInstanceOf(InvocationFailure.Trapped.class);
            assertThat(call(adder, "adder@1.2.0#add", ADD, 1L, 1L)).isEqualTo(2L);
            assertThat(call(summer, "summer@0.1.0#sum", SUM, 1L, 1L, 1L)).isEqualTo(3L);
        }
    }

    @Test
    void handle_calleeOfAnotherWit_namesBothTypes() throws Exception {
        try (ComponentActor other = start("other-adder");
                ComponentActor summer = start("summer")) {
            links.targets.put("test:calls/adder", other);

            var failed = failure(
                    InvocationFailure.ActorFailed.class, () -> call(summer, "summer@0.1.0#sum", SUM, 1L, 2L, 3L));

            assertThat(failed.cause()).containsInstanceOf(InvocationFailure.Malformed.class);
            assertThat(failed.message())
                    .contains("func(a: u32, b: u32) -> u32", "func(a: u64, b: u64) -> u64", "by another type");
        }
    }

    @Test
    void handle_guestThatSpins_endsByTheDeadline() throws Exception {
        try (ComponentActor adder = start("adder")) {
            byte[] request = SPIN.writeCall(new Object[0], BYTES_MAX);

            failure(
                    InvocationFailure.DeadlineExceeded.class,
                    () -> adder.handle(
                            invocation(
                                    "test:calls",
                                    "adder@1.2.0#spin",
                                    new Payload.Opaque(ByteString.copyFrom(request)),
                                    Duration.ofMillis(100)),
                            CallObserver.NONE));
        }
    }

    @Test
    void handle_unknownOperations_saySo() throws Exception {
        try (ComponentActor adder = start("adder")) {
            for (String operation : List.of("adder@2.0.0#add", "adder@1.2.0#subtract", "add", "HandleRequest")) {
                assertThat(failure(InvocationFailure.UnknownOperation.class, () -> call(adder, operation, new byte[8]))
                                .message())
                        .isEqualTo("it exports no function test:calls/" + operation);
            }
            var request = new Payload.Typed(HttpRequest.getDefaultInstance());
            assertThat(failure(
                                    InvocationFailure.UnknownOperation.class,
                                    () -> adder.handle(
                                            invocation(
                                                    Contracts.HTTP_SERVER.id().value(),
                                                    "HandleRequest",
                                                    request,
                                                    Duration.ofSeconds(1)),
                                            CallObserver.NONE))
                            .message())
                    .contains("wasi:http/incoming-handler");
        }
    }

    @Test
    void handle_bytesThatAreNoCall_areMalformed() throws Exception {
        try (ComponentActor adder = start("adder")) {
            failure(InvocationFailure.Malformed.class, () -> call(adder, "adder@1.2.0#add", new byte[0]));
            failure(InvocationFailure.Malformed.class, () -> call(adder, "adder@1.2.0#add", new byte[10]));
            failure(InvocationFailure.PayloadTooLarge.class, () -> call(adder, "adder@1.2.0#add", new byte[1001]));
        }
    }

    private static String byName(ComponentActor actor, String function, String json) throws InterruptedException {
        return actor.handle(
                        invocation(
                                Contracts.ACTOR.value(),
                                function,
                                new Payload.Opaque(ByteString.copyFromUtf8(json)),
                                Duration.ofSeconds(10)),
                        CallObserver.NONE)
                .toBytes()
                .toStringUtf8();
    }

    @Test
    void handle_functionByName_takesAndGivesJson() throws Exception {
        try (ComponentActor adder = start("adder")) {
            assertThat(byName(adder, "test:calls/adder@1.2.0#add", "[40, 2]")).isEqualTo("42");
            assertThat(byName(adder, "test:calls/adder#add", "{\"b\": 1, \"a\": 4294967294}"))
                    .isEqualTo("4294967295");
            assertThat(failure(
                                    InvocationFailure.Malformed.class,
                                    () -> byName(adder, "test:calls/adder#add", "[1, -2]"))
                            .message())
                    .contains(
                            "b: expected is a whole number from 0 to 4294967295, was -2",
                            "func(a: u32, b: u32) -> u32");
            failure(InvocationFailure.Malformed.class, () -> byName(adder, "test:calls/adder#add", "[1, 2"));
            failure(InvocationFailure.Malformed.class, () -> byName(adder, "test:calls/adder#add", ""));
            assertThat(failure(InvocationFailure.UnknownOperation.class, () -> byName(adder, "add", "[1, 2]"))
                            .message())
                    .contains("it exports no function add; there is test:calls/adder@1.2.0#add");
        }
    }

    @Test
    void handle_closed_hasNoTarget() throws Exception {
        ComponentActor adder = start("adder");
        adder.close();

        failure(InvocationFailure.NoTarget.class, () -> call(adder, "adder@1.2.0#add", ADD, 1L, 2L));
    }

    @Test
    void start_importOfNobody_namesItAndTheNearest() {
        assertThatExceptionOfType(ActorStartException.class)
                .isThrownBy(() -> start("wants-unknown"))
                .withMessageContaining("wasi:clocks/monotonic-clocks@0.2.0")
                .withMessageContaining("the nearest is wasi:clocks/monotonic-clock@0.2.12")
                .withMessageContaining("also import wasmcloud:bus/lattice@1.0.0");
    }

    @Test
    void start_functionOfResources_isRefusedByName() {
        assertThatExceptionOfType(ActorStartException.class)
                .isThrownBy(() -> start("wants-handle"))
                .withMessageContaining("import test:calls/things@1.0.0, function [method]thing.weigh: values of type");
    }

    @Test
    void start_nothingToCall_isRefused() {
        assertThatExceptionOfType(ActorStartException.class)
                .isThrownBy(() -> start("exports-nothing"))
                .withMessageContaining("exports nothing that a link could call");
    }
}

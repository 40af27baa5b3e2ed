package dev.trellis.host.wasi;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.component.Variant;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.keyvalue.CompareAndSetRequest;
import dev.trellis.lattice.contracts.keyvalue.Done;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.GetReply;
import dev.trellis.lattice.contracts.keyvalue.IncrementRequest;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.ListKeysReply;
import dev.trellis.lattice.contracts.keyvalue.ListKeysRequest;
import dev.trellis.lattice.contracts.keyvalue.Number;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The functions as guests call them, on a store in memory behind the links "default" and "other". */
class WasiKeyvalueTest {
    private static final String FIRST = "@0.2.0-draft";
    private static final String SECOND = "@0.2.0-draft2";

    private final WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS);
    private final Store store = new Store();
    private @Nullable ComponentInstance instance;

    /** Tells its keys one at a time. */
    private static final class Store extends NoServices {
        private final Map<LinkName, Map<String, ByteString>> links = Map.of(
                LinkName.DEFAULT,
                new TreeMap<String, ByteString>(),
                new LinkName("other"),
                new TreeMap<String, ByteString>());
        private @Nullable InvocationFailure failure;

        @Override
        public Payload call(Invocation parent, GuestCall call) throws InterruptedException {
            assertThat(call.namespace()).isEqualTo(Contracts.KEYVALUE.id().value());
            InvocationFailure why = failure;
            if (why != null) {
                throw new InvocationException(why);
            }
            Map<String, ByteString> values = links.get(call.link());
            if (values == null) {
                return super.call(parent, call);
            }
            return new Payload.Typed(answer(values, ((Payload.Typed) call.payload()).message(), call.operation()));
        }

        private static MessageLite answer(Map<String, ByteString> values, MessageLite request, String operation) {
            return switch (request) {
                case Key key
                when operation.equals("Get") -> {
                    ByteString value = values.get(key.getKey());
                    yield value == null
                            ? GetReply.getDefaultInstance()
                            : GetReply.newBuilder()
                                    .setExists(true)
                                    .setValue(value)
                                    .build();
                }
                case Key key when operation.equals("Del") -> flag(values.remove(key.getKey()) != null);
                case Key key -> flag(values.containsKey(key.getKey()));
                case SetRequest set -> {
                    values.put(set.getKey(), set.getValue());
                    yield Done.getDefaultInstance();
                }
                case IncrementRequest add -> {
                    long sum = add.getDelta()
                            + Long.parseLong(values.getOrDefault(add.getKey(), ByteString.copyFromUtf8("0"))
                                    .toStringUtf8());
                    values.put(add.getKey(), ByteString.copyFromUtf8(Long.toString(sum)));
                    yield Number.newBuilder().setValue(sum).build();
                }
                case ListKeysRequest list -> {
                    List<String> keys = List.copyOf(values.keySet());
                    int next = (int) list.getCursor() + 1;
                    yield ListKeysReply.newBuilder()
                            .addAllKeys(keys.subList(Math.min(next - 1, keys.size()), Math.min(next, keys.size())))
                            .setCursor(next >= keys.size() ? 0 : next)
                            .build();
                }
                case CompareAndSetRequest set -> {
                    Optional<ByteString> now = Optional.ofNullable(values.get(set.getKey()));
                    boolean same = now.equals(set.hasExpected() ? Optional.of(set.getExpected()) : Optional.empty());
                    if (same) {
                        values.put(set.getKey(), set.getValue());
                    }
                    yield flag(same);
                }
                default -> throw new AssertionError(operation);
            };
        }

        private static Flag flag(boolean value) {
            return Flag.newBuilder().setValue(value).build();
        }
    }

    @BeforeEach
    void begin() throws Exception {
        LinkedComponent linked = LinkedComponent.link(
                ValidComponent.of(ComponentActorTest.binary("exports-nothing"), EngineConfig.DEFAULTS),
                engine,
                ComponentImports.none());
        var invocation = Invocation.first(
                new EntityId("test"),
                new EntityId("counter"),
                LinkName.DEFAULT,
                new ContractId("test:calls"),
                "f",
                Payload.EMPTY,
                Deadline.in(Duration.ofSeconds(10)),
                TraceContext.root());
        instance = linked.newInstance(
                GuestLimits.DEFAULTS,
                new WasiCall(
                        new EntityId("counter"),
                        ActorLimits.DEFAULTS.withPayloadBytesMax(1000),
                        store,
                        invocation,
                        Deadline.in(Duration.ofSeconds(10))));
    }

    @AfterEach
    void end() {
        Objects.requireNonNull(instance).close();
        engine.close();
    }

    private Result call(String interfaceName, String function, Object... args) throws InterruptedException {
        return (Result) Objects.requireNonNull(Objects.requireNonNull(WasiImports.all()
                        .find("wasi:keyvalue/" + interfaceName)
                        .orElseThrow()
                        .functions()
                        .get(function))
                .call(Objects.requireNonNull(instance), args));
    }

    private Object ok(String interfaceName, String function, Object... args) throws InterruptedException {
        Result result = call(interfaceName, function, args);
        assertThat(result).isInstanceOf(Result.Ok.class);
        return Optional.ofNullable(((Result.Ok) result).value()).orElse("");
    }

    private Variant error(String interfaceName, String function, Object... args) throws InterruptedException {
        Result result = call(interfaceName, function, args);
        assertThat(result).isInstanceOf(Result.Err.class);
        return (Variant) Objects.requireNonNull(((Result.Err) result).error());
    }

    private Object open(String name) throws InterruptedException {
        return ok("store" + FIRST, "open", name);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void store_setGetExistsDelete_useTheLink() throws Exception {
        Object bucket = open("");
        Object other = open("other");
        byte[] value = {0, -1, 13};

        assertThat(ok("store" + FIRST, "[method]bucket.get", bucket, "k")).isEqualTo(Optional.empty());
        ok("store" + FIRST, "[method]bucket.set", bucket, "k", value);

        assertThat((Optional<?>) ok("store" + FIRST, "[method]bucket.get", open("default"), "k"))
                .get()
                .isEqualTo(value);
        assertThat(ok("store" + FIRST, "[method]bucket.exists", bucket, "k")).isEqualTo(true);
        assertThat(ok("store" + FIRST, "[method]bucket.exists", other, "k")).isEqualTo(false);
        ok("store" + FIRST, "[method]bucket.delete", bucket, "k");
        ok("store" + FIRST, "[method]bucket.delete", bucket, "k");
        assertThat(ok("store" + FIRST, "[method]bucket.exists", bucket, "k")).isEqualTo(false);
    }

    @Test
    void store_noSuchLink_isNoSuchStoreAndLogged() throws Exception {
        assertThat(error("store" + FIRST, "open", "Not a Name")).isEqualTo(Variant.of("no-such-store"));
        assertThat(error("store" + FIRST, "[method]bucket.get", open("nowhere"), "k"))
                .isEqualTo(Variant.of("no-such-store"));
        assertThat(store.lines).singleElement().asString().contains("WARN wasi:keyvalue: counter: has no link");
    }

    @Test
    void store_callThatFails_saysWhy() throws Exception {
        store.failure = new InvocationFailure.Unavailable("redis", "it is away");

        assertThat(error("store" + FIRST, "[method]bucket.get", open(""), "k"))
                .isEqualTo(new Variant("other", "Unavailable: redis: it is away"));
    }

    @Test
    void store_valueAboveTheLimit_isAnErrorOfTheGuest() throws Exception {
        assertThat(error("store" + FIRST, "[method]bucket.set", open(""), "k", new byte[1001])
                        .payload())
                .asString()
                .contains("is larger than 1000 (payload-bytes-max)");
    }

    @Test
    void listKeys_bothDrafts_goOnToTheEnd() throws Exception {
        for (String key : List.of("a", "b", "c")) {
            ok("store" + FIRST, "[method]bucket.set", open(""), key, bytes(key));
        }
        for (String version : List.of(FIRST, SECOND)) {
            List<Object> keys = new ArrayList<>();
            Optional<?> cursor = Optional.empty();
            do {
                var part = (List<?>) ok("store" + version, "[method]bucket.list-keys", open(""), cursor);
                keys.addAll((List<?>) part.get(0));
                cursor = (Optional<?>) part.get(1);
            } while (cursor.isPresent());
            assertThat(keys).as(version).containsExactly("a", "b", "c");
        }
        assertThat(error("store" + SECOND, "[method]bucket.list-keys", open(""), Optional.of("x")))
                .isEqualTo(new Variant("other", "the cursor is not one that list-keys gave"));
    }

    @Test
    void increment_bothDrafts_countWithTheirSigns() throws Exception {
        assertThat(ok("atomics" + FIRST, "increment", open(""), "n", 5L)).isEqualTo(5L);
        assertThat(ok("atomics" + SECOND, "increment", open(""), "n", -7L)).isEqualTo(-2L);
        assertThat(error("atomics" + FIRST, "increment", open(""), "n", 1L).payload())
                .asString()
                .contains("the counter is now -1");
        assertThat(error("atomics" + FIRST, "increment", open(""), "n", -1L).payload())
                .asString()
                .contains("counters go up to");
    }

    @Test
    void swap_valueAsItWas_setsIt() throws Exception {
        Object cas = ok("atomics" + SECOND, "[static]cas.new", open(""), "k");
        assertThat(ok("atomics" + SECOND, "[method]cas.current", cas)).isEqualTo(Optional.empty());

        assertThat(ok("atomics" + SECOND, "swap", cas, bytes("1"))).isEqualTo("");

        assertThat((Optional<?>) ok("store" + SECOND, "[method]bucket.get", open(""), "k"))
                .get()
                .isEqualTo(bytes("1"));
    }

    @Test
    void swap_valueChangedSince_givesOneToTryAgainWith() throws Exception {
        Object cas = ok("atomics" + SECOND, "[static]cas.new", open(""), "k");
        ok("store" + SECOND, "[method]bucket.set", open(""), "k", bytes("other"));

        Variant failed = error("atomics" + SECOND, "swap", cas, bytes("1"));

        assertThat(failed.label()).isEqualTo("cas-failed");
        Object again = Objects.requireNonNull(failed.payload());
        assertThat((Optional<?>) ok("atomics" + SECOND, "[method]cas.current", again))
                .get()
                .isEqualTo(bytes("other"));
        assertThat(ok("atomics" + SECOND, "swap", again, bytes("2"))).isEqualTo("");
    }

    @Test
    void batch_many_areAnsweredInOrder() throws Exception {
        ok("batch" + FIRST, "set-many", open(""), List.of(List.of("a", bytes("1")), List.of("b", bytes("2"))));

        var found = (List<?>) ok("batch" + FIRST, "get-many", open(""), List.of("b", "x", "a"));

        assertThat(found).hasSize(3);
        assertThat(((List<?>) ((Optional<?>) found.get(0)).orElseThrow()).get(1))
                .isEqualTo(bytes("2"));
        assertThat(found.get(1)).isEqualTo(Optional.empty());
        assertThat(((List<?>) ((Optional<?>) found.get(2)).orElseThrow()).get(0))
                .isEqualTo("a");
        ok("batch" + FIRST, "delete-many", open(""), List.of("a", "b"));
        assertThat(ok("store" + FIRST, "[method]bucket.exists", open(""), "a")).isEqualTo(false);
    }
}

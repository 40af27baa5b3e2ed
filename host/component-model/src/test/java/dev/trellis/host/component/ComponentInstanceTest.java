package dev.trellis.host.component;

import static dev.trellis.host.component.RunningGuests.LIMITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.host.engine.WasmEngine;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values, resources and rules between host and guests, and between guests. */
class ComponentInstanceTest {
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    private final RunningGuests guests = new RunningGuests();

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private ComponentInstance start(String name) throws InterruptedException {
        return start(name, guests.imports());
    }

    private static ComponentInstance start(String name, ComponentImports imports) throws InterruptedException {
        return RunningGuests.link(ENGINE, name, imports).newInstance(LIMITS, "attached");
    }

    private static GuestFailure failure(ComponentInstance instance, String path, @Nullable Object... args) {
        return Objects.requireNonNull(catchThrowableOfType(GuestException.class, () -> instance.call(path, args)))
                .failure();
    }

    // ---- values

    private static void comesBack(ComponentInstance instance, String path, Object value) throws InterruptedException {
        Object back = instance.call(path, value);
        assertThat(back).as(path).isEqualTo(value);
    }

    @Test
    void call_valuesOfEveryType_comeBackAsTheyWent() throws InterruptedException {
        try (ComponentInstance echo = start("echo")) {
            comesBack(echo, "bool", true);
            comesBack(echo, "bool", false);
            for (int edge : new int[] {-128, -1, 0, 127}) {
                comesBack(echo, "s8", edge);
            }
            comesBack(echo, "u8", 255);
            comesBack(echo, "s16", -32768);
            comesBack(echo, "u16", 65535);
            comesBack(echo, "s32", Integer.MIN_VALUE);
            comesBack(echo, "u32", 0xffff_ffffL);
            comesBack(echo, "s64", Long.MIN_VALUE);
            comesBack(echo, "u64", -1L);
            comesBack(echo, "f32", -0.0f);
            comesBack(echo, "f64", Double.MIN_VALUE);
            comesBack(echo, "char", 0x10ffff);
            comesBack(echo, "enum", "blue");
            comesBack(echo, "flags", 0b101L);
            comesBack(echo, "record", List.of("N\u00f6rd", 77L, 1.5f));
            comesBack(echo, "variant", Variant.of("none"));
            comesBack(echo, "variant", new Variant("name", "a \u2603"));
            comesBack(echo, "variant", new Variant("size", -1L));
            comesBack(echo, "list-u8", new byte[] {1, -1, 0});
            comesBack(echo, "list-s16", new short[] {1, -1});
            comesBack(echo, "list-u32", IntStream.range(-3_000, 3_000).toArray());
            comesBack(echo, "list-s64", new long[] {Long.MIN_VALUE, 1});
            comesBack(echo, "list-f32", new float[] {1.5f, Float.NaN});
            comesBack(echo, "list-f64", new double[] {-1.5, Double.POSITIVE_INFINITY});
            comesBack(echo, "list-bool", List.of(true, false, true));
            comesBack(echo, "list-char", List.of(0, 0xd7ff, 0xe000));
            comesBack(echo, "list-string", List.of("", "a", "\u2603\ud83c\udf70"));
            comesBack(echo, "list-person", List.of(List.of("a", 1L, 0f), List.of("b", 2L, 1f)));
            comesBack(
                    echo, "list-shape", List.of(Variant.of("none"), new Variant("name", "x"), new Variant("size", 9L)));
            comesBack(echo, "list-color", List.of("red", "green"));
            comesBack(echo, "list-marks", List.of(0L, 7L));
            comesBack(
                    echo,
                    "list-option",
                    List.of(Optional.empty(), Optional.of(Optional.empty()), Optional.of(Optional.of(9))));
            comesBack(echo, "list-result", List.of(Result.ok(5L), Result.err("bad")));
            assertThat((List<?>) echo.call("list-list", List.of(new byte[] {1, 2}, new byte[0])))
                    .satisfiesExactly(
                            one -> assertThat((byte[]) one).containsExactly(1, 2),
                            two -> assertThat((byte[]) two).isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"string", "string-utf16", "string-latin1"})
    void call_texts_comeBackInEveryEncoding(String path) throws InterruptedException {
        try (ComponentInstance echo = start("echo")) {
            for (String text :
                    List.of("", "a", "gr\u00fcn", "\u2603", "\ud83c\udf70 cake", "x".repeat(5_000) + "\u2603")) {
                comesBack(echo, path, text);
            }
            assertThat(echo.call(path, "lone \ud83c!"))
                    .as("half a character is none")
                    .isEqualTo("lone ?!");
        }
    }

    @Test
    void call_parametersAndResultThroughMemory_arePassed() throws InterruptedException {
        Object[] nine = IntStream.range(0, 9).mapToObj(i -> "text " + i).toArray();
        try (ComponentInstance echo = start("echo")) {
            assertThat(echo.call("many", nine)).isEqualTo(Arrays.asList(nine));
        }
    }

    @Test
    void call_postReturn_runsOncePerCall() throws InterruptedException {
        try (ComponentInstance echo = start("echo")) {
            echo.call("string", "a");
            echo.call("string", "b");

            assertThat(echo.call("posts")).isEqualTo(2L);
        }
    }

    @Test
    void call_valueOfAnotherType_isRefusedWithWhatIsExpected() throws InterruptedException {
        refused("u8", 256, "an Integer in the range of u8");
        refused("s8", 128, "an Integer in the range of s8");
        refused("u32", -1, "a Long in the range of u32");
        refused("char", 0xd800, "Unicode scalar value");
        refused("enum", "pink", "pink");
        refused("flags", 8L, "111");
        refused("string", 5, "a String");
        refused("list-u8", List.of(1), "a byte[]");
        refused("list-u32", new long[1], "int[]");
        refused("record", List.of("a"), "a List of 3 elements");
        refused("variant", new Variant("other", 5), "labels");
        refused("list-option", List.of("x"), "an Optional");
    }

    private void refused(String path, Object value, String expected) throws InterruptedException {
        try (ComponentInstance echo = start("echo")) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> echo.call(path, value))
                    .withMessageContaining(expected);
            assertThat(echo.broken()).isTrue();
        }
    }

    @Test
    void call_unknownExportOrWrongNumberOfArguments_isRefused() throws InterruptedException {
        try (ComponentInstance echo = start("echo")) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> echo.call("nothing"))
                    .withMessageContaining("'nothing'");
            assertThat(echo.broken()).isFalse();
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> echo.call("u8"))
                    .withMessageContaining("takes 1 arguments");
        }
    }

    @Test
    void call_closedInstanceOrFunctionOfAnotherComponent_isRefusedWithoutHarm() throws InterruptedException {
        try (ComponentPool pool =
                        RunningGuests.link(ENGINE, "echo", guests.imports()).pool(LIMITS, null);
                ComponentInstance things = start("things")) {
            ComponentInstance ended = borrowAndClose(pool);
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> ended.call("u8", 1))
                    .withMessageContaining("closed");
            try (ComponentInstance next = pool.borrow()) {
                assertThat(next.call("u8", 1)).isEqualTo(1);
                ComponentExport foreign = things.component().export("live").orElseThrow();
                assertThatExceptionOfType(IllegalStateException.class)
                        .isThrownBy(() -> next.call(foreign))
                        .withMessageContaining("another component");
                assertThat(next.broken()).isFalse();
            }
        }
    }

    private static ComponentInstance borrowAndClose(ComponentPool pool) throws InterruptedException {
        try (ComponentInstance borrowed = pool.borrow()) {
            return borrowed;
        }
    }

    // ---- from guest to guest

    @Test
    void call_throughAnotherComponent_textAndNumbersArriveInItsEncoding() throws InterruptedException {
        try (ComponentInstance nested = start("nested", ComponentImports.none().and("back", (_, _) -> null))) {
            for (String path : List.of("utf8", "utf16", "latin1")) {
                for (String text : List.of("", "plain", "gr\u00fcn", "\u2603 and \ud83c\udf70", "abc\u2603")) {
                    comesBack(nested, "test:nested/api@1.2.3#" + path, text);
                }
            }
            comesBack(nested, "test:nested/api@1.0.0#numbers", new int[] {1, 2, -3});
        }
    }

    @Test
    void call_stackEndsInAnotherComponent_failsAsStackExhausted() throws InterruptedException {
        for (String path : List.of("deep", "down")) {
            try (ComponentInstance nested =
                    start("nested", ComponentImports.none().and("back", (_, _) -> null))) {
                assertThat(failure(nested, "test:nested/api@1.2.3#" + path))
                        .isInstanceOfAny(GuestFailure.StackExhausted.class);
                assertThat(nested.broken()).isTrue();
            }
        }
    }

    @Test
    void call_hostFunctionCallsTheInstance_traps() throws InterruptedException {
        ComponentImports imports = ComponentImports.none()
                .and("back", (instance, _) -> instance.call("test:nested/api@1.2.3#utf8", "again"));
        try (ComponentInstance nested = start("nested", imports)) {
            assertThat(failure(nested, "test:nested/api@1.2.3#back").describe())
                    .contains("cannot enter component instance");
        }
    }

    @Test
    void call_hostFunctionThrows_endsWithItsException() throws InterruptedException {
        ComponentImports imports = ComponentImports.none().and("back", (_, _) -> {
            throw new IllegalStateException("out of order");
        });
        try (ComponentInstance nested = start("nested", imports)) {
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> nested.call("test:nested/api@1.2.3#back"))
                    .withMessage("out of order");
            assertThat(nested.broken()).isTrue();
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> nested.call("test:nested/api@1.2.3#utf8", "x"))
                    .withMessageContaining("broken");
        }
    }

    // ---- hostile guests

    @ParameterizedTest
    @CsvSource({
        "realloc-leaves, cannot leave component instance",
        "realloc-unaligned, result not aligned",
        "realloc-outside, beyond end of memory",
        "realloc-negative, beyond end of memory",
        "realloc-traps, unreachable"
    })
    void call_reallocReturnsNonsense_trapsWithTheRule(String path, String rule) throws InterruptedException {
        Object argument = path.equals("realloc-outside") ? new byte[2] : new int[2];
        try (ComponentInstance hostile = hostile()) {
            assertThat(failure(hostile, path, argument).describe()).contains(rule);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "longer-than-memory, list content pointer/length out of bounds of memory: 8 + 1048576 of 1048576 bytes",
        "length-wraps, list is at most 268435455 bytes long",
        "longest, string is at most 268435455 bytes long",
        "outside, out of bounds of memory: 4294967288 + 0",
        "result-outside, result pointer/length out of bounds",
        "result-unaligned, unaligned pointer: result at 18",
        "overlapping, the values of one call take at most",
        "post-leaves, cannot leave component instance"
    })
    void call_guestLiesAboutItsValues_trapsWithTheRule(String path, String rule) throws InterruptedException {
        try (ComponentInstance hostile = hostile()) {
            assertThat(failure(hostile, path).describe()).contains(rule);
        }
    }

    @Test
    void call_reallocNeverReturns_endsAtItsDeadlineOrItsStack() throws InterruptedException {
        try (ComponentInstance hostile = hostile()) {
            assertThat(failure(hostile, "realloc-deep", new int[1])).isInstanceOf(GuestFailure.StackExhausted.class);
        }
        try (ComponentInstance hostile = hostile()) {
            hostile.begin(Duration.ofMillis(30));
            assertThat(failure(hostile, "realloc-spins", new int[1])).isInstanceOf(GuestFailure.TimedOut.class);
        }
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    private static ComponentInstance hostile() throws InterruptedException {
        return start("hostile", ComponentImports.none().and("leave", (_, _) -> null));
    }

    // ---- the host's resources

    @Test
    void call_hostResources_areMadeLentAndGivenBack() throws InterruptedException {
        try (ComponentInstance host = start("host")) {
            assertThat(host.call("join", "a \u2603", new byte[3])).isEqualTo("a \u2603/3/attached");
            assertThat(host.call("count")).isEqualTo(42L);
            assertThat(guests.dropped).as("given back, so it is the host's").isEmpty();
            assertThat(host.call("dropped")).isEqualTo(1L);
            assertThat(guests.dropped).hasSize(1);
            host.call("keep");
            assertThat(host.call("again")).isEqualTo(6L);
        }
        assertThat(guests.dropped).as("what the guest still had at the end").hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "use-after-drop, unknown handle index 1",
        "use-after-finish, unknown handle index 1",
        "forged, unknown handle index 77"
    })
    void call_handleThatTheGuestDoesNotHave_traps(String path, String rule) throws InterruptedException {
        try (ComponentInstance host = start("host")) {
            assertThat(failure(host, path).describe()).contains(rule);
        }
    }

    // ---- a guest's resources

    @Test
    @SuppressWarnings("try") // closing twice, or early, is the point
    void call_guestResources_areDestroyedOnceByWhoeverOwnsThem() throws InterruptedException {
        try (ComponentInstance things = start("things")) {
            try (GuestResource thing = (GuestResource) RunningGuests.known(things.call("make", 7L))) {
                assertThat(things.call("rep", thing)).as("lent").isEqualTo(7L);
                assertThat(things.call("live")).isEqualTo(1L);
            }
            assertThat(things.call("live")).as("closed by the host").isEqualTo(0L);

            GuestResource given = (GuestResource) RunningGuests.known(things.call("make", 8L));
            things.call("take", given);
            assertThat(things.call("live")).as("dropped by the guest").isEqualTo(0L);
            assertThat(given.isOpen()).isFalse();
            given.close();
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> things.call("rep", given))
                    .withMessageContaining("an open GuestResource");
        }
    }

    @Test
    @SuppressWarnings("try") // closing twice, or early, is the point
    void call_resourceOfAnotherInstance_isRefused() throws InterruptedException {
        try (ComponentInstance one = start("things");
                ComponentInstance other = start("things")) {
            GuestResource thing = (GuestResource) RunningGuests.known(one.call("make", 7L));

            assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> other.call("rep", thing));
            one.close();
            assertThat(thing.isOpen()).as("ended with its instance").isFalse();
        }
    }

    @Test
    void call_guestMakesHandlesWithoutEnd_trapsAtTheLimit() throws InterruptedException {
        try (ComponentInstance things = start("things")) {
            assertThat(failure(things, "flood").describe()).contains("at most " + HandleTable.HANDLES_MAX + " handles");
        }
    }

    @Test
    void call_destructorTraps_breaksTheInstance() throws InterruptedException {
        try (ComponentInstance things = start("things")) {
            GuestResource thing = (GuestResource) RunningGuests.known(things.call("make", 0L));

            assertThatExceptionOfType(GuestException.class)
                    .isThrownBy(thing::close)
                    .withMessageContaining("unreachable");
            assertThat(things.broken()).isTrue();
        }
    }

    @Test
    void exports_areListedByPath() throws InterruptedException {
        try (ComponentInstance things = start("things")) {
            assertThat(things.component().exports()).containsOnlyKeys("make", "rep", "take", "flood", "live");
            assertThat(Stream.of("make", "gone").map(things.component()::export).map(Optional::isPresent))
                    .containsExactly(true, false);
        }
    }
}

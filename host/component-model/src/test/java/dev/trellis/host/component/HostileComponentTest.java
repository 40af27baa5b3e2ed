package dev.trellis.host.component;

import static dev.trellis.host.component.ComponentBytes.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.trellis.host.engine.EngineConfig;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HostileComponentTest {
    private static final Duration CPU_TIME_MAX = Duration.ofSeconds(5);
    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    @Test
    void of_everyTruncation_isRefusedOrAComponent() {
        byte[] binary = Cases.valid("everything");
        for (int length = 0; length < binary.length; length++) {
            byte[] cut = Arrays.copyOf(binary, length);
            try {
                ValidComponent.of(cut, EngineConfig.DEFAULTS);
            } catch (InvalidComponentException e) {
                assertThat(e.offset()).isBetween(0, length);
            }
        }
    }

    @Test
    void of_componentsNestedTooDeeply_isRefused() {
        assertThatNoException().isThrownBy(() -> valid(nested(ComponentDecoder.NESTING_MAX)));

        refused(nested(ComponentDecoder.NESTING_MAX + 1), "nest at most 100 deep");
        refused(nested(2_000), "nest at most 100 deep");
    }

    @Test
    void of_typesNestedTooDeeply_isRefused() {
        byte[] type = bytes(0x42, 0);
        for (int i = 0; i < 5_000; i++) {
            type = bytes(0x42, 1, 0x01, type);
        }
        refused(new ComponentBytes().section(7, 1, type).done(), "nest at most 100 deep");
    }

    @Test
    void of_countsAboveTheBytesThatFollow_isRefusedBeforeAllocating() {
        byte[] most = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f};

        for (int section : new int[] {2, 3, 5, 6, 7, 8, 10, 11}) {
            refused(new ComponentBytes().section(section, most).done(), "do not fit in the");
        }
        refused(new ComponentBytes().section(7, 1, 0x72, most).done(), "do not fit in the");
        refused(new ComponentBytes().section(10, 1, 0, most).done(), "ends within what holds it");
    }

    @Test
    void of_valueTypesChainedTooDeeply_isRefused() {
        // Each is a list of the one before.
        refused(chain(5_000, i -> bytes(0x70, index(i))), "nest at most 100 deep");
    }

    @Test
    void of_valueTypesThatDouble_isRefusedForTheirSize() {
        // Each is a pair of the one before, so that the 30th has a billion parts.
        refused(chain(60, i -> bytes(0x6a, 1, i, 1, i)), "at most 1000000 parts");
    }

    @Test
    void of_sharedTypesWithinTheBounds_isFast() {
        // Written out each has 2^18 parts; walks must not take that many steps for each use.
        byte[] types = chain(18, i -> bytes(0x6a, 1, i, 1, i));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(types);
        for (int i = 0; i < 2_000; i++) {
            byte[] function = bytes(0x40, 1, "p", 18, 1, 0);
            out.writeBytes(section(7, bytes(1, function)));
        }
        valid(out.toByteArray());
    }

    @Test
    void of_instancesThatDouble_isRefusedForTheirSize() {
        // Each component exports two instances of the one before, and each of those has resources of its own.
        byte[] inner = new ComponentBytes()
                .section(7, 1, 0x3f, 0x7f, 0)
                .section(11, 1, 0, "r", 3, 0, 0)
                .done();
        for (int i = 0; i < 40; i++) {
            inner = new ComponentBytes()
                    .section(4, inner)
                    .section(5, 2, 0, 0, 0, 0, 0, 0)
                    .section(11, 2, 0, "a", 5, 0, 0, 0, "b", 5, 1, 0)
                    .done();
        }
        assertThat(refusal(inner)).containsAnyOf("at most 1000000 parts", "at most 1000000 steps");
    }

    @Test
    void of_manyInstancesOfALargeComponent_isRefusedForItsSteps() {
        ByteArrayOutputStream exports = new ByteArrayOutputStream();
        int count = 2_000;
        for (int i = 0; i < count; i++) {
            exports.writeBytes(bytes(0, "r" + i, 3, 0, 0));
        }
        byte[] inner = new ComponentBytes()
                .section(7, 1, 0x3f, 0x7f, 0)
                .section(11, count, exports.toByteArray())
                .done();
        ByteArrayOutputStream instances = new ByteArrayOutputStream();
        for (int i = 0; i < 20_000; i++) {
            instances.writeBytes(bytes(0, 0, 0));
        }
        refused(
                new ComponentBytes()
                        .section(4, inner)
                        .section(5, 20_000, instances.toByteArray())
                        .done(),
                "at most 1000000 steps");
    }

    @Test
    void of_functionsWithManyParametersExportedOften_isFastOrRefused() {
        refused(functionExported(TypeResolver.PARAMETERS_MAX + 1, 1), "at most 1000 parameters");
        valid(functionExported(TypeResolver.PARAMETERS_MAX / 2, 1_000));
        refused(functionExported(TypeResolver.PARAMETERS_MAX, 100_000), "at most 1000000 parts");
    }

    /** An instance made of one imported function under many names. */
    private static byte[] functionExported(int parameters, int times) {
        ByteArrayOutputStream fields = new ByteArrayOutputStream();
        for (int i = 0; i < parameters; i++) {
            fields.writeBytes(bytes("p" + i, 0x7f));
        }
        ByteArrayOutputStream exports = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) {
            exports.writeBytes(bytes(0, "f" + i, 1, 0));
        }
        return new ComponentBytes()
                .section(7, 1, 0x40, parameters, fields.toByteArray(), 1, 0)
                .section(10, 1, 0, "f", 1, 0)
                .section(5, 1, 1, times, exports.toByteArray())
                .done();
    }

    @Test
    void of_longName_isToldInAShortMessage() {
        String name = "A".repeat(50_000) + "a";

        assertThat(refusal(new ComponentBytes()
                        .section(7, 1, 0x40, 0, 1, 0)
                        .section(10, 1, 0, name, 1, 0)
                        .done()))
                .hasSizeLessThan(1_200);
    }

    @Test
    void of_numberWithMoreBitsThanItsType_isMalformed() {
        assertThat(kind(new ComponentBytes()
                        .section(7, 1, 0x70, new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f})
                        .done()))
                .isEqualTo(InvalidComponentException.Kind.MALFORMED);
        assertThat(kind(new ComponentBytes()
                        .section(7, new byte[] {(byte) 0x81, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x10, 0x73})
                        .done()))
                .isEqualTo(InvalidComponentException.Kind.MALFORMED);
    }

    @Test
    void of_coreModuleThatIsBroken_isRefusedWithTheOffsetInTheComponent() {
        byte[] module = {0, 'a', 's', 'm', 1, 0, 0, 0, 14, 0};

        assertThatExceptionOfType(InvalidComponentException.class)
                .isThrownBy(() -> valid(new ComponentBytes().section(1, module).done()))
                .withMessageContaining("core module: ")
                .satisfies(e -> assertThat(e.offset()).isBetween(18, 20));
    }

    /** In the signed encoding that type indices have where a primitive type could be as well. */
    private static byte[] index(int index) {
        return index < 64 ? bytes(index) : new byte[] {(byte) (index | 0x80), (byte) (index >> 7)};
    }

    private interface Type {
        byte[] of(int previous);
    }

    /** A component whose first type is a string, and each further one is made of the index of the one before. */
    private static byte[] chain(int length, Type type) {
        ByteArrayOutputStream types = new ByteArrayOutputStream();
        types.write(0x73);
        for (int i = 0; i < length; i++) {
            types.writeBytes(type.of(i));
        }
        return new ComponentBytes().section(7, length + 1, types.toByteArray()).done();
    }

    private static byte[] section(int id, byte[] content) {
        return bytes(id, content.length, content);
    }

    private static byte[] nested(int depth) {
        byte[] component = new ComponentBytes().done();
        for (int i = 1; i < depth; i++) {
            component = new ComponentBytes().section(4, component).done();
        }
        return component;
    }

    private static void valid(byte[] binary) {
        long start = CPU.getCurrentThreadCpuTime();
        try {
            ValidComponent.of(binary, EngineConfig.DEFAULTS);
        } finally {
            assertThat(Duration.ofNanos(CPU.getCurrentThreadCpuTime() - start)).isLessThan(CPU_TIME_MAX);
        }
    }

    private static void refused(byte[] binary, String rule) {
        assertThat(refusal(binary)).contains(rule);
    }

    private static String refusal(byte[] binary) {
        try {
            valid(binary);
        } catch (InvalidComponentException e) {
            return e.rule();
        }
        throw new AssertionError("it is accepted");
    }

    private static InvalidComponentException.Kind kind(byte[] binary) {
        try {
            valid(binary);
        } catch (InvalidComponentException e) {
            return e.kind();
        }
        throw new AssertionError("it is accepted");
    }
}

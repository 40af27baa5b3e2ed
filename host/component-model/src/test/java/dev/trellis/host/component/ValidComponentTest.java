package dev.trellis.host.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.WasmEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class ValidComponentTest {
    private static final String REFUSED = ";; refused: ";

    @TestFactory
    Stream<DynamicTest> of_committedValidComponent_isAccepted() {
        return Cases.texts("valid").stream()
                .map(text -> DynamicTest.dynamicTest(
                        text.getFileName().toString(),
                        () -> assertThat(valid(Cases.binary(text)).type()).isNotNull()));
    }

    @TestFactory
    Stream<DynamicTest> of_committedInvalidComponent_isRefusedWithItsRule() {
        return Cases.texts("invalid").stream()
                .map(text -> DynamicTest.dynamicTest(text.getFileName().toString(), () -> {
                    byte[] binary = Cases.binary(text);
                    assertThatExceptionOfType(InvalidComponentException.class)
                            .isThrownBy(() -> valid(binary))
                            .withMessageContaining(rule(text))
                            .satisfies(e -> assertThat(e.kind()).isEqualTo(InvalidComponentException.Kind.INVALID))
                            .satisfies(e -> assertThat(e.offset()).isBetween(8, binary.length - 1));
                }));
    }

    @Test
    void of_componentWhoseModulesWereCompiledBefore_isTheSame(@TempDir Path cache) throws Exception {
        var config = EngineConfig.DEFAULTS.withCacheDirectory(cache);
        List<byte[]> binaries = Stream.of("run/echo", "run/shim", "valid/shim-and-fixup")
                .map(name -> name.split("/"))
                .map(name -> Cases.binary(Cases.texts(name[0]).getFirst().resolveSibling(name[1] + ".wat")))
                .toList();
        try (var engine = new WasmEngine(config)) {
            for (byte[] binary : binaries) {
                for (Definition definition : valid(binary).source().definitions()) {
                    if (definition instanceof Definition.CoreModule(int offset, ByteSlice bytes)) {
                        engine.load(bytes.toByteArray());
                    }
                }
            }
        }

        try (var engine = new WasmEngine(config)) {
            for (byte[] binary : binaries) {
                ValidComponent again = ValidComponent.of(binary, engine);

                assertThat(again.coreModules())
                        .isNotEmpty()
                        .isEqualTo(valid(binary).coreModules());
                assertThat(again.coreInstances()).isEqualTo(valid(binary).coreInstances());
            }
            assertThat(engine.compilations()).isZero();
        }
    }

    @Test
    void type_ofComponent_hasImportsAndExportsInOrder() {
        ComponentType type = valid(Cases.valid("shim-and-fixup")).type();

        assertThat(type.imports().keySet()).containsExactly("wasi:io/streams@0.2.6");
        assertThat(type.exports().keySet()).containsExactly("wasi:cli/run@0.2.6");
        assertThat(type.imports().get("wasi:io/streams@0.2.6"))
                .isInstanceOfSatisfying(ExternType.Instance.class, streams -> assertThat(
                                streams.type().exports().keySet())
                        .containsExactly("output-stream", "stream-error", "[method]output-stream.write"));
        assertThat(type.imported()).hasSize(1);
        assertThat(type.fresh()).isEmpty();
    }

    @Test
    void indexSpaces_ofComponent_areThoseThatItsDefinitionsFill() {
        ValidComponent component = valid(Cases.valid("resources"));

        assertThat(component.nested()).hasSize(4);
        assertThat(component.components()).hasSize(4);
        assertThat(component.instances()).hasSizeGreaterThanOrEqualTo(6);
        assertThat(component.source().definitions()).isNotEmpty();
    }

    private static ValidComponent valid(byte[] binary) {
        return ValidComponent.of(binary, EngineConfig.DEFAULTS);
    }

    private static String rule(Path text) throws IOException {
        String first = Files.readString(text).lines().findFirst().orElseThrow();
        assertThat(first).startsWith(REFUSED);
        return first.substring(REFUSED.length());
    }
}

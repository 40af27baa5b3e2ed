package dev.trellis.host.engine;

import static dev.trellis.host.engine.ModuleBytes.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ModuleOutlineTest {
    private static final Signature I32_TO_I64 = new Signature(List.of(WasmType.I32), List.of(WasmType.I64));

    @Test
    void of_moduleWithEveryKind_givesFullTypesInOrder() {
        byte[] wasm = new ModuleBytes()
                .section(1, bytes(1, 0x60, 1, 0x7f, 1, 0x7e))
                .section(
                        2,
                        bytes(
                                4,
                                name("env"),
                                name("f"),
                                0,
                                0,
                                name(""),
                                name(""),
                                1,
                                0x70,
                                0,
                                3,
                                name("env"),
                                name("m"),
                                2,
                                1,
                                1,
                                5,
                                name("env"),
                                name("g"),
                                3,
                                0x7e,
                                1))
                .section(3, bytes(1, 0))
                .section(4, bytes(1, 0x6f, 1, 2, 9))
                .section(
                        7, bytes(4, name("table"), 1, 1, name("memory"), 2, 0, name("global"), 3, 0, name("own"), 0, 1))
                .section(10, bytes(1, 4, 0, 0x42, 7, 0x0b))
                .done();

        ModuleOutline outline = ModuleOutline.of(wasm, EngineConfig.DEFAULTS);

        assertThat(outline.imports())
                .containsExactly(
                        new ModuleOutline.Import("env", "f", new ExternalType.Function(I32_TO_I64)),
                        new ModuleOutline.Import(
                                "", "", new ExternalType.Table(WasmType.FUNCREF, 3, OptionalLong.empty())),
                        new ModuleOutline.Import("env", "m", new ExternalType.Memory(1, OptionalLong.of(5))),
                        new ModuleOutline.Import("env", "g", new ExternalType.Global(WasmType.I64, true)));
        assertThat(outline.exports())
                .containsExactly(
                        new ModuleOutline.Export(
                                "table", new ExternalType.Table(WasmType.EXTERNREF, 2, OptionalLong.of(9))),
                        new ModuleOutline.Export("memory", new ExternalType.Memory(1, OptionalLong.of(5))),
                        new ModuleOutline.Export("global", new ExternalType.Global(WasmType.I64, true)),
                        new ModuleOutline.Export("own", new ExternalType.Function(I32_TO_I64)));
    }

    @Test
    void of_codeThatDoesNotTypeCheck_isRefused() {
        byte[] addsNothing = ModuleBytes.functions(1, bytes(0, 0x6a, 0x0b));

        assertThatExceptionOfType(InvalidModuleException.class)
                .isThrownBy(() -> ModuleOutline.of(addsNothing, EngineConfig.DEFAULTS))
                .withMessageContaining("type mismatch");
    }

    @Test
    void of_twoMemories_hasBoth() {
        byte[] wasm = new ModuleBytes()
                .section(5, bytes(2, 0, 1, 0, 2))
                .section(7, bytes(1, name("second"), 2, 1))
                .done();

        assertThat(ModuleOutline.of(wasm, EngineConfig.DEFAULTS).exports())
                .containsExactly(new ModuleOutline.Export("second", new ExternalType.Memory(2, OptionalLong.empty())));
    }

    private static byte[] name(String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        return bytes(utf8.length, utf8);
    }
}

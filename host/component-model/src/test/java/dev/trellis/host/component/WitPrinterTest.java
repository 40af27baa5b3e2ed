package dev.trellis.host.component;

import static dev.trellis.host.component.ComponentBytes.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.host.engine.EngineConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class WitPrinterTest {
    @TestFactory
    Stream<DynamicTest> print_committedComponent_isItsCommittedWit() {
        return Stream.of("everything", "shim-and-fixup", "async", "interfaces")
                .map(name -> DynamicTest.dynamicTest(
                        name, () -> assertThat(print(Cases.valid(name))).isEqualTo(wit(name))));
    }

    @Test
    void print_typesThatAreLongWhenWrittenOut_isCutAndSaysSo() {
        ByteArrayOutputStream types = new ByteArrayOutputStream();
        types.write(0x73);
        for (int i = 0; i < 18; i++) {
            types.writeBytes(bytes(0x6a, 1, i, 1, i));
        }
        types.writeBytes(bytes(0x40, 1, "p", 18, 1, 0));
        ByteArrayOutputStream imports = new ByteArrayOutputStream();
        int count = 1;
        for (int i = 0; i < count; i++) {
            imports.writeBytes(bytes(0, "f" + i, 1, 19));
        }

        String wit = print(new ComponentBytes()
                .section(7, 20, types.toByteArray())
                .section(10, count, imports.toByteArray())
                .done());

        assertThat(wit).startsWith("// Only the first 200000 uses").hasSizeLessThan(10_000_000);
    }

    private static String print(byte[] binary) {
        return WitPrinter.print(ValidComponent.of(binary, EngineConfig.DEFAULTS));
    }

    private static String wit(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(WitPrinterTest.class.getResourceAsStream("valid/" + name + ".wit"), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}

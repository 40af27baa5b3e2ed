package dev.trellis.host.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.WasmEngine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShimModulesTest {
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    private final ComponentImports imports = new RunningGuests().imports();

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    @ParameterizedTest
    @CsvSource({"shim, 1", "shim-counts, 3", "shim-shared, 4"})
    void link_modulesThatOnlyPassCallsOn_areTakenOutAndNoOthers(String name, int modules) throws InterruptedException {
        LinkedComponent linked = RunningGuests.link(ENGINE, name, imports);

        assertThat(linked.steps()).hasSize(modules);
        try (ComponentInstance instance = linked.newInstance(RunningGuests.LIMITS, "attached")) {
            assertThat(instance.call("join", "text", new byte[7])).isEqualTo("text/7/attached");
        }
    }

    @Test
    void newInstance_callBeforeTheTableIsFilled_traps() throws InterruptedException {
        LinkedComponent linked = RunningGuests.link(ENGINE, "shim-early", imports);

        assertThat(linked.steps()).hasSize(1);
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> linked.newInstance(RunningGuests.LIMITS, "attached"))
                .withMessageContaining("uninitialized element");
    }
}

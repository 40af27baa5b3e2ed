package dev.trellis.host.wasi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.ComponentPool;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.model.EntityId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostileWasiTest {
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    private static ComponentPool pool;

    private static ValidComponent component(String name) throws IOException {
        Path file = Path.of(System.getProperty("trellis.root"), "host/wasi/src/test/guests/hostile", name + ".wasm");
        return ValidComponent.of(Files.readAllBytes(file), EngineConfig.DEFAULTS);
    }

    @BeforeAll
    static void link() throws IOException, InterruptedException {
        pool = LinkedComponent.link(component("hostile"), ENGINE, WasiImports.all())
                .pool(Probe.LIMITS, null);
    }

    @AfterAll
    static void close() {
        pool.close();
        ENGINE.close();
    }

    private static Object call(String function) throws InterruptedException {
        WasiCall call = new WasiCall(
                new EntityId("hostile"),
                ActorLimits.DEFAULTS,
                new NoServices(),
                null,
                Deadline.in(Probe.LIMITS.timeBudget()),
                new WasiEnvironment(Map.of(), List.of("an argument"), Optional.empty(), List.of(), LoggedStdio::new));
        try (ComponentInstance instance = pool.borrow(call, Probe.LIMITS.timeBudget())) {
            Object result = instance.call(function);
            return result == null ? "nothing" : result;
        } finally {
            call.end();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "forged, unknown handle index 12345",
        "zero, unknown handle index 0",
        "negative, unknown handle index 4294967295",
        "wrong-type, wrong type",
        "after-drop, unknown handle index",
        "dropped-twice, unknown handle index",
        "dropped-as-another, wrong type",
        "parent-first, a resource ends after those made of it",
        "contents-outside, ''",
        "contents-everywhere, ''",
        "result-outside, ''",
        "list-outside, ''",
        "list-of-forged, unknown handle index 77",
        "exit-in-realloc, cannot leave"
    })
    void call_againstTheRules_isATrapThatNamesTheRule(String function, String rule) {
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> call(function))
                .withMessageContaining(rule)
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.Trapped.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit-now", "exit-nested"})
    void exit_fromAnyDepth_endsTheWholeCall(String function) {
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> call(function))
                .satisfies(e -> assertThat(e.failure()).isEqualTo(new GuestFailure.Exited(1)));
    }

    @Test
    void call_withinTheRules_works() throws InterruptedException {
        assertThat(call("fine")).isEqualTo(true);
    }

    @Test
    void end_withStreamsAndPollablesLeft_breaksNoRuleAndKeepsTheInstance() throws InterruptedException {
        int before = pool.idleInstances();
        assertThat(call("leaves-all")).isEqualTo("nothing");
        assertThat(pool.idleInstances()).isEqualTo(Math.max(1, before));
        assertThat(call("fine")).isEqualTo(true);
    }

    @Test
    void exit_duringInitialisation_isTheExitCode() throws IOException, InterruptedException {
        CommandEnvironment none = new CommandEnvironment(
                Map.of(),
                List.of(),
                List.of(),
                new ByteArrayInputStream(new byte[0]),
                OutputStream.nullOutputStream(),
                OutputStream.nullOutputStream());
        assertThat(WasiCommand.link(component("exit-at-start"), ENGINE).run(none, Probe.LIMITS))
                .isEqualTo(9);
    }
}

package dev.trellis.host.wasi;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.model.EntityId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The guest {@code probe}, which does what its arguments say, one step each, and prints a line for each. */
final class Probe {
    static final GuestLimits LIMITS = GuestLimits.DEFAULTS.withTimeBudget(Duration.ofSeconds(20));

    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);
    private static final ValidComponent COMPONENT = ValidComponent.of(bytes(), EngineConfig.DEFAULTS);
    private static final WasiCommand COMMAND = link();

    /** How one run ended. */
    record Run(int exitCode, List<String> out, String err) {
        /** The only line printed. */
        String line() {
            if (out.size() != 1) {
                throw new AssertionError("one line was expected: " + out);
            }
            return out.getFirst();
        }
    }

    final Map<String, String> variables = new LinkedHashMap<>();
    final List<CommandEnvironment.Directory> directories = new ArrayList<>();
    GuestLimits limits = LIMITS;
    byte[] input = {};

    private static byte[] bytes() {
        try {
            return Files.readAllBytes(
                    Path.of(System.getProperty("trellis.root"), "host/wasi/src/test/guests/probe/probe.wasm"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static WasiCommand link() {
        try {
            return WasiCommand.link(COMPONENT, ENGINE);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    Probe in(Path host, boolean writable) {
        directories.add(new CommandEnvironment.Directory(host, "/d" + directories.size(), writable));
        return this;
    }

    Probe input(String text) {
        input = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** Runs it as a command that is run by hand. */
    Run run(String... steps) throws InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        List<String> arguments =
                Stream.concat(Stream.of("probe"), Arrays.stream(steps)).toList();
        try {
            int code = COMMAND.run(
                    new CommandEnvironment(
                            variables, arguments, directories, new ByteArrayInputStream(input), out, err),
                    limits);
            return new Run(
                    code, out.toString(StandardCharsets.UTF_8).lines().toList(), err.toString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<String> lines(String... steps) throws InterruptedException {
        return run(steps).out();
    }

    /** Runs it as an actor would be, with nothing around it but arguments; gives what it logs. */
    static List<String> asActor(String... steps) throws InterruptedException {
        NoServices services = new NoServices();
        List<String> arguments =
                Stream.concat(Stream.of("probe"), Arrays.stream(steps)).toList();
        WasiEnvironment none = WasiEnvironment.NONE;
        WasiCall call = new WasiCall(
                new EntityId("actor"),
                ActorLimits.DEFAULTS,
                services,
                null,
                Deadline.in(LIMITS.timeBudget()),
                new WasiEnvironment(
                        none.variables(), arguments, none.workingDirectory(), none.preopens(), none.stdio()));
        LinkedComponent linked = LinkedComponent.link(COMPONENT, ENGINE, WasiImports.all());
        try (ComponentInstance instance = linked.newInstance(LIMITS, call)) {
            instance.call(WasiCommand.RUN);
        } finally {
            call.end();
        }
        return services.lines;
    }
}

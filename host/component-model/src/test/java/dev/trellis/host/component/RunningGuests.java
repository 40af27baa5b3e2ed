package dev.trellis.host.component;

import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The components under {@code run}, and what they import. */
final class RunningGuests {
    static final GuestLimits LIMITS = GuestLimits.DEFAULTS.withTimeBudget(Duration.ofSeconds(20));

    /** A resource of the host. */
    static final class Counter {
        long value;

        Counter(long value) {
            this.value = value;
        }
    }

    /** What was dropped by guests, in order. */
    final List<Counter> dropped = new ArrayList<>();

    private final ComponentImports.Resource<Counter> counter =
            new ComponentImports.Resource<>("counter", Counter.class, dropped::add);

    /** The versions are not those that the components ask for, but compatible. */
    ComponentImports imports() {
        return ComponentImports.of(
                ComponentImports.Interface.named("test:host/counters@0.2.0")
                        .resource(counter)
                        .function("[constructor]counter", (_, args) -> new Counter((Long) known(args[0])))
                        .function("[method]counter.add", (_, args) -> {
                            Counter self = (Counter) known(args[0]);
                            self.value += (Long) known(args[1]);
                            return self.value;
                        })
                        .function("finish", (_, args) -> ((Counter) known(args[0])).value)
                        .build(),
                ComponentImports.Interface.named("test:host/text@0.2.9")
                        .function(
                                "join",
                                (instance, args) -> known(args[0])
                                        + "/" + ((byte[]) known(args[1])).length + "/"
                                        + instance.attachment(String.class))
                        .build());
    }

    static Object known(@org.jspecify.annotations.Nullable Object value) {
        return Objects.requireNonNull(value);
    }

    static byte[] wasm(String name) {
        try (InputStream in = RunningGuests.class.getResourceAsStream("run/" + name + ".wasm")) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static LinkedComponent link(WasmEngine engine, String name, ComponentImports imports) throws InterruptedException {
        return LinkedComponent.link(ValidComponent.of(wasm(name), EngineConfig.DEFAULTS), engine, imports);
    }
}

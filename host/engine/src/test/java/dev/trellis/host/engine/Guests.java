package dev.trellis.host.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;

/** The test guests; their sources are beside them. {@code wat2wasm --debug-names x.wat -o x.wasm} makes them. */
final class Guests {
    static final GuestLimits LIMITS = GuestLimits.DEFAULTS;
    static final GuestLimits HASTY = LIMITS.withTimeBudget(Duration.ofMillis(60));

    private Guests() {}

    static byte[] wasm(String name) {
        try (InputStream in = Guests.class.getResourceAsStream(name + ".wasm")) {
            if (in == null) {
                throw new IllegalArgumentException("no test guest " + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static HostFunctions probe(HostFunction.Body body) {
        return HostFunctions.of(new HostFunction("host", "probe", List.of(WasmType.I32), List.of(WasmType.I32), body));
    }

    static HostFunctions probe() {
        return probe((caller, args) -> args);
    }

    static HostFunctions hostile(HostFunction.Body block) {
        return HostFunctions.of(
                new HostFunction("host", "block", List.of(), List.of(), block),
                new HostFunction(
                        "host",
                        "nest",
                        List.of(WasmType.I32),
                        List.of(WasmType.I32),
                        (caller, args) -> caller.call("ok")));
    }

    static HostFunctions hostile() {
        return hostile((caller, args) -> new long[0]);
    }
}

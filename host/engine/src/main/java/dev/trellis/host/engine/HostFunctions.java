package dev.trellis.host.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The functions that guests of one pool may import. Immutable. */
public final class HostFunctions {
    private record Key(String module, String name) {}

    private static final HostFunctions NONE = new HostFunctions(List.of());

    private final Map<Key, HostFunction> functions = new LinkedHashMap<>();

    private HostFunctions(List<HostFunction> all) {
        for (HostFunction function : all) {
            if (functions.put(new Key(function.module(), function.name()), function) != null) {
                throw new IllegalArgumentException(
                        "host function " + function.module() + "." + function.name() + " is offered twice");
            }
        }
    }

    public static HostFunctions none() {
        return NONE;
    }

    /**
     * Offers these functions.
     *
     * @throws IllegalArgumentException if two functions share module and name
     */
    public static HostFunctions of(List<HostFunction> functions) {
        return new HostFunctions(functions);
    }

    public static HostFunctions of(HostFunction... functions) {
        return new HostFunctions(List.of(functions));
    }

    /** These and {@code more}. */
    public HostFunctions and(List<HostFunction> more) {
        List<HostFunction> all = new ArrayList<>(functions.values());
        all.addAll(more);
        return new HostFunctions(all);
    }

    /**
     * These and {@code wasi_snapshot_preview1} without ambient power: no files, no sockets, an empty environment and
     * {@code argv = ["main.wasm"]}; clocks and random are real, output lines go to {@code output}.
     */
    public HostFunctions withWasi(OutputSink output) {
        return and(WasiPreview1.functions(output));
    }

    /** These, with {@code others} in place of those of the same module and name. */
    public HostFunctions replacing(List<HostFunction> others) {
        HostFunctions replaced = of(others);
        List<HostFunction> all = new ArrayList<>(others);
        functions.forEach((key, function) -> {
            if (!replaced.functions.containsKey(key)) {
                all.add(function);
            }
        });
        return new HostFunctions(all);
    }

    Optional<HostFunction> find(String module, String name) {
        return Optional.ofNullable(functions.get(new Key(module, name)));
    }
}

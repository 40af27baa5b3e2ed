package dev.trellis.host.engine;

import java.util.List;
import java.util.stream.Collectors;

/** The parameters and results of a function. */
public record Signature(List<WasmType> params, List<WasmType> results) {
    public Signature {
        params = List.copyOf(params);
        results = List.copyOf(results);
    }

    boolean passesReferences() {
        return params.contains(WasmType.FUNCREF) || results.contains(WasmType.FUNCREF);
    }

    /** {@code (i32, i64) -> i32}, {@code () -> ()}. */
    @Override
    public String toString() {
        return tuple(params) + " -> "
                + (results.size() == 1 ? results.getFirst().toString() : tuple(results));
    }

    private static String tuple(List<WasmType> types) {
        return types.stream().map(WasmType::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}

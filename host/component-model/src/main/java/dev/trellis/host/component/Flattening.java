package dev.trellis.host.component;

import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which core function a component function becomes, by the canonical ABI with 32-bit addresses. */
public final class Flattening {
    /** More core parameters than this pass through memory. */
    public static final int PARAMETERS_MAX = Layout.FLAT_MAX;
    /** As {@link #PARAMETERS_MAX}, where a function is lowered asynchronously. */
    public static final int ASYNC_PARAMETERS_MAX = 4;
    /** More core results than this pass through memory. */
    public static final int RESULTS_MAX = 1;

    private Flattening() {}

    /** What the core function behind a lifted function has to be. */
    public static Signature lifted(FunctionType type, boolean async, boolean callback) {
        List<WasmType> params = parametersThroughMemory(type, false)
                ? List.of(WasmType.I32)
                : parameters(type).orElseThrow();
        if (async) {
            return new Signature(params, callback ? List.of(WasmType.I32) : List.of());
        }
        List<WasmType> results =
                result(type).filter(flat -> flat.size() <= RESULTS_MAX).orElse(List.of(WasmType.I32));
        return new Signature(params, results);
    }

    /** The core function that lowering a function gives. */
    public static Signature lowered(FunctionType type, boolean async) {
        List<WasmType> params = new ArrayList<>(
                parametersThroughMemory(type, async)
                        ? List.of(WasmType.I32)
                        : parameters(type).orElseThrow());
        if (resultThroughMemory(type, async)) {
            params.add(WasmType.I32);
        }
        List<WasmType> results;
        if (async) {
            results = List.of(WasmType.I32);
        } else {
            results =
                    resultThroughMemory(type, false) ? List.of() : result(type).orElseThrow();
        }
        return new Signature(params, results);
    }

    /** Whether the parameters are too many for core ones. Lifting is never as strict as asynchronous lowering. */
    public static boolean parametersThroughMemory(FunctionType type, boolean asyncLowered) {
        int max = asyncLowered ? ASYNC_PARAMETERS_MAX : PARAMETERS_MAX;
        return parameters(type).filter(flat -> flat.size() <= max).isEmpty();
    }

    /** Whether a lowered function writes its result to memory that the caller names. */
    public static boolean resultThroughMemory(FunctionType type, boolean asyncLowered) {
        int max = asyncLowered ? 0 : RESULTS_MAX;
        return result(type).filter(flat -> flat.size() <= max).isEmpty();
    }

    /** Empty if they are more than {@link Layout#FLAT_MAX}. */
    static Optional<List<WasmType>> parameters(FunctionType type) {
        Optional<List<WasmType>> flat = Optional.of(List.of());
        for (DefinedType.Field parameter : type.parameters()) {
            flat = Layout.concat(flat, parameter.type().layout().flat());
        }
        return flat;
    }

    /** Empty if they are more than {@link Layout#FLAT_MAX}. */
    static Optional<List<WasmType>> result(FunctionType type) {
        return type.result().isEmpty()
                ? Optional.of(List.of())
                : type.result().get().layout().flat();
    }
}

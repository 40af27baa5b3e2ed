package dev.trellis.host.engine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/** Measures what a pooled call costs, and a first call on a new instance. A main, not a test: it asserts nothing. */
public final class EngineMeasurements {
    private static final int ROUNDS = 2;
    private static final int WARM_CALLS = 300_000;
    private static final int COLD_CALLS = 5_000;

    private static final GuestLimits LIMITS = GuestLimits.DEFAULTS.withTimeBudget(Duration.ofMinutes(1));

    private EngineMeasurements() {}

    public static void main(String[] args) throws Exception {
        Path cache = Files.createTempDirectory("engine-measurements");
        try (WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS.withCacheDirectory(cache))) {
            measure(engine);
        }
        long start = System.nanoTime();
        try (WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS.withCacheDirectory(cache))) {
            engine.load(Guests.wasm("actor17"));
            print("load actor17 from disk cache, new engine: %.2f ms%n", (System.nanoTime() - start) / 1e6);
        }
        for (String file : args) {
            byte[] wasm = Files.readAllBytes(Path.of(file));
            for (String how : List.of("compiled", "from disk")) {
                try (WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS.withCacheDirectory(cache))) {
                    long before = System.nanoTime();
                    CompiledModule module = engine.load(wasm);
                    print(
                            "%s %s: %.1f ms, %d interpreted%n",
                            Path.of(file).getFileName(),
                            how,
                            (System.nanoTime() - before) / 1e6,
                            module.interpretedFunctions());
                }
            }
        }
    }

    private static void measure(WasmEngine engine) throws InterruptedException {
        byte[] request = "/hello/world?x=1".getBytes(StandardCharsets.UTF_8);
        HostFunctions functions = HostFunctions.of(
                new HostFunction("host", "answer", List.of(WasmType.I32, WasmType.I32), List.of(), (caller, values) -> {
                    caller.attachment(LongConsumer.class).accept(values[1]);
                    return new long[0];
                }));
        CompiledModule module = engine.load(Guests.wasm("actor17"));
        print("-- with a host function that gets a stack reserve%n");
        measure(module, functions, request);
        print("-- with a leaf host function%n");
        measure(
                module,
                HostFunctions.of(functions.find("host", "answer").orElseThrow().asLeaf()),
                request);
    }

    private static void measure(CompiledModule module, HostFunctions functions, byte[] request)
            throws InterruptedException {
        long[] sum = new long[1];
        LongConsumer context = value -> sum[0] += value;
        try (InstancePool pool = module.pool(functions, LIMITS);
                InstancePool cold = module.pool(functions, LIMITS.withIdleInstancesMax(0))) {
            for (int round = 0; round < ROUNDS; round++) {
                long[] nanos = new long[WARM_CALLS];
                try (GuestInstance guest = pool.borrow(context, LIMITS.timeBudget())) {
                    for (int i = 0; i < WARM_CALLS; i++) {
                        long start = System.nanoTime();
                        guest.write(1_000, request);
                        guest.callI32("handle", 1_000, request.length);
                        nanos[i] = System.nanoTime() - start;
                    }
                }
                report("call on a borrowed instance", nanos);
                for (int i = 0; i < WARM_CALLS; i++) {
                    long start = System.nanoTime();
                    call(pool, context, request);
                    nanos[i] = System.nanoTime() - start;
                }
                report("borrow + call + restore", nanos);
                nanos = new long[COLD_CALLS];
                for (int i = 0; i < COLD_CALLS; i++) {
                    long start = System.nanoTime();
                    call(cold, context, request);
                    nanos[i] = System.nanoTime() - start;
                }
                report("new instance + first call", nanos);
                for (int i = 0; i < COLD_CALLS; i++) {
                    long start = System.nanoTime();
                    try (GuestInstance guest = pool.borrow(context, LIMITS.timeBudget())) {
                        guest.write(1_000, request);
                        guest.callI32("handle", 1_000, request.length);
                        guest.discard();
                    }
                    nanos[i] = System.nanoTime() - start;
                }
                report("the same after a discard", nanos);
            }
        }
        print("checksum %d%n", sum[0]);
    }

    private static void call(InstancePool pool, Object context, byte[] request) throws InterruptedException {
        try (GuestInstance guest = pool.borrow(context, LIMITS.timeBudget())) {
            guest.write(1_000, request);
            guest.callI32("handle", 1_000, request.length);
        }
    }

    private static void report(String what, long[] nanos) {
        Arrays.sort(nanos);
        print(
                "%-30s p50 %8.2f us  p90 %8.2f  p99 %8.2f  p99.9 %8.2f%n",
                what, at(nanos, 0.5), at(nanos, 0.9), at(nanos, 0.99), at(nanos, 0.999));
    }

    private static double at(long[] sorted, double quantile) {
        return sorted[(int) (sorted.length * quantile)] / 1e3;
    }

    @SuppressWarnings({"SystemOut", "AnnotateFormatMethod"})
    private static void print(String format, Object... values) {
        System.out.printf(format, values);
    }
}

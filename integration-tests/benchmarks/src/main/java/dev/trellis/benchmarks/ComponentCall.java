package dev.trellis.benchmarks;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.ComponentPool;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.host.wasi.ComponentActor;
import dev.trellis.lattice.contracts.http.HttpRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Calls of components on this thread, in a new instance and in a pooled one; what an idle instance keeps; and how long it
 * takes until a component is loaded, compiled anew and from the cache on disk.
 */
final class ComponentCall implements Benchmark {
    private static final String NAME = "component";
    private static final Duration WARM_UP = Duration.ofMillis(2500);
    private static final Duration PASS = Duration.ofSeconds(1);
    private static final int IDLE_INSTANCES = 2_000;
    private static final int COLLECTIONS = 4;

    /** Memory is not restored between the calls of one borrowed instance, and guests need not free any. */
    private static final int CALLS_PER_BORROW = 32;

    private static final GuestLimits LIMITS = GuestLimits.DEFAULTS.withTimeBudget(Duration.ofSeconds(30));

    /** Five strings and lists. */
    private static final List<Object> VALUES = List.of(
            "a product of this shop",
            List.of("new", "blue", "large"),
            new int[] {1, 2, 3, 5, 8},
            new byte[64],
            "thank you");

    private static final String FIND = "acme:shop/pricing@1.0.0#find";
    private static final List<Object> SKU = List.of("e-book");

    /** A function of a component. */
    private record Guest(String name, Path file, String function, List<Object> arguments, boolean goals) {}

    @Override
    public List<Row> run(Settings settings) throws Exception {
        var rows = new ArrayList<Row>();
        Path values = settings.root().resolve("actor-sdk/test-guests/values/values.wasm");
        Path shop = settings.root().resolve("actor-sdk/samples/shop/pricing/pricing.wasm");
        try (var engine = new WasmEngine(EngineConfig.DEFAULTS)) {
            calls(
                    settings,
                    engine,
                    new Guest(
                            "Rust, 5 strings and lists", values, "trellis:values/values@1.0.0#describe", VALUES, true),
                    rows);
            calls(settings, engine, new Guest("Rust, find", shop, FIND, SKU, false), rows);
            calls(
                    settings,
                    engine,
                    new Guest("JavaScript, find", settings.guest("pricing-js"), FIND, SKU, false),
                    rows);
            for (var guest : Map.of("C", "hello-c", "Rust", "hello-http", "AssemblyScript", "hello-assemblyscript")
                    .entrySet()) {
                http(settings, engine, guest.getKey() + ", HTTP", settings.guest(guest.getValue()), rows);
            }
        }
        loads(settings, "Rust", settings.guest("hello-http"), rows);
        loads(settings, "QuickJS", settings.guest("pricing-js"), rows);
        Path large = settings.root().resolve("actor-sdk/samples/hello-js/target/hello-js.wasm");
        if (settings.brief()) {
            rows.add(Row.skipped(NAME, "StarlingMonkey, loaded", "a brief run"));
        } else if (Files.exists(large)) {
            loads(settings, "StarlingMonkey", large, rows);
        } else {
            rows.add(Row.skipped(
                    NAME, "StarlingMonkey, loaded", "it is not built: actor-sdk/samples/hello-js/build.sh"));
        }
        return rows;
    }

    // ---- calls

    private static void calls(Settings settings, WasmEngine engine, Guest guest, List<Row> rows) throws Exception {
        LinkedComponent linked = LinkedComponent.link(valid(guest.file), engine, ComponentImports.none());
        ComponentExport export = linked.export(guest.function).orElseThrow();
        @Nullable Object[] arguments = guest.arguments.toArray();
        try (ComponentPool pool = linked.pool(LIMITS, null);
                ComponentPool unpooled = linked.pool(LIMITS.withIdleInstancesMax(0), null);
                var warm = new Warm(pool, export, arguments)) {
            var ways = new LinkedHashMap<String, Rounds.Pass<Samples>>();
            ways.put("cold", time -> ClosedLoop.here(time, ClosedLoop.timed(() -> once(unpooled, export, arguments))));
            ways.put("pooled", time -> ClosedLoop.here(time, ClosedLoop.timed(() -> once(pool, export, arguments))));
            ways.put("warm", time -> ClosedLoop.here(time, warm));
            var passes = Rounds.interleaved(settings.rounds(), settings.time(WARM_UP), settings.time(PASS), ways);
            Row cold = row(guest.name + ": new instance", passes.of("cold"));
            Row call = row(guest.name + ": call of a borrowed instance", passes.of("warm"));
            rows.add(guest.goals ? cold.figureAtMost("p50_us", 40) : cold);
            rows.add(row(guest.name + ": pooled instance", passes.of("pooled")));
            rows.add(guest.goals ? call.figureAtMost("p50_us", 1.5) : call);
        }
        double idle = idleBytes(linked, export, arguments, settings.brief() ? 50 : IDLE_INSTANCES) / 1024;
        Row heap = Row.of(NAME, guest.name + ": idle instance after a call").with("heap_kb", idle);
        rows.add(guest.goals ? heap.figureAtMost("heap_kb", 20) : heap);
    }

    private static void once(ComponentPool pool, ComponentExport export, @Nullable Object[] arguments)
            throws InterruptedException {
        try (ComponentInstance instance = pool.borrow()) {
            instance.call(export, arguments);
        }
    }

    /** Heap that one of many idle instances keeps, each of which has answered a call. */
    private static double idleBytes(
            LinkedComponent linked, ComponentExport export, @Nullable Object[] arguments, int count)
            throws InterruptedException {
        try (ComponentPool pool = linked.pool(LIMITS.withIdleInstancesMax(count), null)) {
            once(pool, export, arguments);
            long before = used();
            var borrowed = new ArrayList<ComponentInstance>();
            for (int i = 0; i < count; i++) {
                ComponentInstance instance = pool.borrow();
                instance.call(export, arguments);
                borrowed.add(instance);
            }
            borrowed.forEach(ComponentInstance::close);
            borrowed.clear();
            borrowed.trimToSize();
            double bytes = (used() - before) / (double) (count - 1);
            if (pool.idleInstances() != count) {
                throw new IllegalStateException("the pool keeps " + pool.idleInstances() + " instances, not " + count);
            }
            return bytes;
        }
    }

    private static long used() {
        var memory = ManagementFactory.getMemoryMXBean();
        for (int i = 0; i < COLLECTIONS; i++) {
            memory.gc();
        }
        return memory.getHeapMemoryUsage().getUsed();
    }

    /** Calls of a borrowed instance; borrowing and giving back are outside the time. */
    private static final class Warm implements ClosedLoop.TimedCall, AutoCloseable {
        private final ComponentPool pool;
        private final ComponentExport export;
        private final @Nullable Object[] arguments;
        private ComponentInstance instance;
        private int calls;

        Warm(ComponentPool pool, ComponentExport export, @Nullable Object[] arguments) throws InterruptedException {
            this.pool = pool;
            this.export = export;
            this.arguments = arguments;
            this.instance = pool.borrow();
        }

        @Override
        public long nanos() throws InterruptedException {
            if (++calls % CALLS_PER_BORROW == 0) {
                instance.close();
                instance = pool.borrow();
            }
            long start = System.nanoTime();
            instance.call(export, arguments);
            return System.nanoTime() - start;
        }

        @Override
        public void close() {
            instance.close();
        }
    }

    // ---- HTTP

    private static void http(Settings settings, WasmEngine engine, String guest, Path file, List<Row> rows)
            throws Exception {
        HttpRequest request = ActorCall.request("/hello");
        ValidComponent component = valid(file);
        try (ComponentActor pooled = actor(component, engine, LIMITS);
                ComponentActor unpooled = actor(component, engine, LIMITS.withIdleInstancesMax(0))) {
            var ways = new LinkedHashMap<String, Rounds.Pass<Samples>>();
            ways.put("cold", time -> ClosedLoop.here(time, ClosedLoop.timed(() -> handle(unpooled, request))));
            ways.put("pooled", time -> ClosedLoop.here(time, ClosedLoop.timed(() -> handle(pooled, request))));
            var passes = Rounds.interleaved(settings.rounds(), settings.time(WARM_UP), settings.time(PASS), ways);
            rows.add(row(guest + ": new instance", passes.of("cold"))
                    .with("bytes_per_call", ActorCall.allocated(() -> handle(unpooled, request))));
            rows.add(row(guest + ": pooled instance", passes.of("pooled"))
                    .with("bytes_per_call", ActorCall.allocated(() -> handle(pooled, request))));
        }
    }

    private static void handle(ComponentActor actor, HttpRequest request) throws InterruptedException {
        var _ = actor.handle(ActorCall.call(request), CallObserver.NONE);
    }

    private static ComponentActor actor(ValidComponent component, WasmEngine engine, GuestLimits limits)
            throws InterruptedException {
        return ComponentActor.start(component, engine, ActorCall.ACTOR, limits, ActorLimits.DEFAULTS, new NoServices());
    }

    // ---- loading

    /** From bytes to an actor that takes calls, in an engine that has just been made: compiled, then from the disk. */
    private static void loads(Settings settings, String guest, Path file, List<Row> rows) throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        EngineConfig config =
                EngineConfig.DEFAULTS.withCacheDirectory(Files.createTempDirectory(settings.temporary(), "cache"));
        Row compiled = loaded(guest + ", " + bytes.length / 1024 + " KB: loaded, compiled anew", bytes, config, 1);
        Row cached = loaded(guest + ": loaded from the cache", bytes, config, settings.brief() ? 1 : 5);
        rows.add(compiled);
        rows.add(bytes.length > (10 << 20) ? cached.figureAtMost("p50_us", 500_000) : cached);
    }

    private static Row loaded(String subject, byte[] bytes, EngineConfig config, int times) throws Exception {
        long[] nanos = new long[times];
        for (int i = 0; i < times; i++) {
            try (var engine = new WasmEngine(config)) {
                long start = System.nanoTime();
                ComponentActor actor = actor(ValidComponent.of(bytes, engine), engine, LIMITS);
                nanos[i] = System.nanoTime() - start;
                actor.close();
            }
        }
        return Row.of(NAME, subject).with("p50_us", new Samples(nanos, 1).micros(0.5));
    }

    private static ValidComponent valid(Path file) throws IOException {
        return ValidComponent.of(Files.readAllBytes(file), EngineConfig.DEFAULTS);
    }

    private static Row row(String subject, List<Samples> passes) {
        Samples samples = Samples.merged(passes);
        return Row.of(NAME, subject).with(samples).noting(samples.count() + " calls");
    }
}

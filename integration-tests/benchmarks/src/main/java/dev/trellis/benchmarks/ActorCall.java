package dev.trellis.benchmarks;

import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.engine.CompiledModule;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.ExternalKind;
import dev.trellis.host.engine.GuestInstance;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.HostFunction;
import dev.trellis.host.engine.HostFunctions;
import dev.trellis.host.engine.InstancePool;
import dev.trellis.host.engine.ModuleImport;
import dev.trellis.host.engine.OutputSink;
import dev.trellis.host.engine.PoolOptions;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.host.wasmbus.WasmbusActor;
import dev.trellis.host.wasmbus.WasmbusModule;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationId;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import org.msgpack.core.MessagePack;

/**
 * One call of an actor on this thread, from protobuf to protobuf: in a new instance, in a pooled one, and what of it is
 * the guest's own work; beside a native process per call.
 */
final class ActorCall implements Benchmark {
    private static final String NAME = "actor-call";
    private static final Duration WARM_UP = Duration.ofMillis(2500);
    private static final Duration PASS = Duration.ofSeconds(1);
    private static final int SPAWNS = 400;

    /** Memory is not restored between the calls of one borrowed instance, and guests need not free any. */
    private static final int CALLS_PER_BORROW = 32;

    private static final GuestLimits LIMITS = GuestLimits.DEFAULTS.withTimeBudget(Duration.ofSeconds(30));
    static final EntityId ACTOR = new EntityId("bench-actor");
    private static final byte[] OPERATION = "HttpServer.HandleRequest".getBytes(StandardCharsets.UTF_8);
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Override
    public List<Row> run(Settings settings) throws Exception {
        var rows = new ArrayList<Row>();
        try (var engine = new WasmEngine(EngineConfig.DEFAULTS)) {
            measure(
                    settings,
                    engine.load(Files.readAllBytes(settings.guest("echo-c"))),
                    "echo-c",
                    "/hello",
                    true,
                    rows);
            measure(
                    settings,
                    engine.load(Files.readAllBytes(settings.guest("user-actor"))),
                    "user-actor",
                    "/nowhere",
                    false,
                    rows);
        }
        return rows;
    }

    private static void measure(
            Settings settings, CompiledModule compiled, String guest, String path, boolean spawns, List<Row> rows)
            throws Exception {
        HttpRequest request = request(path);
        byte[] encoded = messagePack(request);
        var module = WasmbusModule.inspect(compiled, Instant.now());
        try (var pooled = start(module, LIMITS);
                var unpooled = start(module, LIMITS.withIdleInstancesMax(0));
                var pool = compiled.pool(
                        stubs(compiled, encoded),
                        LIMITS,
                        PoolOptions.DEFAULTS.withInitExports("_initialize", "_start", "wapc_init"));
                var work = new GuestWork(pool, encoded.length)) {
            var ways = new LinkedHashMap<String, Rounds.Pass<Samples>>();
            ways.put("cold", time -> ClosedLoop.here(time, ClosedLoop.timed(() -> unpooled.handle(call(request)))));
            ways.put("warm", time -> ClosedLoop.here(time, ClosedLoop.timed(() -> pooled.handle(call(request)))));
            ways.put("work", time -> ClosedLoop.here(time, work));
            boolean compiler = Programs.find("cc").isPresent();
            if (spawns && compiler) {
                var file = Files.write(settings.temporary().resolve("request.msgpack"), encoded);
                var processes = NativeSpawn.build(settings, file);
                ways.put("spawn", _ -> processes.run(settings.brief() ? SPAWNS / 8 : SPAWNS));
            }
            var passes = Rounds.interleaved(settings.rounds(), settings.time(WARM_UP), settings.time(PASS), ways);
            Row cold = row(guest + " cold: new instance", Samples.merged(passes.of("cold")))
                    .with("bytes_per_call", allocated(() -> unpooled.handle(call(request))));
            if (spawns) {
                Row process = compiler
                        ? row("native process", Samples.merged(passes.of("spawn")))
                        : Row.skipped(NAME, "native process", "cc is not on the PATH");
                rows.add(process);
                cold = cold.against(process);
            }
            rows.add(cold.figureAtMost("p50_us", 150).figureAtMost("p99_us", 400));
            Row guestWork = row(guest + " guest's own work", Samples.merged(passes.of("work")));
            rows.add(guestWork);
            Row warm = row(guest + " warm: pooled instance", Samples.merged(passes.of("warm")))
                    .with("bytes_per_call", allocated(() -> pooled.handle(call(request))));
            double overhead = figure(warm, "p50_us") - figure(guestWork, "p50_us");
            rows.add(warm.with("overhead_us", overhead).against(guestWork).figureAtMost("overhead_us", 2));
        }
    }

    private static Row row(String subject, Samples samples) {
        return Row.of(NAME, subject).with(samples).noting(samples.count() + " calls");
    }

    private static double figure(Row row, String name) {
        return Objects.requireNonNull(row.figures().get(name), name);
    }

    static double allocated(ClosedLoop.Call call) throws Exception {
        int calls = 1000;
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < calls; i++) {
            call.run();
        }
        return (THREADS.getCurrentThreadAllocatedBytes() - before) / (double) calls;
    }

    private static WasmbusActor start(WasmbusModule module, GuestLimits limits) throws InterruptedException {
        return WasmbusActor.start(
                module, ACTOR, limits, ActorLimits.DEFAULTS, PoolOptions.State.FRESH, new NoServices());
    }

    static HttpRequest request(String path) {
        return HttpRequest.newBuilder()
                .setMethod("GET")
                .setPath(path)
                .addHeaders(header("host", "localhost:8080"))
                .addHeaders(header("user-agent", "curl/8.5.0"))
                .addHeaders(header("accept", "*/*"))
                .setBody(ByteString.EMPTY)
                .build();
    }

    private static Header header(String name, String value) {
        return Header.newBuilder().setName(name).setValue(value).build();
    }

    static Invocation call(HttpRequest request) {
        return new Invocation(
                new InvocationId(1, 2),
                new EntityId("bench-caller"),
                ACTOR,
                LinkName.DEFAULT,
                Contracts.HTTP_SERVER.id(),
                "HandleRequest",
                new Payload.Typed(request),
                Deadline.in(Duration.ofSeconds(30)),
                TraceContext.root(),
                0);
    }

    /** The request as classic actors read it. */
    private static byte[] messagePack(HttpRequest request) throws IOException {
        try (var packer = MessagePack.newDefaultBufferPacker()) {
            packer.packMapHeader(5);
            packer.packString("method").packString(request.getMethod());
            packer.packString("path").packString(request.getPath());
            packer.packString("queryString").packString(request.getQuery());
            packer.packString("header").packMapHeader(request.getHeadersCount());
            for (Header header : request.getHeadersList()) {
                packer.packString(header.getName()).packArrayHeader(1).packString(header.getValue());
            }
            packer.packString("body").packBinaryHeader(0);
            return packer.toByteArray();
        }
    }

    /** Host functions that do the least a guest can work with: hand it the request, take all else and do nothing. */
    private static HostFunctions stubs(CompiledModule module, byte[] request) {
        var functions = new ArrayList<HostFunction>();
        for (ModuleImport wanted : module.imports()) {
            if (wanted.kind() != ExternalKind.FUNCTION || wanted.module().startsWith("wasi")) {
                continue;
            }
            var signature = wanted.signature().orElseThrow();
            long[] results = new long[signature.results().size()];
            HostFunction.Body body = wanted.name().equals("__guest_request")
                    ? (caller, args) -> {
                        caller.write((int) args[0], OPERATION);
                        caller.write((int) args[1], request);
                        return results;
                    }
                    : (_, _) -> Arrays.copyOf(results, results.length);
            functions.add(new HostFunction(wanted.module(), wanted.name(), signature, body).asLeaf());
        }
        return HostFunctions.of(functions).withWasi(OutputSink.NONE);
    }

    /** Calls of a borrowed instance; borrowing and giving back are outside the time. */
    private static final class GuestWork implements ClosedLoop.TimedCall, AutoCloseable {
        private final InstancePool pool;
        private final int requestLength;
        private GuestInstance instance;
        private int calls;

        GuestWork(InstancePool pool, int requestLength) throws InterruptedException {
            this.pool = pool;
            this.requestLength = requestLength;
            this.instance = pool.borrow();
        }

        @Override
        public long nanos() throws InterruptedException {
            if (++calls % CALLS_PER_BORROW == 0) {
                instance.close();
                instance = pool.borrow();
            }
            long start = System.nanoTime();
            int outcome = instance.callI32("__guest_call", OPERATION.length, requestLength);
            long nanos = System.nanoTime() - start;
            if (outcome != 1) {
                throw new IllegalStateException("the guest failed with " + outcome);
            }
            return nanos;
        }

        @Override
        public void close() {
            instance.close();
        }
    }
}

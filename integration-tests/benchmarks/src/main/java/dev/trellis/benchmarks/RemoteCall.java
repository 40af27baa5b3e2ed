package dev.trellis.benchmarks;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsTransport;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Calls from a host in this JVM to actors on a host in another, over a NATS server; beside bare jnats and the transport
 * alone, which carry as many bytes as the call's own messages, between the same two JVMs.
 */
final class RemoteCall implements Benchmark {
    private static final String NAME = "remote-call";
    private static final List<Integer> CALLERS = List.of(1, 64);
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration WARM_UP = Duration.ofSeconds(2);
    private static final Duration PASS = Duration.ofMillis(1500);
    private static final EntityId CALLER = new EntityId("bench-caller");

    private static final HttpRequest REQUEST = HttpRequest.newBuilder()
            .setMethod("GET")
            .setPath("/hello")
            .addHeaders(Header.newBuilder().setName("host").setValue("localhost:8080"))
            .addHeaders(Header.newBuilder().setName("user-agent").setValue("curl/8.5.0"))
            .addHeaders(Header.newBuilder().setName("accept").setValue("*/*"))
            .setBody(ByteString.EMPTY)
            .build();

    /** Bytes of the echo sample's reply to that. */
    private static final int REPLY_BYTES = HttpResponse.newBuilder()
            .setStatus(200)
            .addHeaders(Header.newBuilder().setName("content-type").setValue("text/plain"))
            .addHeaders(Header.newBuilder().setName("x-method").setValue("GET"))
            .setBody(ByteString.copyFromUtf8("Hello, World!"))
            .build()
            .getSerializedSize();

    /** The fastest that jnats offers for requests: it need not flush after each. */
    static Options rawOptions(String url) {
        return new Options.Builder().server(url).dontForceFlushOnRequest().build();
    }

    @Override
    @SuppressWarnings("try") // jnats closes with an InterruptedException
    public List<Row> run(Settings settings) throws Exception {
        if (Programs.find("nats-server").isEmpty()) {
            return List.of(Row.skipped(NAME, "all", "nats-server is not on the PATH"));
        }
        byte[] payload = REQUEST.toByteArray();
        try (NatsServer server = NatsServer.start(settings.temporary().resolve("nats"));
                Child far = Child.java(
                        RemoteHostProcess.class,
                        server.url(),
                        settings.temporary().toString(),
                        settings.guest("echo-c").toString(),
                        Integer.toString(REPLY_BYTES));
                var raw = Nats.connect(rawOptions(server.url()));
                var transport = NatsTransport.connect(NatsConfig.of(server.url(), "bench-near"));
                var host = BenchHost.start("NNEAR", settings.temporary(), transport)) {
            far.await(line -> line.equals("ready"), START_MAX);
            var invoker = host.node().invoker();
            for (var callee : Map.of(
                            RemoteHostProcess.ECHO,
                            Contracts.HTTP_SERVER.id(),
                            RemoteHostProcess.TRIVIAL,
                            Contracts.ACTOR)
                    .entrySet()) {
                link(host, callee.getKey(), callee.getValue());
            }
            ClosedLoop.Call echo = () -> {
                var _ = invoker.invoke(call(
                        RemoteHostProcess.ECHO,
                        Contracts.HTTP_SERVER.id(),
                        "HandleRequest",
                        new Payload.Typed(REQUEST)));
            };
            var opaque = new Payload.Opaque(ByteString.copyFrom(payload));
            ClosedLoop.Call trivial = () -> {
                var _ = invoker.invoke(call(RemoteHostProcess.TRIVIAL, Contracts.ACTOR, "Bench.Call", opaque));
            };
            awaitRoute("echo-c", echo);
            awaitRoute("the trivial actor", trivial);
            var rows = new ArrayList<Row>();
            for (int callers : CALLERS) {
                var calls = new LinkedHashMap<String, ClosedLoop.Call>();
                calls.put("jnats", () -> {
                    if (raw.request(RemoteHostProcess.RAW_SUBJECT, payload, TIMEOUT) == null) {
                        throw new IllegalStateException("no reply to a raw request");
                    }
                });
                calls.put("transport", () -> transport.request(RemoteHostProcess.TRANSPORT_SUBJECT, payload, TIMEOUT));
                calls.put("trivial", trivial);
                calls.put("echo", echo);
                var ways = new LinkedHashMap<String, Rounds.Pass<Samples>>();
                calls.forEach((name, call) -> ways.put(name, time -> ClosedLoop.concurrent(callers, time, call)));
                var passes = Rounds.interleaved(settings.rounds(), settings.time(WARM_UP), settings.time(PASS), ways);
                String concurrency = ", " + callers + " at once";
                Row baseline = row("raw jnats" + concurrency, passes.of("jnats"));
                rows.add(row("echo-c on the other host" + concurrency, passes.of("echo"))
                        .against(baseline)
                        .ratioAtMost("p50_us", 1.3)
                        .ratioAtLeast("per_s", 0.7));
                rows.add(row("trivial actor on the other host" + concurrency, passes.of("trivial"))
                        .against(baseline)
                        .ratioAtMost("p50_us", 1.3)
                        .ratioAtLeast("per_s", 0.7));
                rows.add(row("transport alone" + concurrency, passes.of("transport"))
                        .against(baseline));
                rows.add(baseline);
            }
            return rows;
        }
    }

    private static Row row(String subject, List<Samples> passes) {
        Samples samples = Samples.merged(passes);
        return Row.of(NAME, subject).with(samples).with("per_s", samples.perSecond());
    }

    private static void link(BenchHost host, EntityId target, ContractId contract) throws InterruptedException {
        var link = new Link(CALLER, target, LinkName.DEFAULT, contract, List.of(), List.of(), List.of());
        host.control("link.put", ControlRequests.LinkMessage.of(link));
    }

    private static void awaitRoute(String what, ClosedLoop.Call call) throws Exception {
        BenchHost.await("the way to " + what, () -> {
            try {
                call.run();
                return true;
            } catch (InvocationException e) {
                return false;
            }
        });
    }

    private static Invocation call(EntityId target, ContractId contract, String operation, Payload payload) {
        return Invocation.first(
                CALLER,
                target,
                LinkName.DEFAULT,
                contract,
                operation,
                payload,
                Deadline.in(TIMEOUT),
                TraceContext.root());
    }
}

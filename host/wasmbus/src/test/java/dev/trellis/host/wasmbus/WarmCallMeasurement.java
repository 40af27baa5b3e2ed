package dev.trellis.host.wasmbus;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.engine.GuestInstance;
import dev.trellis.host.engine.HostFunctions;
import dev.trellis.host.engine.OutputSink;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.http.HttpRequest;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Prints what a warm call of a guest costs, through the actor and through the bare engine. Arguments: the guest, echo-c if
 * none; calls in a round. Run by hand; tests time nothing.
 */
final class WarmCallMeasurement {
    private static final int ROUNDS = 7;
    private static final int CALLS_DEFAULT = 200_000;

    /** Time of this thread alone, so that others on the machine count less. */
    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    private WarmCallMeasurement() {}

    @FunctionalInterface
    private interface Body {
        long run() throws InterruptedException;
    }

    public static void main(String[] arguments) throws InterruptedException {
        String guest = arguments.length > 0 ? arguments[0] : "samples/echo-c/echo-c";
        int calls = arguments.length > 1 ? Integer.parseInt(arguments[1]) : CALLS_DEFAULT;
        HttpRequest request = Guests.get("/hello").toBuilder()
                .addHeaders(dev.trellis.lattice.contracts.http.Header.newBuilder()
                        .setName("host")
                        .setValue("localhost:8080"))
                .addHeaders(dev.trellis.lattice.contracts.http.Header.newBuilder()
                        .setName("user-agent")
                        .setValue("curl/8.5.0"))
                .addHeaders(dev.trellis.lattice.contracts.http.Header.newBuilder()
                        .setName("accept")
                        .setValue("*/*"))
                .build();
        Invocation first = Guests.http(request);
        try (var actor = Guests.start(guest, new RecordingServices());
                var pool = Guests.load(guest)
                        .pool(HostFunctions.of(WasmbusImports.functions()).withWasi(OutputSink.NONE), Guests.LIMITS)) {
            GuestBytes encoded = HttpServerFace.encode(request);
            byte[] operation = HttpServerFace.OPERATION.getBytes(StandardCharsets.UTF_8);
            var services = new RecordingServices();
            measure("WasmbusActor.handle", calls, () -> {
                var again = new Invocation(
                        first.id(),
                        first.source(),
                        first.target(),
                        first.linkName(),
                        first.contract(),
                        first.operation(),
                        first.payload(),
                        Deadline.in(Guests.PLENTY),
                        first.trace(),
                        0);
                return actor.handle(again).hashCode() == 0 ? 1 : 2;
            });
            measure("engine alone: borrow, __guest_call, give back", calls, () -> {
                var call = new ActiveCall(
                        Guests.ACTOR, ActorLimits.DEFAULTS, services, operation, encoded, null, first.deadline());
                try (GuestInstance instance = pool.borrow(call, Guests.PLENTY)) {
                    return instance.callI32("__guest_call", operation.length, encoded.length());
                }
            });
            measure("encode request", calls, () -> HttpServerFace.encode(request)
                    .length());
            GuestBytes reply =
                    Hex.parse("83 aa 737461747573436f6465 cc c8 a6 686561646572 82 ac 636f6e74656e742d74797065"
                            + " 91 aa 746578742f706c61696e a8 782d6d6574686f64 91 a3 474554 a4 626f6479 c4 02 6869");
            measure("decode response", calls, () -> HttpServerFace.decode(reply).getStatus());
        }
    }

    private static void measure(String what, int calls, Body body) throws InterruptedException {
        long sink = 0;
        for (int i = 0; i < 2 * calls; i++) {
            sink += body.run();
        }
        double[] nanos = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long start = CPU.getCurrentThreadCpuTime();
            for (int i = 0; i < calls; i++) {
                sink += body.run();
            }
            nanos[round] = (CPU.getCurrentThreadCpuTime() - start) / (double) calls;
        }
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%-48s %8.0f ns median, %8.0f ns best (%d)%n",
                what,
                nanos[ROUNDS / 2],
                nanos[0],
                sink % 10);
    }
}

package dev.trellis.host.wasi;

import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;

/**
 * Prints what a warm call of a component that answers HTTP costs. Arguments: the guest, hello-http if none; calls in a
 * round. Run by hand; tests time nothing.
 */
final class HelloHttpMeasurement {
    private static final int ROUNDS = 7;
    private static final int CALLS_DEFAULT = 50_000;

    /** Time of this thread alone, so that others on the machine count less. */
    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    private HelloHttpMeasurement() {}

    public static void main(String[] arguments) throws InterruptedException {
        String file = arguments.length > 0 ? arguments[0] : "actor-sdk/samples/hello-http/hello-http.wasm";
        int calls = arguments.length > 1 ? Integer.parseInt(arguments[1]) : CALLS_DEFAULT;
        HttpGuest guest = HttpGuest.of(file);
        HttpRequest request = HttpGuest.get("/hello").toBuilder()
                .addHeaders(HttpGuest.header("user-agent", "curl/8.5.0"))
                .addHeaders(HttpGuest.header("accept", "*/*"))
                .build();
        var services = new NoServices();
        var threads = (com.sun.management.ThreadMXBean) CPU;
        long sink = 0;
        for (int i = 0; i < 2 * calls; i++) {
            sink += guest.handle(new Payload.Typed(request), services).hashCode();
        }
        double[] nanos = new double[ROUNDS];
        double bytes = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long allocated = threads.getCurrentThreadAllocatedBytes();
            long start = CPU.getCurrentThreadCpuTime();
            for (int i = 0; i < calls; i++) {
                sink += guest.handle(new Payload.Typed(request), services).hashCode();
            }
            nanos[round] = (CPU.getCurrentThreadCpuTime() - start) / (double) calls;
            bytes = (threads.getCurrentThreadAllocatedBytes() - allocated) / (double) calls;
        }
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%s: %.0f ns median, %.0f ns best, %.0f bytes allocated (%d)%n",
                file,
                nanos[ROUNDS / 2],
                nanos[0],
                bytes,
                sink % 10);
    }
}

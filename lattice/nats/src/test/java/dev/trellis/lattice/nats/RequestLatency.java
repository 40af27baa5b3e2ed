package dev.trellis.lattice.nats;

import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/** Measures request round trips: in process, over NATS, and with the bare NATS client. Run by hand. */
@SuppressWarnings({"SystemOut", "try"}) // try: jnats closes with an InterruptedException
public final class RequestLatency {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private interface Call {
        void run() throws Exception;
    }

    private RequestLatency() {}

    /** Starts a server, and prints median and rate of each way. */
    public static void main(String[] arguments) throws Exception {
        byte[] payload = new byte[100];
        try (InProcessLattice lattice = new InProcessLattice()) {
            LatticeTransport one = lattice.join();
            lattice.join().subscribe("echo", in -> in.reply(in.message().payload()));
            for (int concurrency : new int[] {1, 64}) {
                report("in-process", concurrency, 100_000, () -> one.request("echo", payload, TIMEOUT));
            }
        }
        Options options = new Options.Builder().dontForceFlushOnRequest().build();
        try (NatsServer server = NatsServer.start();
                NatsTransport client = NatsTransport.connect(NatsConfig.of(server.url(), "client"));
                NatsTransport service = NatsTransport.connect(NatsConfig.of(server.url(), "service"));
                Connection bare = Nats.connect(
                        new Options.Builder(options).server(server.url()).build());
                Connection bareService = Nats.connect(
                        new Options.Builder(options).server(server.url()).build())) {
            service.subscribe("echo", in -> in.reply(in.message().payload()));
            bareService
                    .createDispatcher(message -> bareService.publish(message.getReplyTo(), message.getData()))
                    .subscribe("bare");
            bareService.flush(TIMEOUT);
            for (int round = 0; round < 3; round++) {
                for (int concurrency : new int[] {1, 64}) {
                    int calls = concurrency == 1 ? 5_000 : 60_000;
                    report("bare jnats", concurrency, calls, () -> {
                        if (bare.request("bare", payload, TIMEOUT) == null) {
                            throw new IllegalStateException("no reply");
                        }
                    });
                    report("transport", concurrency, calls, () -> client.request("echo", payload, TIMEOUT));
                }
            }
        }
    }

    private static void report(String name, int concurrency, int calls, Call call) throws Exception {
        measure(concurrency, calls / 4, call);
        long start = System.nanoTime();
        long[] nanos = measure(concurrency, calls, call);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                "%-11s c=%-3d p50 %7.1f us  p99 %8.1f us  %8.0f/s%n",
                name,
                concurrency,
                nanos[nanos.length / 2] / 1e3,
                nanos[nanos.length * 99 / 100] / 1e3,
                nanos.length / seconds);
    }

    private static long[] measure(int concurrency, int calls, Call call) throws Exception {
        int each = calls / concurrency;
        long[] nanos = new long[each * concurrency];
        CountDownLatch done = new CountDownLatch(concurrency);
        for (int c = 0; c < concurrency; c++) {
            int first = c * each;
            Thread.startVirtualThread(() -> {
                try {
                    for (int i = 0; i < each; i++) {
                        long start = System.nanoTime();
                        call.run();
                        nanos[first + i] = System.nanoTime() - start;
                    }
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                } finally {
                    done.countDown();
                }
            });
        }
        done.await();
        Arrays.sort(nanos);
        return nanos;
    }
}

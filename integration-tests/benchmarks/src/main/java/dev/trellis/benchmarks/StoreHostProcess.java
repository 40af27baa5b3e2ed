package dev.trellis.benchmarks;

import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsTransport;
import java.nio.file.Path;

/** A host of the lattice on which nothing runs yet. Ends with its standard input. */
final class StoreHostProcess {
    static final String HOST = "NFAR";

    private StoreHostProcess() {}

    /** Arguments: URL of the NATS server; folder. */
    public static void main(String... arguments) throws Exception {
        var transport = NatsTransport.connect(NatsConfig.of(arguments[0], "bench-far"));
        var _ = BenchHost.start(HOST, Path.of(arguments[1]), transport);
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // until it ends
        }
        System.exit(0);
    }
}

package dev.trellis.benchmarks;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsTransport;
import io.nats.client.Nats;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/** The far end: a host with two actors, and what answers raw requests. Ends with its standard input. */
final class RemoteHostProcess {
    static final String RAW_SUBJECT = "bench.raw";
    static final String TRANSPORT_SUBJECT = "bench.transport";
    static final EntityId ECHO = new EntityId("bench-echo");
    static final EntityId TRIVIAL = new EntityId("bench-trivial");

    private static final int INSTANCES = 256;

    private RemoteHostProcess() {}

    /** Arguments: URL of the NATS server; folder; image of the echo sample; bytes of a raw reply. */
    public static void main(String... arguments) throws Exception {
        Path directory = Path.of(arguments[1]);
        byte[] reply = new byte[Integer.parseInt(arguments[3])];
        var raw = Nats.connect(RemoteCall.rawOptions(arguments[0]));
        raw.createDispatcher(message -> raw.publish(message.getReplyTo(), reply))
                .subscribe(RAW_SUBJECT);
        raw.flush(Duration.ofSeconds(5));
        NatsTransport transport = NatsTransport.connect(NatsConfig.of(arguments[0], "bench-far"));
        transport.subscribe(TRANSPORT_SUBJECT, message -> message.reply(reply));
        var host = BenchHost.start("NFAR", directory, transport);
        host.scale(ECHO, Path.of(arguments[2]), INSTANCES);
        host.scale(TRIVIAL, trivial(directory), INSTANCES);
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // until it ends
        }
        System.exit(0);
    }

    private static Path trivial(Path directory) throws Exception {
        try (var wasm = Objects.requireNonNull(RemoteHostProcess.class.getResourceAsStream("trivial.wasm"))) {
            return Files.write(directory.resolve("trivial.wasm"), wasm.readAllBytes());
        }
    }
}

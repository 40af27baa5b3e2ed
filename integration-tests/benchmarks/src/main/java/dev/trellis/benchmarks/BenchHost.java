package dev.trellis.benchmarks;

import dev.trellis.host.node.HostConfig;
import dev.trellis.host.node.TrellisHost;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.observability.telemetry.Telemetry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A host that benchmarks deploy to as a controller does: over the control interface. */
final class BenchHost implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Subjects SUBJECTS = Subjects.of(LatticeName.DEFAULT);

    private final LatticeTransport transport;
    private final TrellisHost host;

    private BenchHost(LatticeTransport transport, TrellisHost host) {
        this.transport = transport;
        this.host = host;
    }

    /** Starts a host; returns once it answers the control interface. */
    static BenchHost start(String id, Path directory, LatticeTransport transport) throws Exception {
        return start(id, directory, transport, Telemetry.off());
    }

    /** Starts a host that records its calls. */
    static BenchHost start(String id, Path directory, LatticeTransport transport, Telemetry telemetry)
            throws Exception {
        var config = HostConfig.of(
                LatticeName.DEFAULT, new HostId(id), id, Labels.NONE, directory.resolve(id), Map.of(), "benchmark");
        var started = new BenchHost(transport, TrellisHost.start(config, transport, telemetry));
        await("host " + id, () -> {
            try {
                started.control("host.get." + id, Map.of());
                return true;
            } catch (TransportException e) {
                return false;
            }
        });
        return started;
    }

    TrellisHost node() {
        return host;
    }

    /** Makes a request of the control interface that must succeed. */
    ControlReply<Object> control(String suffix, Object request) throws InterruptedException {
        byte[] reply = transport
                .request(SUBJECTS.control(suffix), WireJson.write(request), PATIENCE)
                .payload();
        ControlReply<Object> envelope = WireJson.readReply(reply, Object.class);
        if (!envelope.success()) {
            throw new IllegalStateException(suffix + " was refused: " + envelope.message());
        }
        return envelope;
    }

    /** Scales an actor on this host; returns once it takes calls. */
    void scale(EntityId actor, Path image, int instances) throws Exception {
        control(
                "component.scale." + host.config().id(),
                Map.of("component_ref", image.toUri().toString(), "component_id", actor.value(), "count", instances));
        await("actor " + actor, () -> host.runs(actor));
    }

    static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() - end > 0) {
                throw new TimeoutException(what + " was not there within " + PATIENCE.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    @Override
    public void close() {
        host.close();
    }
}

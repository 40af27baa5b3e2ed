package dev.trellis.benchmarks;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.transport.InProcessLattice;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** A host that does nothing with many actors. Takes lines: a number of actors to have, or {@code gc}. */
final class IdleHostProcess {
    private IdleHostProcess() {}

    /** Arguments: folder; image of the actor. */
    public static void main(String... arguments) throws Exception {
        var host = BenchHost.start("NIDLE", Path.of(arguments[0]), new InProcessLattice().join());
        Path image = Path.of(arguments[1]);
        System.out.println("ready");
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int actors = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.equals("gc")) {
                System.gc();
                System.out.println(
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
            } else {
                for (int wanted = Integer.parseInt(line); actors < wanted; actors++) {
                    var actor = new EntityId("bench-idle-" + actors);
                    host.scale(actor, image, 1);
                    var _ = host.node().invoker().invoke(call(actor));
                }
                System.out.println("called");
            }
        }
        System.exit(0);
    }

    private static Invocation call(EntityId actor) {
        return Invocation.first(
                new EntityId("bench-caller"),
                actor,
                LinkName.DEFAULT,
                Contracts.HTTP_SERVER.id(),
                "HandleRequest",
                new Payload.Typed(HttpRequest.newBuilder()
                        .setMethod("GET")
                        .setPath("/hello")
                        .setBody(ByteString.EMPTY)
                        .build()),
                Deadline.in(Duration.ofSeconds(10)),
                TraceContext.root());
    }
}

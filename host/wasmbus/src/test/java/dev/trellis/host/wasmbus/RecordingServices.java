package dev.trellis.host.wasmbus;

import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.TraceContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** Answers host calls as the test says, and remembers them. */
final class RecordingServices implements GuestServices {
    @FunctionalInterface
    interface Router {
        Payload call(Invocation parent, GuestCall call) throws InterruptedException;
    }

    final List<GuestCall> calls = Collections.synchronizedList(new ArrayList<>());
    final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final RandomGenerator random = new Random(1);
    private final Router router;

    RecordingServices(Router router) {
        this.router = router;
    }

    /** Nothing is linked. */
    RecordingServices() {
        this((_, call) -> {
            throw new InvocationException(
                    new InvocationFailure.NotLinked(call.namespace(), "no link of actor to it; add one"));
        });
    }

    @Override
    public Payload call(Invocation parent, GuestCall call) throws InterruptedException {
        calls.add(call);
        return router.call(parent, call);
    }

    @Override
    public void log(@Nullable TraceContext trace, Level level, String line) {
        lines.add(level + " " + line);
    }

    @Override
    public RandomGenerator random() {
        return random;
    }
}

package dev.trellis.benchmarks;

import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.TraceContext;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** For paths through guests that need nothing of the host. */
final class NoServices implements GuestServices {
    @Override
    public Payload call(Invocation parent, GuestCall call) {
        throw new IllegalStateException("this path of the guest makes no host calls, but it made " + call);
    }

    @Override
    public void log(@Nullable TraceContext trace, Level level, String line) {}

    @Override
    public RandomGenerator random() {
        return new SplittableRandom(1);
    }
}

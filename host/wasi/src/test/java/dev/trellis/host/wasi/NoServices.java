package dev.trellis.host.wasi;

import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.TraceContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** What a host does for an actor that has no links. Tests that need more override {@link #call}. */
class NoServices implements GuestServices {
    /** What guests log. */
    final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    public Payload call(Invocation parent, GuestCall call) throws InterruptedException {
        throw new InvocationException(new InvocationFailure.NotLinked(
                parent.target().value(), "has no link 'default' for contract " + call.namespace()));
    }

    @Override
    public void log(@Nullable TraceContext trace, Level level, String line) {
        lines.add(level + " " + line);
    }

    @Override
    public RandomGenerator random() {
        return RandomGenerator.getDefault();
    }
}

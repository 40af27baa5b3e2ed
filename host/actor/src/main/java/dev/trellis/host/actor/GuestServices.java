package dev.trellis.host.actor;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.TraceContext;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** What the host does for the actors it runs. Called on the guest's thread; safe for concurrent use. */
public interface GuestServices {
    /**
     * Finds the target of {@code call}, a provider or an actor, and makes the call on behalf of {@code parent}. Blocks
     * until the reply or the parent's deadline, which is that of the guest.
     *
     * @param parent the call that the guest is answering; its deadline is the earlier of the caller's and the guest's own
     * @return {@link Payload.Typed} exactly if the request is
     * @throws InvocationException with the reason if there is no reply; the guest is told, and may go on
     * @throws InterruptedException if the thread was interrupted: the guest's time is over, or the host stops
     */
    Payload call(Invocation parent, GuestCall call) throws InterruptedException;

    /**
     * Takes one line that the guest logs or prints. It holds no line breaks or other control characters, but a tab. Must
     * not block.
     *
     * @param trace of the call that the guest answers; null while it starts
     */
    void log(@Nullable TraceContext trace, Level level, String line);

    /** The config that the actor was given, as it is now. Values may be secret. */
    default Map<String, String> config() {
        return Map.of();
    }

    /** Where guests get random numbers and GUIDs from. */
    RandomGenerator random();
}

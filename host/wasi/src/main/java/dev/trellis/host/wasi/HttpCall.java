package dev.trellis.host.wasi;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.event.Level;

/** What the HTTP of one call of a guest has in common. Used by the guest's thread. */
final class HttpCall {
    /** Requests of one call that are under way at once; one more fails with {@code connection-limit-reached}. */
    static final int UNDERWAY_MAX = 64;

    private final HttpMemory memory = new HttpMemory();
    private final List<OutgoingCall> underway = new ArrayList<>(0);
    private boolean refusalLogged;

    HttpMemory memory() {
        return memory;
    }

    /** Whether one more request may be made now. */
    boolean mayStart() {
        if (underway.size() >= UNDERWAY_MAX) {
            underway.removeIf(OutgoingCall::over);
        }
        return underway.size() < UNDERWAY_MAX;
    }

    void started(OutgoingCall request) {
        underway.add(request);
    }

    /** Says once why requests do not go out, which guests may keep to themselves. */
    void logRefusal(WasiCall call, String reason) {
        if (!refusalLogged) {
            refusalLogged = true;
            call.log(Level.WARN, "an HTTP request was refused: " + reason);
        }
    }

    /** The guest has ended: nobody waits for its requests any more. */
    void end() {
        underway.forEach(OutgoingCall::giveUp);
        underway.clear();
    }
}

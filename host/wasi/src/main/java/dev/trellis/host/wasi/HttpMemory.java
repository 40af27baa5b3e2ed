package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.engine.GuestException;

/** Counts what the host holds for the HTTP of one call, beside streams with bounds of their own. Used by the guest's thread. */
final class HttpMemory {
    /** Bytes of fields, and of bodies that wait to be sent; more is a trap. */
    static final long BYTES_MAX = 16L << 20;

    private long held;

    static HttpMemory of(ComponentInstance instance) {
        return instance.attachment(WasiCall.class).http().memory();
    }

    void hold(long bytes) {
        if (held + bytes > BYTES_MAX) {
            throw GuestException.trapped("HTTP fields and bodies of one call take at most about " + BYTES_MAX
                    + " bytes in the host, these take more");
        }
        held += bytes;
    }

    void letGo(long bytes) {
        held -= bytes;
    }
}

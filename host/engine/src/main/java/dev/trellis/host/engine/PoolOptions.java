package dev.trellis.host.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a pool prepares and reuses instances.
 *
 * @param initExports functions without parameters, called in this order once, before the image of fresh state is taken;
 *     names that the module does not export as such are skipped. Typically {@code _initialize}, {@code _start},
 *     {@code wapc_init}
 * @param state what a call sees of the calls before it
 * @param initAttachment attachment during initialisation; null for none
 */
public record PoolOptions(
        List<String> initExports, State state, @Nullable Object initAttachment) {
    /** What a call sees of the calls before it. */
    public enum State {
        /** Nothing: every borrowed instance starts from the image taken after initialisation. */
        FRESH,
        /** Everything: one instance, calls one after the other; after a failure it starts again from the image. */
        SHARED
    }

    public static final PoolOptions DEFAULTS = new PoolOptions(List.of(), State.FRESH, null);

    public PoolOptions {
        initExports = List.copyOf(initExports);
    }

    public PoolOptions withInitExports(String... exports) {
        return new PoolOptions(List.of(exports), state, initAttachment);
    }

    public PoolOptions withState(State newState) {
        return new PoolOptions(initExports, newState, initAttachment);
    }

    public PoolOptions withInitAttachment(Object attachment) {
        return new PoolOptions(initExports, state, attachment);
    }
}

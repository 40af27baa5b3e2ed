package dev.trellis.host.component;

import dev.trellis.host.engine.GuestException;
import org.jspecify.annotations.Nullable;

/** One call of a lifted function, from its start to its result. */
final class ComponentTask {
    /** What becomes of the result of a function that gives it by calling {@code task.return}. */
    interface Resolution {
        /** Hands the result to the caller. */
        void resolve(GuestSide from, Codec.Passed result) throws InterruptedException;
    }

    final @Nullable LiftedFunction function;
    private final @Nullable Resolution resolution;

    /** Borrowed handles that were made for this call and are still in the table. */
    int borrows;

    boolean resolved;
    long context0;
    long context1;

    /** Of a function that returns its result. */
    ComponentTask() {
        this.function = null;
        this.resolution = null;
    }

    ComponentTask(LiftedFunction function, Resolution resolution) {
        this.function = function;
        this.resolution = resolution;
    }

    /** The result was given. */
    void resolve() {
        if (borrows > 0) {
            throw GuestException.trapped("borrow handles still remain at the end of the call: " + borrows);
        }
        resolved = true;
    }

    Resolution resolution() {
        Resolution known = resolution;
        if (known == null) {
            throw GuestException.trapped("task.return is for functions that are lifted with 'async', this was not");
        }
        return known;
    }
}

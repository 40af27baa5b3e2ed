package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import org.jspecify.annotations.Nullable;

/** The compiled functions of one instance, and the way back from the runtime's instance to its {@link GuestInstance}. */
final class GuestMachine implements Machine {
    private final Machine compiled;
    private @Nullable GuestInstance guest;

    GuestMachine(Machine compiled) {
        this.compiled = compiled;
    }

    @Override
    public long[] call(int function, long[] args) {
        return compiled.call(function, args);
    }

    void belongsTo(GuestInstance owner) {
        guest = owner;
    }

    static GuestInstance guestOf(Instance instance) {
        if (instance.getMachine() instanceof GuestMachine machine && machine.guest != null) {
            return machine.guest;
        }
        throw new IllegalStateException("an instance of another engine called a host function of this one");
    }
}

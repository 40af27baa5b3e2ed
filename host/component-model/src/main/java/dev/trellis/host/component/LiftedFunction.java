package dev.trellis.host.component;

import dev.trellis.host.engine.CoreFunction;
import dev.trellis.host.engine.GuestException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A core function of one frame that was made a component function, for calls by the host and by other frames. */
final class LiftedFunction implements LinkItem.Callee {
    private static final int CALLBACK_CODE = 0xf;
    private static final int CALLBACK_EXIT = 0;
    private static final int CALLBACK_YIELD = 1;
    private static final int CALLBACK_WAIT = 2;

    /** The core functions that it is made of. */
    record Parts(
            CoreReference core,
            @Nullable CoreReference postReturn,
            @Nullable CoreReference callback) {
        Parts map(UnaryOperator<CoreReference> to) {
            return new Parts(
                    to.apply(core),
                    postReturn == null ? null : to.apply(postReturn),
                    callback == null ? null : to.apply(callback));
        }
    }

    final int number;
    final int frame;
    final int side;
    final boolean async;
    final Parts parts;
    final FunctionType type;
    final RecordCodec params;
    final boolean spillsParams;
    final @Nullable Codec result;
    final boolean spillsResult;
    private final int paramSlots;
    private final int[] enteredFromHost;

    LiftedFunction(
            int number,
            int frame,
            int side,
            boolean async,
            Parts parts,
            FunctionType type,
            Codecs codecs,
            int[] entered) {
        this.number = number;
        this.frame = frame;
        this.side = side;
        this.async = async;
        this.parts = parts;
        this.type = type;
        this.params = codecs.parameters(type);
        this.spillsParams = Flattening.parametersThroughMemory(type, false);
        this.result = type.result().map(codecs::of).orElse(null);
        this.spillsResult = Flattening.resultThroughMemory(type, false);
        this.paramSlots = spillsParams ? 1 : params.slots;
        this.enteredFromHost = entered;
    }

    // ---- by the host

    @Nullable
    Object callFromHost(ComponentInstance instance, @Nullable Object[] args) throws InterruptedException {
        if (args.length != type.parameters().size()) {
            throw new IllegalArgumentException(
                    "the function takes " + type.parameters().size() + " arguments, was called with " + args.length);
        }
        instance.enter(enteredFromHost);
        GuestSide side = instance.side(this.side);
        @Nullable Object[] given = new @Nullable Object[1];
        ComponentTask task = async
                ? new ComponentTask(this, (from, passed) -> given[0] = toHost(from, passed))
                : new ComponentTask();
        ComponentTask before = instance.running;
        instance.running = task;
        side.lowerFor(task);
        long[] flat = new long[paramSlots];
        if (spillsParams) {
            int address = side.allocate(params.size, params.alignment);
            params.storeFields(side, args, address);
            flat[0] = address & GuestSide.U32;
        } else {
            params.lowerFields(side, args, flat, 0);
        }
        if (async) {
            runAsync(instance, task, flat);
        } else {
            long[] results = instance.callee(this).call(flat);
            long first = results.length == 0 ? 0 : results[0];
            given[0] = toHost(side, passed(results));
            task.resolve();
            afterReturn(instance, first);
        }
        instance.running = before;
        instance.leave(enteredFromHost);
        return given[0];
    }

    private @Nullable Object toHost(GuestSide from, Codec.Passed passed) {
        Codec codec = result;
        if (codec == null) {
            return null;
        }
        from.instance.beginLift();
        if (passed.inMemory()) {
            from.check(passed.address(), codec.size, codec.alignment, "result");
            return codec.load(from, passed.address());
        }
        return codec.lift(from, passed.flat(), 0);
    }

    // ---- by a guest

    /**
     * Passes parameters, calls, and passes the result.
     *
     * @param args the caller's core values
     * @param asyncLowered whether the caller gets the result through memory, and a state
     */
    long[] callFromGuest(ComponentInstance instance, GuestSide caller, long[] args, boolean asyncLowered, int[] entered)
            throws InterruptedException {
        instance.enter(entered);
        GuestSide side = instance.side(this.side);
        boolean spilled = Flattening.parametersThroughMemory(type, asyncLowered);
        int outAddress = args.length == 0 ? 0 : (int) args[args.length - 1];
        long[][] out = {NONE};
        ComponentTask task = async
                ? new ComponentTask(
                        this, (from, passed) -> out[0] = toGuest(from, passed, caller, asyncLowered, outAddress))
                : new ComponentTask();
        ComponentTask before = instance.running;
        instance.running = task;
        side.lowerFor(task);
        long[] flat = new long[paramSlots];
        if (spilled) {
            int address = (int) args[0];
            caller.check(address, params.size, params.alignment, "parameters");
            if (spillsParams) {
                int to = side.allocate(params.size, params.alignment);
                params.copy(caller, address, side, to);
                flat[0] = to & GuestSide.U32;
            } else {
                params.lowerFields(side, params.loadFields(caller, address), flat, 0);
            }
        } else {
            params.pass(caller, args, 0, side, flat, 0);
        }
        List<Handle> lent = caller.takeLent();
        if (async) {
            runAsync(instance, task, flat);
        } else {
            long[] results = instance.callee(this).call(flat);
            long first = results.length == 0 ? 0 : results[0];
            out[0] = toGuest(side, passed(results), caller, asyncLowered, outAddress);
            task.resolve();
            afterReturn(instance, first);
        }
        GuestSide.giveBack(lent);
        instance.running = before;
        instance.leave(entered);
        return out[0];
    }

    private long[] toGuest(GuestSide from, Codec.Passed passed, GuestSide to, boolean asyncLowered, int outAddress)
            throws InterruptedException {
        Codec codec = result;
        if (codec == null) {
            return asyncLowered ? RETURNED : NONE;
        }
        if (passed.inMemory()) {
            from.check(passed.address(), codec.size, codec.alignment, "result");
        }
        if (asyncLowered || spillsResult) {
            to.check(outAddress, codec.size, codec.alignment, "result");
            if (passed.inMemory()) {
                codec.copy(from, passed.address(), to, outAddress);
            } else {
                codec.store(to, codec.lift(from, passed.flat(), 0), outAddress);
            }
            return asyncLowered ? RETURNED : NONE;
        }
        long[] out = new long[1];
        if (passed.inMemory()) {
            codec.lower(to, codec.load(from, passed.address()), out, 0);
        } else {
            codec.pass(from, passed.flat(), 0, to, out, 0);
        }
        return out;
    }

    private static final long[] NONE = {};
    private static final long[] RETURNED = {2};

    // ---- the guest's part

    private Codec.Passed passed(long[] results) {
        return new Codec.Passed(results, spillsResult, results.length == 0 ? 0 : (int) results[0]);
    }

    private void afterReturn(ComponentInstance instance, long first) throws InterruptedException {
        if (parts.postReturn() == null) {
            return;
        }
        CoreFunction postReturn = instance.postReturn(this);
        FrameState state = instance.frame(frame);
        state.mayLeave = false;
        if (postReturn.signature().params().isEmpty()) {
            postReturn.call();
        } else {
            postReturn.call(first);
        }
        state.mayLeave = true;
    }

    /** Runs a function that gives its result through task.return, as long as it never has to wait for anything. */
    private void runAsync(ComponentInstance instance, ComponentTask task, long[] flat) throws InterruptedException {
        long[] results = instance.callee(this).call(flat);
        if (parts.callback() != null) {
            int packed = (int) results[0];
            while ((packed & CALLBACK_CODE) == CALLBACK_YIELD) {
                instance.worked(ComponentInstance.OBJECT_BYTES);
                packed = (int) instance.callback(this).call(0, 0, 0)[0];
            }
            switch (packed & CALLBACK_CODE) {
                case CALLBACK_EXIT -> {
                    // The task has ended.
                }
                case CALLBACK_WAIT ->
                    throw GuestException.trapped(
                            "waiting for events needs the asynchronous runtime, which is not supported yet");
                default ->
                    throw GuestException.trapped("unsupported callback code: " + (packed & CALLBACK_CODE)
                            + " is none of exit, yield and wait");
            }
        }
        if (!task.resolved) {
            throw GuestException.trapped(
                    "async-lifted export failed to produce a result: it ended without task.return");
        }
    }
}

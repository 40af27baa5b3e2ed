package dev.trellis.host.component;

import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.Signature;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A core function that a canonical definition makes. Shared by all instances of a linked component. */
abstract class CanonicalFunction {
    private static final long[] NONE = {};

    final Signature signature;
    final int frame;

    private CanonicalFunction(Signature signature, int frame) {
        this.signature = signature;
        this.frame = frame;
    }

    abstract long[] call(ComponentInstance instance, long[] args) throws InterruptedException;

    /** Whether the stack may end in it anywhere without harm to others than the instance. */
    boolean isLeaf() {
        return true;
    }

    /** Another one, once a number of core modules are instantiated. */
    static final class After extends CanonicalFunction {
        private final CanonicalFunction function;
        private final int cores;

        After(CanonicalFunction function, int cores) {
            super(function.signature, function.frame);
            this.function = function;
            this.cores = cores;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) throws InterruptedException {
            instance.checkInstantiated(cores);
            return function.call(instance, args);
        }

        @Override
        boolean isLeaf() {
            return function.isLeaf();
        }
    }

    /** A function of another frame, lowered. */
    static final class ToGuest extends CanonicalFunction {
        private final int side;
        private final LiftedFunction callee;
        private final boolean async;
        private final int[] entered;

        ToGuest(Signature signature, int frame, int side, LiftedFunction callee, boolean async, int[] entered) {
            super(signature, frame);
            this.side = side;
            this.callee = callee;
            this.async = async;
            this.entered = entered;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) throws InterruptedException {
            instance.frame(frame).checkMayLeave();
            return callee.callFromGuest(instance, instance.side(side), args, async, entered);
        }
    }

    /** A function of the host, lowered. */
    static final class ToHost extends CanonicalFunction {
        private final int side;
        private final LinkItem.HostCallee callee;
        private final boolean async;
        private final RecordCodec params;
        private final boolean spillsParams;
        private final @Nullable Codec result;
        private final boolean spillsResult;

        ToHost(
                Signature signature,
                int frame,
                int side,
                LinkItem.HostCallee callee,
                boolean async,
                FunctionType type,
                Codecs codecs) {
            super(signature, frame);
            this.side = side;
            this.callee = callee;
            this.async = async;
            this.params = codecs.parameters(type);
            this.spillsParams = Flattening.parametersThroughMemory(type, async);
            this.result = type.result().map(codecs::of).orElse(null);
            this.spillsResult = Flattening.resultThroughMemory(type, async);
        }

        @Override
        boolean isLeaf() {
            return callee.function().isLeaf();
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) throws InterruptedException {
            instance.frame(frame).checkMayLeave();
            GuestSide caller = instance.side(side);
            @Nullable Object[] values = params(instance, caller, args);
            var lent = caller.takeLent();
            Object value = callee.function().call(instance, values);
            long[] out = async ? new long[] {2} : NONE;
            Codec codec = result;
            if (codec != null) {
                try {
                    if (spillsResult) {
                        int address = (int) args[args.length - 1];
                        caller.check(address, codec.size, codec.alignment, "result");
                        codec.store(caller, value, address);
                    } else {
                        out = new long[1];
                        codec.lower(caller, value, out, 0);
                    }
                } catch (IllegalArgumentException e) {
                    throw new IllegalStateException(
                            "host function " + callee.name() + " gave a result of the wrong type", e);
                }
            }
            GuestSide.giveBack(lent);
            return out;
        }

        private @Nullable Object[] params(ComponentInstance instance, GuestSide caller, long[] args) {
            instance.beginLift();
            if (!spillsParams) {
                return params.liftFields(caller, args, 0);
            }
            caller.check((int) args[0], params.size, params.alignment, "parameters");
            return params.loadFields(caller, (int) args[0]);
        }
    }

    static final class ResourceNew extends CanonicalFunction {
        private final ResourceDefinition resource;

        ResourceNew(Signature signature, int frame, ResourceDefinition resource) {
            super(signature, frame);
            this.resource = resource;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) {
            FrameState state = instance.frame(frame);
            state.checkMayLeave();
            return new long[] {state.handles.add(Handle.own(resource, (int) args[0]))};
        }
    }

    static final class ResourceRep extends CanonicalFunction {
        private final ResourceDefinition resource;

        ResourceRep(Signature signature, int frame, ResourceDefinition resource) {
            super(signature, frame);
            this.resource = resource;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) {
            return new long[] {instance.frame(frame).handles.get((int) args[0], resource).rep & GuestSide.U32};
        }
    }

    static final class ResourceDrop extends CanonicalFunction {
        private final ResourceDefinition resource;
        private final int[] entered;

        /** @param entered the frames that running the destructor enters */
        ResourceDrop(Signature signature, int frame, ResourceDefinition resource, int[] entered) {
            super(signature, frame);
            this.resource = resource;
            this.entered = entered;
        }

        @Override
        boolean isLeaf() {
            return resource.host == null || resource.host.dropsNothing();
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) throws InterruptedException {
            FrameState state = instance.frame(frame);
            state.checkMayLeave();
            Handle handle = state.handles.remove((int) args[0], resource);
            ComponentTask scope = handle.scope;
            Object object = handle.object;
            if (scope != null) {
                scope.borrows--;
            } else if (object != null && resource.host != null) {
                resource.host.dropped(object);
            } else {
                instance.destroy(resource, handle.rep, entered);
            }
            return NONE;
        }
    }

    static final class ContextGet extends CanonicalFunction {
        private final int slot;

        ContextGet(Signature signature, int frame, int slot) {
            super(signature, frame);
            this.slot = slot;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) {
            ComponentTask task = instance.task();
            return new long[] {slot == 0 ? task.context0 : task.context1};
        }
    }

    static final class ContextSet extends CanonicalFunction {
        private final int slot;

        ContextSet(Signature signature, int frame, int slot) {
            super(signature, frame);
            this.slot = slot;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) {
            ComponentTask task = instance.task();
            if (slot == 0) {
                task.context0 = args[0];
            } else {
                task.context1 = args[0];
            }
            return NONE;
        }
    }

    static final class Backpressure extends CanonicalFunction {
        private static final int MAX = 1 << 16;
        private final int change;

        Backpressure(Signature signature, int frame, int change) {
            super(signature, frame);
            this.change = change;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) {
            FrameState state = instance.frame(frame);
            state.backpressure += change;
            if (state.backpressure < 0 || state.backpressure >= MAX) {
                throw GuestException.trapped("backpressure counter overflow: it is from 0 to " + (MAX - 1));
            }
            return NONE;
        }
    }

    /** Gives others a turn; there never are others. */
    static final class Yield extends CanonicalFunction {
        Yield(Signature signature, int frame) {
            super(signature, frame);
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) {
            instance.frame(frame).checkMayLeave();
            instance.worked(ComponentInstance.OBJECT_BYTES);
            return new long[1];
        }
    }

    static final class TaskReturn extends CanonicalFunction {
        private final int side;
        private final boolean spilled;
        /** Numbers of the lifted functions whose result it may give. */
        private final Set<Integer> allowed;

        TaskReturn(Signature signature, int frame, int side, boolean spilled, Set<Integer> allowed) {
            super(signature, frame);
            this.side = side;
            this.spilled = spilled;
            this.allowed = allowed;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) throws InterruptedException {
            instance.frame(frame).checkMayLeave();
            ComponentTask task = instance.task();
            ComponentTask.Resolution resolution = task.resolution();
            LiftedFunction function = task.function;
            if (function == null || !allowed.contains(function.number)) {
                throw GuestException.trapped(
                        "invalid task.return signature and/or options for current task: they are those of its function");
            }
            if (task.resolved) {
                throw GuestException.trapped("a task gives its result once, task.return was called again");
            }
            resolution.resolve(
                    instance.side(side), new Codec.Passed(args, spilled, args.length == 0 ? 0 : (int) args[0]));
            task.resolve();
            return NONE;
        }
    }

    /** A built-in of the asynchronous runtime. */
    static final class Unsupported extends CanonicalFunction {
        private final String name;

        Unsupported(Signature signature, int frame, String name) {
            super(signature, frame);
            this.name = name;
        }

        @Override
        long[] call(ComponentInstance instance, long[] args) {
            instance.frame(frame).checkMayLeave();
            throw GuestException.trapped(name + " needs the asynchronous runtime, which is not supported yet");
        }
    }
}

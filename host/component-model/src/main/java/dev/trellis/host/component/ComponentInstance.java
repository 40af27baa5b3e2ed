package dev.trellis.host.component;

import dev.trellis.host.component.LinkedComponent.Step;
import dev.trellis.host.engine.CoreFunction;
import dev.trellis.host.engine.CoreInstance;
import dev.trellis.host.engine.CoreItem;
import dev.trellis.host.engine.CoreMemory;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestStore;
import dev.trellis.host.engine.StoreImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An instance of a linked component. Used by one thread at a time; host functions that it calls may use it, but not call it.
 *
 * <p>Values are in Java as {@link ComponentImports} says.
 */
public final class ComponentInstance implements AutoCloseable {
    /** What an object of a value counts as, against {@link #LIFTED_BYTES_MAX}. */
    static final long OBJECT_BYTES = 32;

    /**
     * What the values that a guest passes to the host in one call may take there, about. Lists may overlap in guest memory,
     * so that little of it can stand for much.
     */
    public static final long LIFTED_BYTES_MAX = 256L << 20;

    /** Bytes that are passed between two looks at the clock. */
    private static final long WORK_BETWEEN_LOOKS = 1 << 20;

    private final LinkedComponent linked;
    private final GuestStore store;
    private final List<CoreInstance> cores;
    private final FrameState[] frames;
    private final @Nullable GuestSide[] sides;
    private final @Nullable CoreFunction[] canonicals;
    private final @Nullable CoreFunction[] callees;
    private final Set<GuestResource> open = new HashSet<>(0);
    private @Nullable ComponentPool pool;
    private @Nullable Object attachment;
    private boolean served;
    private boolean reused;
    private boolean closed;
    private long liftedBytes;
    private long work;

    /** The call under way; null in what has none: start functions, realloc. */
    @Nullable
    ComponentTask running;

    ComponentInstance(LinkedComponent linked, GuestStore store) {
        this.linked = linked;
        this.store = store;
        this.cores = new ArrayList<>(linked.steps().size());
        this.frames = new FrameState[linked.frames()];
        HandleTable.Total handles = new HandleTable.Total();
        for (int i = 0; i < frames.length; i++) {
            frames[i] = new FrameState(i, handles);
        }
        this.sides = new @Nullable GuestSide[linked.sides()];
        this.canonicals = new @Nullable CoreFunction[linked.canonicals()];
        this.callees = new @Nullable CoreFunction[linked.lifted()];
    }

    // ---- making

    /** Instantiates the core modules; their start functions run, unless the store is made from an image. */
    void initialise(@Nullable Object initAttachment) throws InterruptedException {
        attachment = initAttachment;
        store.beginInitialisation();
        boolean done = false;
        try {
            for (Step step : linked.steps()) {
                Map<GuestStore.ImportName, CoreItem> imports = new HashMap<>();
                for (Step.Import one : step.imports()) {
                    imports.put(one.name(), item(one.origin()));
                }
                cores.add(store.instantiate(step.module(), imports));
            }
            done = true;
        } finally {
            store.end();
            attachment = null;
            if (!done) {
                forget();
            }
        }
    }

    private CoreItem item(CoreReference reference) {
        return switch (reference) {
            case CoreReference.OfInstance(int instance, String name) ->
                cores.get(instance)
                        .export(name)
                        .orElseThrow(() -> new IllegalStateException("validation finds every export: " + name));
            case CoreReference.Canonical(int number) -> {
                CoreFunction function = canonicals[number];
                if (function == null) {
                    CanonicalFunction definition = linked.canonical(number);
                    function = definition.isLeaf()
                            ? store.leafHostFunction(definition.signature, args -> definition.call(this, args))
                            : store.hostFunction(definition.signature, args -> definition.call(this, args));
                    canonicals[number] = function;
                }
                yield function;
            }
        };
    }

    private CoreFunction function(CoreReference reference) {
        if (item(reference) instanceof CoreFunction function) {
            return function;
        }
        throw new IllegalStateException("validation lets only functions stand for functions: " + reference);
    }

    private CoreMemory memory(CoreReference reference) {
        if (item(reference) instanceof CoreMemory memory) {
            return memory;
        }
        throw new IllegalStateException("validation lets only memories stand for memories: " + reference);
    }

    // ---- calls

    /**
     * Calls an exported function.
     *
     * <p>After any exception but {@link IllegalArgumentException} for an unknown export the instance is broken: further calls
     * are refused, and {@link #close} discards it.
     *
     * @param args one per parameter; not kept. Resources that the function takes over are closed for the host
     * @return the result; null if the function has none
     * @throws GuestException if the guest ended without a result, or broke a rule of the canonical ABI
     * @throws InterruptedException if this thread was interrupted, not counting interrupts at the end of the budget
     * @throws IllegalArgumentException if an argument is not what the type asks for
     */
    public @Nullable Object call(ComponentExport export, @Nullable Object... args) throws InterruptedException {
        LiftedFunction function = export.function();
        if (closed || !linked.owns(export)) {
            throw new IllegalStateException(
                    closed
                            ? "a closed component instance cannot be called"
                            : "the function is of another component: " + export);
        }
        try {
            @Nullable Object[] result = store.run(() -> new @Nullable Object[] {function.callFromHost(this, args)});
            return result[0];
        } catch (Throwable e) {
            store.discard();
            throw e;
        }
    }

    /** As {@link #call(ComponentExport, Object...)}, by {@link LinkedComponent#export path}. */
    public @Nullable Object call(String path, @Nullable Object... args) throws InterruptedException {
        return call(
                linked.export(path)
                        .orElseThrow(
                                () -> new IllegalArgumentException("the component exports no function '" + path + "'")),
                args);
    }

    public LinkedComponent component() {
        return linked;
    }

    /** Allows calls until the next {@link #begin} or {@link #close}, all of them together for {@code budget}. */
    public void begin(Duration budget) {
        store.begin(budget);
    }

    /** The time left of the budget; negative once it is over. */
    public Duration timeLeft() {
        return store.timeLeft();
    }

    /**
     * For host functions that wait for others: the budget stands still meanwhile.
     *
     * @param untilNanos when {@code wait} ends by itself at the latest, by {@link System#nanoTime}: the end of the call too
     */
    public void await(long untilNanos, GuestStore.Wait wait) throws InterruptedException {
        store.await(untilNanos, wait);
    }

    /** Whether a call failed, so that nothing can be called any more. */
    public boolean broken() {
        return store.broken();
    }

    /** Whether this instance served another borrower of its pool before; for metrics. */
    public boolean reused() {
        return reused;
    }

    /**
     * What the borrower attached for its host functions.
     *
     * @throws IllegalStateException if nothing of this type is attached
     */
    public <T> T attachment(Class<T> type) {
        Object attached = attachment;
        if (!type.isInstance(attached)) {
            throw new IllegalStateException("a " + type.getName() + " must be attached to the component instance, was "
                    + (attached == null ? "nothing" : attached.getClass().getName()));
        }
        return type.cast(attached);
    }

    /** Replaces the attachment until {@link #close}. */
    public void attach(@Nullable Object newAttachment) {
        attachment = newAttachment;
    }

    /**
     * Ends the use of this instance: resources of the host that the guest still has are dropped, a pool gets it back.
     * Destructors of the guest's own resources do not run.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        store.end();
        dropHandles();
        attachment = null;
        ComponentPool owner = pool;
        if (owner == null) {
            store.close();
        } else {
            owner.giveBack(this);
        }
    }

    // ---- for the pool

    void lend(ComponentPool from, @Nullable Object newAttachment, Duration budget) {
        pool = from;
        attachment = newAttachment;
        reused = served;
        served = true;
        closed = false;
        store.begin(budget);
    }

    /** Whether guests and host hold no handles, so that the core state is all there is. */
    boolean holdsNothing() {
        for (FrameState frame : frames) {
            if (!frame.handles.isEmpty()) {
                return false;
            }
        }
        return open.isEmpty();
    }

    void forget() {
        dropHandles();
        store.close();
    }

    StoreImage takeImage() {
        return store.takeImage();
    }

    void restore(StoreImage image) {
        for (FrameState frame : frames) {
            frame.reset();
        }
        running = null;
        store.restore(image);
    }

    private void dropHandles() {
        for (GuestResource resource : List.copyOf(open)) {
            resource.forget();
        }
        for (FrameState frame : frames) {
            frame.handles.clear(handle -> {
                Object object = handle.object;
                if (object != null && handle.owns() && handle.resource.host != null) {
                    try {
                        handle.resource.host.dropped(object);
                    } catch (GuestException _) {
                        // The order in which a guest would have to drop things binds it only while it runs.
                    }
                }
            });
        }
    }

    // ---- for functions

    FrameState frame(int number) {
        return frames[number];
    }

    GuestSide side(int number) {
        GuestSide side = sides[number];
        if (side == null) {
            GuestSide.Definition definition = linked.side(number);
            CoreReference memory = definition.memory();
            CoreReference realloc = definition.realloc();
            side = new GuestSide(
                    this,
                    frames[definition.frame()],
                    definition.encoding(),
                    memory == null ? null : memory(memory),
                    realloc == null ? null : function(realloc));
            sides[number] = side;
        }
        return side;
    }

    CoreFunction callee(LiftedFunction function) {
        CoreFunction callee = callees[function.number];
        if (callee == null) {
            callee = function(linked.parts(function).core());
            callees[function.number] = callee;
        }
        return callee;
    }

    CoreFunction postReturn(LiftedFunction function) {
        return optional(linked.parts(function).postReturn());
    }

    CoreFunction callback(LiftedFunction function) {
        return optional(linked.parts(function).callback());
    }

    private CoreFunction optional(@Nullable CoreReference reference) {
        if (reference == null) {
            throw new IllegalStateException("the function has no such part");
        }
        return function(reference);
    }

    /** @throws GuestException if fewer core modules are instantiated */
    void checkInstantiated(int count) {
        if (cores.size() < count) {
            throw GuestException.trapped(
                    "uninitialized element: a function is called before the component provides it");
        }
    }

    /** The call under way. */
    ComponentTask task() {
        ComponentTask task = running;
        if (task == null) {
            task = new ComponentTask();
            running = task;
        }
        return task;
    }

    /** Marks frames as busy, of which none may be. */
    void enter(int[] entered) {
        for (int frame : entered) {
            if (!frames[frame].mayEnter) {
                throw GuestException.trapped("cannot enter component instance: a call of it is under way");
            }
        }
        for (int frame : entered) {
            frames[frame].mayEnter = false;
        }
    }

    void leave(int[] entered) {
        for (int frame : entered) {
            frames[frame].mayEnter = true;
        }
    }

    /** Runs the destructor of a resource of a guest. */
    void destroy(ResourceDefinition resource, int rep, int[] entered) throws InterruptedException {
        enter(entered);
        CoreReference destructor = linked.destructor(resource);
        if (destructor != null) {
            ComponentTask before = running;
            running = null;
            function(destructor).call(rep & GuestSide.U32);
            running = before;
        }
        leave(entered);
    }

    /** As {@link #destroy(ResourceDefinition, int, int[])}, for the host; nothing if the instance is broken or closed. */
    void destroy(ResourceDefinition resource, int rep) throws InterruptedException {
        if (closed || store.broken()) {
            return;
        }
        try {
            store.run(() -> {
                destroy(resource, rep, linked.enteredFromHost(resource.frame));
                return true;
            });
        } catch (Throwable e) {
            store.discard();
            throw e;
        }
    }

    GuestResource opened(ResourceDefinition resource, int rep) {
        GuestResource opened = GuestResource.owned(this, resource, rep);
        open.add(opened);
        return opened;
    }

    void closed(GuestResource resource) {
        open.remove(resource);
    }

    /** The values of one call are about to be lifted for the host. */
    void beginLift() {
        liftedBytes = 0;
    }

    /** Values of about this many bytes are about to be made in Java. */
    void lifted(long bytes) {
        liftedBytes += bytes;
        if (liftedBytes > LIFTED_BYTES_MAX) {
            throw GuestException.trapped("the values of one call take at most about " + LIFTED_BYTES_MAX
                    + " bytes in the host, these take more");
        }
    }

    /** About this many bytes are about to be copied. */
    void worked(long bytes) {
        work += bytes + OBJECT_BYTES;
        if (work > WORK_BETWEEN_LOOKS) {
            work = 0;
            store.checkTime();
        }
    }
}

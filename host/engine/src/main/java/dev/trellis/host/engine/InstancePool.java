package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.wasm.ChicoryException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Instances of one module with one set of host functions and limits. Safe for concurrent use. */
public final class InstancePool implements AutoCloseable {
    record ExportedFunction(int index, int params, boolean twoI32ToI32) {}

    private static final Signature TWO_I32_TO_I32 =
            new Signature(List.of(WasmType.I32, WasmType.I32), List.of(WasmType.I32));

    private final CompiledModule module;
    private final ImportValues imports;
    private final GuestLimits limits;
    private final Watchdog watchdog;
    private final Map<String, ExportedFunction> functions;
    private final InstanceState.Image image;
    private final @Nullable Semaphore sharedInstance;
    private final ConcurrentLinkedDeque<GuestInstance> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger idleCount = new AtomicInteger();
    private volatile boolean closed;

    InstancePool(
            CompiledModule module, ImportValues imports, GuestLimits limits, PoolOptions options, Watchdog watchdog)
            throws InterruptedException {
        this.module = module;
        this.imports = imports;
        this.limits = limits;
        this.watchdog = watchdog;
        this.functions = exportedFunctions(module);
        this.sharedInstance = options.state() == PoolOptions.State.SHARED ? new Semaphore(1, true) : null;
        GuestInstance first = buildFirst();
        this.image = initialise(first, options);
        keep(first);
    }

    /** Borrows with nothing attached and the whole time budget. */
    public GuestInstance borrow() throws InterruptedException {
        return borrow(null, limits.timeBudget());
    }

    /**
     * Borrows an instance: a pooled one if there is one, else a new one; its state is the image taken after
     * initialisation. A pool with {@link PoolOptions.State#SHARED} has one instance and waits for it.
     *
     * @param attachment what host functions find with {@link GuestInstance#attachment}; null for nothing
     * @param budget time that all calls together may take from now on; at most the limits' time budget counts
     * @throws GuestException with {@link GuestFailure.Busy} if the shared instance did not become free in that time
     * @throws InterruptedException if this thread was interrupted while it waited for the shared instance
     */
    public GuestInstance borrow(@Nullable Object attachment, Duration budget) throws InterruptedException {
        Duration granted = budget.compareTo(limits.timeBudget()) < 0 ? budget : limits.timeBudget();
        long deadline = System.nanoTime() + granted.toNanos();
        if (closed) {
            throw new IllegalStateException("the instance pool of module " + module.digest() + " is closed");
        }
        Semaphore shared = sharedInstance;
        if (shared != null && !shared.tryAcquire(granted.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new GuestException(new GuestFailure.Busy(granted), null);
        }
        GuestInstance instance = idle.pollFirst();
        if (instance == null) {
            try {
                instance = build(image);
            } catch (Throwable e) {
                if (shared != null) {
                    shared.release();
                }
                if (e instanceof OutOfMemoryError) {
                    throw new GuestException(new GuestFailure.HostMemoryExhausted(), e);
                }
                throw e;
            }
        } else {
            idleCount.decrementAndGet();
        }
        instance.lend(attachment, granted, deadline);
        return instance;
    }

    public CompiledModule module() {
        return module;
    }

    public GuestLimits limits() {
        return limits;
    }

    /** Whether the module exports a function of this name. */
    public boolean exportsFunction(String name) {
        return functions.containsKey(name);
    }

    /** Instances that wait for a borrower. */
    public int idleInstances() {
        return idleCount.get();
    }

    /** Drops idle instances; borrowed ones are dropped when they come back. Borrowing is refused from now on. */
    @Override
    public void close() {
        closed = true;
        for (GuestInstance instance = idle.pollFirst(); instance != null; instance = idle.pollFirst()) {
            idleCount.decrementAndGet();
            instance.forget();
        }
    }

    // For instances

    void giveBack(GuestInstance instance) {
        try {
            if (instance.broken()) {
                instance.forget();
                return;
            }
            if (sharedInstance == null) {
                instance.restore(image);
            }
            keep(instance);
        } finally {
            if (sharedInstance != null) {
                sharedInstance.release();
            }
        }
    }

    ExportedFunction function(String export) {
        ExportedFunction function = functions.get(export);
        if (function == null) {
            throw new IllegalArgumentException("module " + module.digest() + " exports no function '" + export + "'");
        }
        return function;
    }

    /** The innermost compiled function on the stack of {@code e}. */
    Optional<String> trappingFunction(Throwable e) {
        for (StackTraceElement frame : e.getStackTrace()) {
            if (frame.getClassName().startsWith(ModuleCompiler.MAIN_CLASS)
                    && frame.getMethodName().startsWith("func_")) {
                String index = frame.getMethodName().substring("func_".length());
                return Optional.of(module.functionName(Integer.parseInt(index)).orElse("function " + index));
            }
        }
        return Optional.empty();
    }

    // Building

    private void keep(GuestInstance instance) {
        int max = sharedInstance == null ? limits.idleInstancesMax() : 1;
        if (closed || idleCount.incrementAndGet() > max) {
            if (!closed) {
                idleCount.decrementAndGet();
            }
            instance.forget();
            return;
        }
        idle.addFirst(instance);
        if (closed) {
            close();
        }
    }

    private GuestInstance buildFirst() {
        try {
            return build(null);
        } catch (ChicoryException e) {
            // A segment outside its memory or table: the module traps while it is instantiated.
            throw new GuestException(new GuestFailure.Trapped(ModuleCompiler.message(e), Optional.empty()), e);
        }
    }

    private GuestInstance build(InstanceState.@Nullable Image from) {
        InstanceState state = InstanceState.build(
                module, imports, limits, new PageBudget(limits.memoryPagesMax()), StoreFunctions.alone(), from);
        GuestInstance guest = new GuestInstance(this, state, watchdog);
        ((GuestMachine) state.instance().getMachine()).belongsTo(guest);
        if (from != null) {
            guest.restore(from);
        }
        return guest;
    }

    private InstanceState.Image initialise(GuestInstance first, PoolOptions options) throws InterruptedException {
        boolean done = false;
        try {
            long deadline = System.nanoTime() + limits.startBudget().toNanos();
            first.lend(options.initAttachment(), limits.startBudget(), deadline);
            if (module.startFunction() >= 0) {
                first.invoke(module.startFunction(), new long[0]);
            }
            for (String export : options.initExports()) {
                ExportedFunction function = functions.get(export);
                if (function != null && function.params() == 0) {
                    first.initialise(function.index());
                }
            }
            first.endInitialisation();
            done = true;
            return first.takeImage();
        } finally {
            if (!done) {
                first.forget();
            }
        }
    }

    private static Map<String, ExportedFunction> exportedFunctions(CompiledModule module) {
        Map<String, ExportedFunction> functions = new HashMap<>();
        List<ModuleExport> exports = module.exports();
        for (int i = 0; i < exports.size(); i++) {
            ModuleExport export = exports.get(i);
            int index = module.module().exportSection().getExport(i).index();
            export.signature()
                    .ifPresent(signature -> functions.put(
                            export.name(),
                            new ExportedFunction(index, signature.params().size(), signature.equals(TWO_I32_TO_I32))));
        }
        return Map.copyOf(functions);
    }
}

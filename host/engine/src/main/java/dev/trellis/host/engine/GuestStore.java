package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.ImportFunction;
import com.dylibso.chicory.runtime.ImportGlobal;
import com.dylibso.chicory.runtime.ImportMemory;
import com.dylibso.chicory.runtime.ImportTable;
import com.dylibso.chicory.runtime.ImportTag;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.Import;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Instances that share memories, tables and functions, as those of one component do, with one set of limits and one
 * deadline. Used by one thread at a time.
 *
 * <p>A store is either made from nothing and then has the state that its modules' segments and start functions give it; or
 * from the {@link StoreImage} of another: then the same modules are instantiated in the same order, nothing of them runs, and
 * {@link #restore} gives it that state.
 */
public final class GuestStore implements AutoCloseable {
    /** Instances of one store. */
    public static final int INSTANCES_MAX = 1_000;

    /** The name that an import is asked for by. */
    public record ImportName(String module, String name) {
        @Override
        public String toString() {
            return module + "." + name;
        }
    }

    private final GuestLimits limits;
    private final @Nullable StoreImage from;
    private final PageBudget pages;
    private final CallGuard guard;
    private final List<CoreInstance> instances = new ArrayList<>();
    private final List<List<CoreFunction>> importedFunctions = new ArrayList<>();
    private final StoreFunctions functions = StoreFunctions.of(instances);

    GuestStore(GuestLimits limits, @Nullable StoreImage from, Watchdog watchdog) {
        this.limits = limits;
        this.from = from;
        this.pages = new PageBudget(limits.memoryPagesMax());
        this.guard = new CallGuard(watchdog, this::explain);
    }

    /** Whether this store is made from an image, so that nothing may run before {@link #restore}. */
    public boolean fromImage() {
        return from != null;
    }

    public GuestLimits limits() {
        return limits;
    }

    /**
     * Allows calls until {@link #end}, all of them together for {@code budget} and at most for the limits' time budget.
     * Instantiating counts as well: start functions run.
     */
    public void begin(Duration budget) {
        Duration granted = budget.compareTo(limits.timeBudget()) < 0 ? budget : limits.timeBudget();
        guard.lend(granted, System.nanoTime() + granted.toNanos());
    }

    /** Allows calls for the time that initialisation may take. */
    public void beginInitialisation() {
        guard.lend(
                limits.startBudget(), System.nanoTime() + limits.startBudget().toNanos());
    }

    /** Calls are refused from now on. */
    public void end() {
        guard.takeBack();
    }

    /** Whether a guest of this store ended without a result, so that nothing of it can be called any more. */
    public boolean broken() {
        return guard.broken();
    }

    /** Makes this store refuse all further calls. */
    public void discard() {
        guard.breakNow();
    }

    /** The time left of the budget; negative once it is over. */
    public Duration timeLeft() {
        return guard.timeLeft();
    }

    /** Host code that calls guests of one store. */
    @FunctionalInterface
    public interface Work<T extends @Nullable Object> {
        T run() throws InterruptedException;
    }

    /**
     * Runs {@code work} as one call: everything in it, the host's own part too, is under the store's deadline. Calls of the
     * store's functions cost less inside. After any exception the store is broken.
     *
     * @throws GuestException if a guest ended without a result, or the deadline passed or the stack ended in {@code work}
     * @throws InterruptedException if this thread was interrupted, not counting interrupts at the end of the budget
     */
    public <T extends @Nullable Object> T run(Work<T> work) throws InterruptedException {
        return guard.run(work);
    }

    /** Host code that waits for others. */
    @FunctionalInterface
    public interface Wait {
        void await() throws InterruptedException;
    }

    /**
     * Waits inside a call, while the guest's budget stands still.
     *
     * @param untilNanos when {@code wait} ends by itself at the latest, by {@link System#nanoTime}: the end of the call too
     */
    public void await(long untilNanos, Wait wait) throws InterruptedException {
        guard.await(untilNanos, wait);
    }

    /** Long host work inside a call asks this now and then: ends the call if its time is over or it was interrupted. */
    public void checkTime() {
        guard.checkInterrupt();
    }

    /** A function of the host that guests of this store may import. */
    public CoreFunction hostFunction(Signature signature, CoreFunction.Body body) {
        return new CoreFunction.OfHost(signature, body, false);
    }

    /**
     * As {@link #hostFunction}, without the check, about a microsecond, that 24 KiB of stack are left for it: for bodies
     * that may end with a {@link StackOverflowError} anywhere without harm, see {@link HostFunction#asLeaf}.
     */
    public CoreFunction leafHostFunction(Signature signature, CoreFunction.Body body) {
        return new CoreFunction.OfHost(signature, body, true);
    }

    /**
     * Adds an instance, applies its segments and runs its start function.
     *
     * @param imports at least what the module imports, of this store
     * @throws LinkException if an import is missing or of another kind or type, or a limit does not allow the instance
     * @throws GuestException if a segment does not fit or the start function failed
     * @throws InterruptedException if this thread was interrupted while the start function ran
     */
    public CoreInstance instantiate(CompiledModule module, Map<ImportName, ? extends CoreItem> imports)
            throws InterruptedException {
        int number = instances.size();
        if (number == INSTANCES_MAX) {
            throw new LinkException("module " + module.digest(), "a store has at most " + INSTANCES_MAX + " instances");
        }
        InstanceState.Image image = null;
        if (from != null) {
            if (number >= from.modules().size() || !from.modules().get(number).equals(module.digest())) {
                throw new IllegalStateException("instance " + number
                        + " must be of the module that the image has there, was " + module.digest());
            }
            image = from.instances().get(number);
        }
        Linker.tablesFit(module.module(), limits);
        List<CoreFunction> imported = new ArrayList<>();
        StoreFunctions own = functions.forInstance(number, imported);
        ImportValues values = link(module, imports, imported, own);
        CoreInstance instance;
        try {
            instance = new CoreInstance(
                    this, module, number, InstanceState.build(module, values, limits, pages, own, image), own);
        } catch (ChicoryException e) {
            guard.breakNow();
            // A segment outside its memory or table: the module traps while it is instantiated.
            throw new GuestException(new GuestFailure.Trapped(ModuleCompiler.message(e), Optional.empty()), e);
        }
        instances.add(instance);
        importedFunctions.add(imported);
        if (from == null && module.startFunction() >= 0) {
            guard.call(instance.machine(), module.startFunction(), new long[0]);
        }
        return instance;
    }

    /** What the guests of this store can change, as it is now. Calls of this store must have ended. */
    public StoreImage takeImage() {
        return new StoreImage(
                instances.stream().map(instance -> instance.module().digest()).toList(),
                instances.stream().map(instance -> instance.state().takeImage()).toList());
    }

    /** Gives the guests the state that {@code image} has, which is of this store or of the one it was made from. */
    public void restore(StoreImage image) {
        if (image.instances().size() != instances.size()) {
            throw new IllegalStateException(
                    "the image has " + image.instances().size() + " instances, the store " + instances.size());
        }
        for (int i = 0; i < instances.size(); i++) {
            instances.get(i).state().restore(image.instances().get(i));
        }
    }

    /** The store is never used again. */
    @Override
    public void close() {
        guard.forget();
    }

    CallGuard guard() {
        return guard;
    }

    CoreFunction importedFunction(CoreInstance instance, int number) {
        return importedFunctions.get(instance.number()).get(number);
    }

    private GuestFailure explain(String reason, Throwable e) {
        return instances.stream()
                .flatMap(instance -> instance.state().limitReached(reason).stream())
                .findFirst()
                .orElseGet(() -> new GuestFailure.Trapped(reason, Optional.empty()));
    }

    // Linking

    private ImportValues link(
            CompiledModule module,
            Map<ImportName, ? extends CoreItem> offered,
            List<CoreFunction> imported,
            StoreFunctions own) {
        ImportValues.Builder values = ImportValues.builder();
        List<ModuleImport> imports = module.imports();
        Set<ImportName> names = new HashSet<>();
        for (int i = 0; i < imports.size(); i++) {
            ModuleImport wanted = imports.get(i);
            Import declared = module.module().importSection().getImport(i);
            CoreItem item = offered.get(new ImportName(wanted.module(), wanted.name()));
            String subject = "import " + wanted.module() + "." + wanted.name();
            if (!names.add(new ImportName(wanted.module(), wanted.name()))) {
                throw new LinkException(subject, "a module of a store imports each name once");
            }
            if (item == null || item.kind() != wanted.kind()) {
                throw new LinkException(
                        subject,
                        "the module expects a " + wanted.kind() + ", there is "
                                + (item == null ? "nothing of this name" : "a " + item.kind()));
            }
            switch (item) {
                case CoreFunction function -> {
                    Signature signature = wanted.signature().orElseThrow();
                    if (!function.signature().equals(signature)) {
                        throw new LinkException(
                                subject,
                                "the module expects a function " + signature + ", there is " + function.signature());
                    }
                    imported.add(function);
                    values.addFunction(adapt(declared, module, i, function, own));
                }
                case CoreMemory memory ->
                    values.addMemory(new ImportMemory(
                            declared.module(), declared.name(), memory.memory().face()));
                case CoreTable table ->
                    values.addTable(new ImportTable(
                            declared.module(), declared.name(), table.table().face(own)));
                case CoreGlobal global -> {
                    if (global.global().getType().isReference()) {
                        throw new LinkException(subject, "globals that hold references cannot be imported");
                    }
                    values.addGlobal(new ImportGlobal(declared.module(), declared.name(), global.global()));
                }
                case CoreTag tag -> values.addTag(new ImportTag(declared.module(), declared.name(), tag.tag()));
            }
        }
        return values.build();
    }

    private ImportFunction adapt(
            Import declared, CompiledModule module, int number, CoreFunction function, StoreFunctions own) {
        FunctionType type = module.importedType(number);
        return switch (function) {
            case CoreFunction.OfHost host ->
                new ImportFunction(
                        declared.module(), declared.name(), type, (_, args) -> host.callFromGuest(guard, args));
            case CoreFunction.OfGuest guest
            when function.signature().passesReferences() ->
                new ImportFunction(declared.module(), declared.name(), type, (_, args) -> own.callForeign(guest, args));
            case CoreFunction.OfGuest guest ->
                new ImportFunction(declared.module(), declared.name(), type, (_, args) -> guest.callFromGuest(args));
        };
    }
}

package dev.trellis.host.component;

import dev.trellis.host.engine.CompiledModule;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.GuestStore;
import dev.trellis.host.engine.WasmEngine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A component together with everything it imports, ready to make instances. Immutable; safe for concurrent use.
 */
public final class LinkedComponent {
    /** A core module to instantiate. */
    record Step(CompiledModule module, List<Import> imports) {
        record Import(GuestStore.ImportName name, CoreReference origin) {}

        Step {
            imports = List.copyOf(imports);
        }
    }

    private final WasmEngine engine;
    private final ValidComponent component;
    private final List<Step> steps;
    private final CanonicalFunction[] canonicals;
    private final LiftedFunction.Parts[] parts;
    private final GuestSide.Definition[] sides;
    private final int frames;
    private final int[][] ancestry;
    private final @Nullable CoreReference[] destructors;
    private final Map<String, ComponentExport> exports;
    private final InterfaceNames exportNames;

    LinkedComponent(
            WasmEngine engine,
            ValidComponent component,
            ShimModules.Shortened plan,
            List<CanonicalFunction> canonicals,
            List<LiftedFunction> lifted,
            List<GuestSide.Definition> sides,
            int frames,
            int[][] ancestry,
            List<ResourceDefinition> resources,
            Map<String, LinkItem> exports) {
        this.engine = engine;
        this.component = component;
        this.steps = List.copyOf(plan.steps());
        this.canonicals = canonicals.toArray(CanonicalFunction[]::new);
        this.parts = lifted.stream().map(one -> one.parts.map(plan::now)).toArray(LiftedFunction.Parts[]::new);
        this.sides = sides.stream()
                .map(one -> new GuestSide.Definition(
                        one.frame(), one.encoding(), plan.nowIfAny(one.memory()), plan.nowIfAny(one.realloc())))
                .toArray(GuestSide.Definition[]::new);
        this.frames = frames;
        this.ancestry = ancestry;
        this.destructors =
                resources.stream().map(one -> plan.nowIfAny(one.destructor)).toArray(CoreReference[]::new);
        Map<String, ComponentExport> functions = new LinkedHashMap<>();
        List<String> interfaces = new ArrayList<>();
        exports.forEach((name, item) -> {
            interfaces.add(name);
            collect(name, item, functions);
        });
        this.exports = Collections.unmodifiableMap(functions);
        this.exportNames = new InterfaceNames(interfaces);
    }

    private static void collect(String path, LinkItem item, Map<String, ComponentExport> into) {
        switch (item) {
            // What the host offered and the component passes on is nothing to call in an instance.
            case LinkItem.Function(LiftedFunction function) -> into.put(path, new ComponentExport(path, function));
            case LinkItem.Instance(Map<String, LinkItem> exports) ->
                exports.forEach((name, export) -> collect(path + ComponentExport.SEPARATOR + name, export, into));
            case LinkItem.Function _, LinkItem.Module _, LinkItem.Type _, LinkItem.Component _ -> {
                // Nothing to call.
            }
        }
    }

    /**
     * Links a component: finds its imports, compiles its core modules, and works out how its instances are made.
     *
     * @throws ComponentLinkException if an import cannot be satisfied, with its name and the nearest one there is; or if
     *     the component needs what is not supported
     * @throws dev.trellis.host.engine.InvalidModuleException if a core module cannot be compiled within the engine's limits
     * @throws InterruptedException if this thread was interrupted while it waited for compilation
     */
    public static LinkedComponent link(ValidComponent component, WasmEngine engine, ComponentImports imports)
            throws InterruptedException {
        return ComponentLinker.link(component, engine, imports);
    }

    /**
     * What {@code imports} does not have of what a component imports, in its order; {@link #link} refuses the component with
     * the first and names the others. Nothing is compiled.
     */
    public static List<ComponentLinkException> unsatisfied(ValidComponent component, ComponentImports imports) {
        return HostImports.find(component, imports, resource -> new ResourceDefinition(0, resource))
                .problems();
    }

    public ValidComponent component() {
        return component;
    }

    /** The functions that can be called, by their paths: {@code run}, {@code wasi:cli/run@0.2.0#run}. */
    public Map<String, ComponentExport> exports() {
        return exports;
    }

    /**
     * The function at a path, or at the same path with the newest compatible version of the interface.
     *
     * @param path the name of a function, or that of an interface, {@code #}, and that of a function in it
     */
    public Optional<ComponentExport> export(String path) {
        ComponentExport exact = exports.get(path);
        int separator = path.indexOf(ComponentExport.SEPARATOR);
        if (exact != null || separator < 0) {
            return Optional.ofNullable(exact);
        }
        return exportNames
                .find(path.substring(0, separator))
                .map(name -> exports.get(name + path.substring(separator)));
    }

    /**
     * Makes an instance and runs its start functions, on this thread. It can be called for the limits' time budget from now,
     * or from the next {@link ComponentInstance#begin}.
     *
     * @param attachment what host functions find with {@link ComponentInstance#attachment}
     * @throws dev.trellis.host.engine.GuestException if a start function failed
     * @throws dev.trellis.host.engine.LinkException if a core module starts above {@code limits}
     */
    public ComponentInstance newInstance(GuestLimits limits, @Nullable Object attachment) throws InterruptedException {
        ComponentInstance instance = new ComponentInstance(this, engine.newStore(limits));
        instance.initialise(attachment);
        instance.attach(attachment);
        instance.begin(limits.timeBudget());
        return instance;
    }

    /**
     * Makes a pool of instances, and the first instance with it.
     *
     * @param initAttachment attachment while start functions run
     */
    public ComponentPool pool(GuestLimits limits, @Nullable Object initAttachment) throws InterruptedException {
        return poolWith(limits, () -> initAttachment);
    }

    /**
     * As {@link #pool}, where no two instances may be initialised with the same attachment.
     *
     * @param initAttachments makes the attachment of one instance; on any thread
     */
    public ComponentPool poolWith(GuestLimits limits, Supplier<? extends @Nullable Object> initAttachments)
            throws InterruptedException {
        return new ComponentPool(this, engine, limits, initAttachments);
    }

    // For instances

    @SuppressWarnings("ReferenceEquality") // exactly the object made here
    boolean owns(ComponentExport export) {
        return exports.get(export.path()) == export;
    }

    List<Step> steps() {
        return steps;
    }

    CanonicalFunction canonical(int number) {
        return canonicals[number];
    }

    int canonicals() {
        return canonicals.length;
    }

    int lifted() {
        return parts.length;
    }

    LiftedFunction.Parts parts(LiftedFunction function) {
        return parts[function.number];
    }

    int sides() {
        return sides.length;
    }

    GuestSide.Definition side(int number) {
        return sides[number];
    }

    int frames() {
        return frames;
    }

    /** The frame and those around it. */
    int[] enteredFromHost(int frame) {
        return ancestry[frame];
    }

    @Nullable
    CoreReference destructor(ResourceDefinition resource) {
        return destructors[resource.number];
    }
}

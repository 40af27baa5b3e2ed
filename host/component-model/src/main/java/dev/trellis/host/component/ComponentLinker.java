package dev.trellis.host.component;

import dev.trellis.host.component.Definition.SortIndex;
import dev.trellis.host.component.LinkedComponent.Step;
import dev.trellis.host.engine.CompiledModule;
import dev.trellis.host.engine.GuestStore;
import dev.trellis.host.engine.ModuleImport;
import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Works out once what instantiating a component does, so that instances need not. */
final class ComponentLinker {
    /*
     * The definitions of a component are evaluated in their order, and those of the components that it instantiates in
     * place, each time in a frame of its own. Nothing of that depends on a run: instances of components are names for
     * definitions, aliases lead to what they name, and which resource a type means is known in each frame. What is left are
     * the core modules to instantiate, in order, each with the origins of its imports, and functions with their adapters.
     */
    static final int FRAMES_MAX = 1_000;

    /** Definitions and types evaluated, those of a component counted again in each of its instances. */
    static final int DEFINITIONS_MAX = 1_000_000;

    /** One instance of a component within the linked one. */
    final class Frame {
        private final ValidComponent component;
        private final @Nullable Frame definedIn;
        private final int number;
        private final IdentityHashMap<Resource, ResourceDefinition> resources = new IdentityHashMap<>();
        private final Codecs codecs = new Codecs(type -> resource(type.identity()), ComponentLinker.this::steps);
        private final List<LinkItem.Module> modules = new ArrayList<>();
        private final List<Map<String, CoreReference>> coreInstances = new ArrayList<>();
        private final Map<Sort, List<CoreReference>> core = new HashMap<>();
        private final List<LinkItem.Function> functions = new ArrayList<>();
        private final List<LinkItem.Instance> instances = new ArrayList<>();
        private final List<LinkItem.Component> components = new ArrayList<>();
        private final Map<String, LinkItem> exports = new LinkedHashMap<>();
        private int types;
        private int nested;

        Frame(ValidComponent component, @Nullable Frame definedIn, int number) {
            this.component = component;
            this.definedIn = definedIn;
            this.number = number;
        }

        // ---- index spaces

        private List<CoreReference> core(Sort sort) {
            return core.computeIfAbsent(sort, _ -> new ArrayList<>());
        }

        private LinkItem item(SortIndex target) {
            int index = target.index();
            return switch (target.sort()) {
                case CORE_MODULE -> modules.get(index);
                case FUNCTION -> functions.get(index);
                case INSTANCE -> instances.get(index);
                case COMPONENT -> components.get(index);
                case TYPE ->
                    new LinkItem.Type(
                            component.types().get(index) instanceof ResourceType type
                                    ? resource(type.identity())
                                    : null);
                case VALUE, CORE_FUNCTION, CORE_TABLE, CORE_MEMORY, CORE_GLOBAL, CORE_TAG, CORE_TYPE, CORE_INSTANCE ->
                    throw new IllegalStateException("validation lets no component pass on a " + target.sort());
            };
        }

        private void add(LinkItem item) {
            switch (item) {
                case LinkItem.Module module -> modules.add(module);
                case LinkItem.Function function -> functions.add(function);
                case LinkItem.Type _ -> types++;
                case LinkItem.Instance instance -> instances.add(instance);
                case LinkItem.Component nestedComponent -> components.add(nestedComponent);
            }
        }

        private ResourceDefinition resource(Resource identity) {
            ResourceDefinition resource = resources.get(identity);
            if (resource == null) {
                throw new IllegalStateException(
                        "validation lets no type mention a resource before it is there: " + identity);
            }
            return resource;
        }

        private ResourceDefinition resourceType(int index) {
            if (component.types().get(index) instanceof ResourceType type) {
                return resource(type.identity());
            }
            throw new IllegalStateException("validation lets only resources be used as such");
        }

        /** Makes the resources that {@code type} speaks of be those that {@code item} brings. */
        private void bind(ExternType type, LinkItem item) {
            step();
            if (type instanceof ExternType.Type(ResourceType resource)
                    && item instanceof LinkItem.Type(ResourceDefinition definition)
                    && definition != null) {
                resources.putIfAbsent(resource.identity(), definition);
            } else if (type instanceof ExternType.Instance(InstanceType instance)
                    && item instanceof LinkItem.Instance(Map<String, LinkItem> given)) {
                bind(instance, given);
            }
        }

        private void bind(InstanceType type, Map<String, LinkItem> given) {
            type.exports().forEach((name, export) -> {
                LinkItem item = given.get(name);
                if (item != null) {
                    bind(export, item);
                }
            });
        }

        // ---- definitions

        void evaluate(Map<String, LinkItem> arguments) throws InterruptedException {
            for (Definition definition : component.source().definitions()) {
                step();
                evaluate(definition, arguments);
            }
        }

        private void evaluate(Definition definition, Map<String, LinkItem> arguments) throws InterruptedException {
            switch (definition) {
                case Definition.CoreModule(int offset, ByteSlice bytes) -> modules.add(new LinkItem.Module(bytes));
                case Definition.CoreInstantiate instantiate -> coreInstantiate(instantiate);
                case Definition.CoreExports(int offset, List<Definition.CoreExport> list) -> {
                    Map<String, CoreReference> bag = new HashMap<>();
                    list.forEach(one -> bag.put(
                            one.name(),
                            core(one.target().sort()).get(one.target().index())));
                    coreInstances.add(bag);
                }
                case Definition.CoreTypeDefinition _ -> {
                    // Types of modules matter to validation only.
                }
                case Definition.NestedComponent _ ->
                    components.add(new LinkItem.Component(component.nested().get(nested++), this));
                case Definition.Instantiate instantiate -> instantiate(instantiate);
                case Definition.InstanceExports(int offset, List<Definition.InlineExport> list) -> {
                    Map<String, LinkItem> bag = new LinkedHashMap<>();
                    list.forEach(one -> bag.put(one.name().name(), item(one.target())));
                    addInstance(bag);
                }
                case Definition.AliasExport alias -> add(exported(instances.get(alias.instance()), alias.name()));
                case Definition.AliasCoreExport alias -> {
                    CoreReference export = coreInstances.get(alias.instance()).get(alias.name());
                    core(alias.sort()).add(known(export));
                }
                case Definition.AliasOuter alias -> aliasOuter(alias);
                case Definition.TypeDefinition(int offset, TypeSyntax type) -> typeDefinition(type);
                case Definition.CanonDefinition(int offset, Canon canon) -> canon(canon, offset);
                case Definition.Import(int offset, Definition.NameSyntax name, ExternSyntax syntax) -> {
                    LinkItem item = arguments.get(name.name());
                    ExternType type = component.type().imports().get(name.name());
                    if (item == null || type == null) {
                        throw new IllegalStateException(
                                "validation finds every import, '" + name.name() + "' is missing");
                    }
                    bind(type, item);
                    add(item);
                }
                case Definition.Export export -> {
                    LinkItem item = item(export.target());
                    ExternType type =
                            component.type().exports().get(export.name().name());
                    if (type != null) {
                        bind(type, item);
                    }
                    exports.put(export.name().name(), item);
                    add(item);
                }
                case Definition.Start _, Definition.ExportDeclaration _, Definition.ValueDefinition _ ->
                    throw new IllegalStateException("validation lets none of these pass: " + definition);
            }
        }

        private void addInstance(Map<String, LinkItem> exported) {
            bind(component.instances().get(instances.size()), exported);
            instances.add(new LinkItem.Instance(exported));
        }

        private LinkItem exported(LinkItem.Instance instance, String name) {
            return known(instance.exports().get(name));
        }

        private void instantiate(Definition.Instantiate instantiate) throws InterruptedException {
            Map<String, LinkItem> arguments = new HashMap<>();
            instantiate.arguments().forEach(one -> arguments.put(one.name(), item(one.target())));
            LinkItem.Component callee = components.get(instantiate.component());
            Frame inner = newFrame(callee.component(), callee.definedIn(), number);
            inner.evaluate(arguments);
            addInstance(inner.exports);
        }

        private void coreInstantiate(Definition.CoreInstantiate instantiate) throws InterruptedException {
            CompiledModule module = compiled(modules.get(instantiate.module()).bytes());
            Map<String, Map<String, CoreReference>> arguments = new HashMap<>();
            instantiate.arguments().forEach(one -> arguments.put(one.name(), coreInstances.get(one.instance())));
            List<Step.Import> imports = new ArrayList<>();
            for (ModuleImport wanted : module.imports()) {
                step();
                Map<String, CoreReference> from = known(arguments.get(wanted.module()));
                imports.add(new Step.Import(
                        new GuestStore.ImportName(wanted.module(), wanted.name()), known(from.get(wanted.name()))));
            }
            if (steps.size() == GuestStore.INSTANCES_MAX) {
                throw new ComponentLinkException(
                        "component",
                        "it makes at most " + GuestStore.INSTANCES_MAX + " core instances, these are more");
            }
            int instance = steps.size();
            steps.add(new Step(module, imports));
            stepModules.add(modules.get(instantiate.module()).bytes());
            Map<String, CoreReference> exported = new HashMap<>();
            module.exports()
                    .forEach(one -> exported.put(one.name(), new CoreReference.OfInstance(instance, one.name())));
            coreInstances.add(exported);
        }

        private void aliasOuter(Definition.AliasOuter alias) {
            Frame target = this;
            for (int i = 0; i < alias.count(); i++) {
                target = known(target.definedIn);
            }
            switch (alias.sort()) {
                case CORE_MODULE -> modules.add(target.modules.get(alias.index()));
                case COMPONENT -> components.add(target.components.get(alias.index()));
                case TYPE -> types++;
                default -> {
                    // Core types matter to validation only.
                }
            }
        }

        private void typeDefinition(TypeSyntax syntax) {
            if (syntax instanceof TypeSyntax.Resource(int representation, Optional<Integer> destructor)
                    && component.types().get(types) instanceof ResourceType type) {
                ResourceDefinition defined = new ResourceDefinition(
                        definedResources.size(),
                        number,
                        destructor
                                .map(index -> core(Sort.CORE_FUNCTION).get(index))
                                .orElse(null));
                definedResources.add(defined);
                resources.put(type.identity(), defined);
            }
            types++;
        }

        // ---- canonical definitions

        private void canon(Canon canon, int offset) {
            if (canon instanceof Canon.Lift lift) {
                lift(lift, offset);
                return;
            }
            int index = core(Sort.CORE_FUNCTION).size();
            CanonicalFunction function =
                    canonical(canon, component.coreFunctions().get(index));
            core(Sort.CORE_FUNCTION).add(new CoreReference.Canonical(canonicals.size()));
            canonicals.add(function);
        }

        private CanonicalFunction canonical(Canon canon, Signature signature) {
            return switch (canon) {
                case Canon.Lift _ -> throw new IllegalStateException("lifting makes no core function");
                case Canon.Lower lower -> lower(lower, signature);
                case Canon.ResourceNew(int type) ->
                    new CanonicalFunction.ResourceNew(signature, number, resourceType(type));
                case Canon.ResourceRep(int type) ->
                    new CanonicalFunction.ResourceRep(signature, number, resourceType(type));
                case Canon.ResourceDrop(int type) -> {
                    ResourceDefinition resource = resourceType(type);
                    yield new CanonicalFunction.ResourceDrop(
                            signature,
                            number,
                            resource,
                            resource.ofHost() ? new int[0] : entered(resource.frame, number));
                }
                case Canon.ContextGet(var _, int slot) -> new CanonicalFunction.ContextGet(signature, number, slot);
                case Canon.ContextSet(var _, int slot) -> new CanonicalFunction.ContextSet(signature, number, slot);
                case Canon.Plain plain -> builtIn(plain.builtIn(), signature);
                case Canon.ThreadSwitch(Canon.Switch how, boolean cancellable)
                when how == Canon.Switch.YIELD -> new CanonicalFunction.Yield(signature, number);
                case Canon.ThreadSwitch _ -> unsupported(signature, "switching threads");
                case Canon.TaskReturn taskReturn -> taskReturn(taskReturn, signature);
                case Canon.SubtaskCancel _ -> unsupported(signature, "subtask.cancel");
                case Canon.ChannelNew(Canon.Channel channel, int type) ->
                    unsupported(signature, words(channel) + ".new");
                case Canon.ChannelCopy copy ->
                    unsupported(
                            signature, words(copy.channel()) + (copy.end() == Canon.End.READABLE ? ".read" : ".write"));
                case Canon.ChannelCancel cancel -> unsupported(signature, "cancelling a " + words(cancel.channel()));
                case Canon.ChannelDrop drop -> unsupported(signature, "dropping a " + words(drop.channel()));
                case Canon.ErrorContextNew _ -> unsupported(signature, "error-context.new");
                case Canon.ErrorContextDebugMessage _ -> unsupported(signature, "error-context.debug-message");
                case Canon.WaitableSetWait _ -> unsupported(signature, "waitable-set.wait");
                case Canon.WaitableSetPoll _ -> unsupported(signature, "waitable-set.poll");
                case Canon.ThreadNewIndirect _,
                        Canon.ThreadSpawnRef _,
                        Canon.ThreadSpawnIndirect _,
                        Canon.ThreadAvailableParallelism _ -> unsupported(signature, "making threads");
            };
        }

        private CanonicalFunction builtIn(Canon.BuiltIn builtIn, Signature signature) {
            return switch (builtIn) {
                case BACKPRESSURE_INC -> new CanonicalFunction.Backpressure(signature, number, 1);
                case BACKPRESSURE_DEC -> new CanonicalFunction.Backpressure(signature, number, -1);
                case TASK_CANCEL,
                        SUBTASK_DROP,
                        ERROR_CONTEXT_DROP,
                        WAITABLE_SET_NEW,
                        WAITABLE_SET_DROP,
                        WAITABLE_JOIN,
                        THREAD_INDEX,
                        THREAD_RESUME_LATER -> unsupported(signature, words(builtIn));
            };
        }

        private CanonicalFunction unsupported(Signature signature, String what) {
            return new CanonicalFunction.Unsupported(signature, number, what);
        }

        private void lift(Canon.Lift lift, int offset) {
            CanonOptions options = CanonOptions.of(lift.options());
            FunctionType type = component.functions().get(functions.size());
            List<CoreReference> core = core(Sort.CORE_FUNCTION);
            try {
                LiftedFunction function = new LiftedFunction(
                        lifted.size(),
                        number,
                        side(options),
                        options.async(),
                        new LiftedFunction.Parts(
                                core.get(lift.coreFunction()),
                                optional(core, options.postReturn()),
                                optional(core, options.callback())),
                        type,
                        codecs,
                        entered(number, OUTSIDE));
                lifted.add(function);
                functions.add(new LinkItem.Function(function));
            } catch (Codecs.UnsupportedTypeException e) {
                throw unsupported("the function lifted at byte " + offset, type, e);
            }
        }

        private CanonicalFunction lower(Canon.Lower lower, Signature signature) {
            CanonOptions options = CanonOptions.of(lower.options());
            FunctionType type = component.functions().get(lower.function());
            return switch (functions.get(lower.function()).callee()) {
                case LiftedFunction callee ->
                    new CanonicalFunction.ToGuest(
                            signature, number, side(options), callee, options.async(), entered(callee.frame, number));
                case LinkItem.HostCallee host -> {
                    try {
                        yield new CanonicalFunction.ToHost(
                                signature, number, side(options), host, options.async(), type, codecs);
                    } catch (Codecs.UnsupportedTypeException e) {
                        throw unsupported("function " + host.name(), type, e);
                    }
                }
            };
        }

        private ComponentLinkException unsupported(
                String subject, FunctionType type, Codecs.UnsupportedTypeException why) {
            return new ComponentLinkException(
                    subject,
                    "it takes or gives a " + why.getMessage()
                            + ", which needs the asynchronous runtime; that is not supported yet. Its parameters are "
                            + type.parameters().stream()
                                    .map(DefinedType.Field::label)
                                    .toList());
        }

        private CanonicalFunction taskReturn(Canon.TaskReturn taskReturn, Signature signature) {
            CanonOptions options = CanonOptions.of(taskReturn.options());
            Optional<ValueType> result = taskReturn.result().map(this::value);
            int side = side(options);
            Set<Integer> allowed = new HashSet<>();
            FunctionType asParameter = new FunctionType(
                    false,
                    result.map(one -> new DefinedType.Field("result", one)).stream()
                            .toList(),
                    Optional.empty());
            pendingReturns.add(new PendingReturn(this, result, options, allowed));
            return new CanonicalFunction.TaskReturn(
                    signature, number, side, Flattening.parametersThroughMemory(asParameter, false), allowed);
        }

        private ValueType value(TypeSyntax.Value syntax) {
            return switch (syntax) {
                case TypeSyntax.Primitive(PrimitiveType type) -> type;
                case TypeSyntax.Reference(int offset, int index) -> {
                    if (component.types().get(index) instanceof ValueType type) {
                        yield type;
                    }
                    throw new IllegalStateException("validation lets only value types be results");
                }
            };
        }

        private int side(CanonOptions options) {
            return sides.computeIfAbsent(
                    new GuestSide.Definition(
                            number,
                            options.encoding(),
                            optional(core(Sort.CORE_MEMORY), options.memory()),
                            optional(core(Sort.CORE_FUNCTION), options.realloc())),
                    _ -> sides.size());
        }
    }

    /** A task.return, until all functions of its frame are known. */
    private record PendingReturn(Frame frame, Optional<ValueType> result, CanonOptions options, Set<Integer> allowed) {}

    /** In place of the number of a frame: the host. */
    private static final int OUTSIDE = -1;

    private final WasmEngine engine;
    private final List<Step> steps = new ArrayList<>();
    private final List<ByteSlice> stepModules = new ArrayList<>();
    private final List<CanonicalFunction> canonicals = new ArrayList<>();
    private final List<LiftedFunction> lifted = new ArrayList<>();
    private final Map<GuestSide.Definition, Integer> sides = new LinkedHashMap<>();
    private final List<Integer> parents = new ArrayList<>();
    private final List<PendingReturn> pendingReturns = new ArrayList<>();
    private final IdentityHashMap<ByteSlice, CompiledModule> modules = new IdentityHashMap<>();
    private final IdentityHashMap<ComponentImports.Resource<?>, ResourceDefinition> hostResources =
            new IdentityHashMap<>();
    private final List<ResourceDefinition> definedResources = new ArrayList<>();
    private int evaluated;

    private ComponentLinker(WasmEngine engine) {
        this.engine = engine;
    }

    /**
     * @throws ComponentLinkException if an import cannot be satisfied, or what the component needs is not supported
     * @throws InterruptedException if this thread was interrupted while a core module was compiled
     */
    static LinkedComponent link(ValidComponent component, WasmEngine engine, ComponentImports imports)
            throws InterruptedException {
        ComponentLinker linker = new ComponentLinker(engine);
        HostImports found = HostImports.find(component, imports, linker::hostResource);
        if (!found.problems().isEmpty()) {
            throw ComponentLinkException.of(found.problems());
        }
        Frame root = linker.newFrame(component, null, OUTSIDE);
        root.evaluate(found.items());
        linker.pendingReturns.forEach(linker::resolveReturn);
        ShimModules.Shortened plan = ShimModules.takeOut(linker.steps, linker.stepModules, linker.canonicals);
        return new LinkedComponent(
                engine,
                component,
                plan,
                linker.canonicals,
                linker.lifted,
                List.copyOf(linker.sides.keySet()),
                linker.parents.size(),
                linker.ancestry(),
                linker.definedResources,
                root.exports);
    }

    private Frame newFrame(ValidComponent component, @Nullable Frame definedIn, int parent) {
        if (parents.size() == FRAMES_MAX) {
            throw new ComponentLinkException(
                    "component", "it makes at most " + FRAMES_MAX + " instances of components, these are more");
        }
        parents.add(parent);
        return new Frame(component, definedIn, parents.size() - 1);
    }

    private void step() {
        steps(1);
    }

    private void steps(int count) {
        evaluated += count;
        if (evaluated > DEFINITIONS_MAX) {
            throw new ComponentLinkException(
                    "component",
                    "its instances evaluate at most " + DEFINITIONS_MAX + " definitions in all, these are more");
        }
    }

    private CompiledModule compiled(ByteSlice bytes) throws InterruptedException {
        CompiledModule module = modules.get(bytes);
        if (module == null) {
            module = engine.load(bytes.toByteArray());
            modules.put(bytes, module);
        }
        return module;
    }

    // ---- frames

    /** The frames that become busy when {@code caller} calls {@code callee}: those around it that are not around the caller. */
    private int[] entered(int callee, int caller) {
        Set<Integer> around = new HashSet<>();
        for (int frame = caller; frame >= 0; frame = parents.get(frame)) {
            step();
            around.add(frame);
        }
        List<Integer> entered = new ArrayList<>();
        for (int frame = callee; frame >= 0; frame = parents.get(frame)) {
            step();
            if (!around.contains(frame)) {
                entered.add(frame);
            }
        }
        return entered.stream().mapToInt(Integer::intValue).toArray();
    }

    private int[][] ancestry() {
        return IntStream.range(0, parents.size())
                .mapToObj(frame -> entered(frame, OUTSIDE))
                .toArray(int[][]::new);
    }

    private ResourceDefinition hostResource(ComponentImports.Resource<?> resource) {
        return hostResources.computeIfAbsent(resource, one -> {
            ResourceDefinition defined = new ResourceDefinition(definedResources.size(), one);
            definedResources.add(defined);
            return defined;
        });
    }

    // ---- task.return

    /** Finds the functions that a task.return fits: their result and options are the same. */
    private void resolveReturn(PendingReturn pending) {
        Frame frame = pending.frame();
        for (LiftedFunction function : lifted) {
            if (function.frame == frame.number
                    && function.async
                    && equal(frame, pending.result(), function.type.result())) {
                GuestSide.Definition side = List.copyOf(sides.keySet()).get(function.side);
                CoreReference memory =
                        optional(frame.core(Sort.CORE_MEMORY), pending.options().memory());
                boolean sameMemory = memory == null ? side.memory() == null : memory.equals(side.memory());
                if (sameMemory && side.encoding() == pending.options().encoding()) {
                    pending.allowed().add(function.number);
                }
            }
        }
    }

    private boolean equal(Frame frame, Optional<ValueType> one, Optional<ValueType> other) {
        return one.isPresent() == other.isPresent() && (one.isEmpty() || equal(frame, one.get(), other.get()));
    }

    private boolean equal(Frame frame, ValueType one, ValueType other) {
        step();
        if (one == other) {
            return true;
        }
        if (!(one instanceof DefinedType left) || !(other instanceof DefinedType right)) {
            return false;
        }
        if (left.shape() instanceof DefinedType.Shape.Own(ResourceType a)
                && right.shape() instanceof DefinedType.Shape.Own(ResourceType b)) {
            return frame.resource(a.identity()) == frame.resource(b.identity());
        }
        if (!left.shape().getClass().equals(right.shape().getClass())
                || !left.layout().equals(right.layout())) {
            return false;
        }
        List<ValueType> leftParts = DefinedType.parts(left.shape()).toList();
        List<ValueType> rightParts = DefinedType.parts(right.shape()).toList();
        return leftParts.size() == rightParts.size()
                && labels(left.shape()).equals(labels(right.shape()))
                && IntStream.range(0, leftParts.size())
                        .allMatch(i -> equal(frame, leftParts.get(i), rightParts.get(i)));
    }

    private static List<String> labels(DefinedType.Shape shape) {
        return switch (shape) {
            case DefinedType.Shape.RecordOf(List<DefinedType.Field> fields) ->
                fields.stream().map(DefinedType.Field::label).toList();
            case DefinedType.Shape.Variant(List<DefinedType.Case> cases) ->
                cases.stream()
                        .map(one -> one.label() + (one.type().isPresent() ? "(" : ""))
                        .toList();
            case DefinedType.Shape.Flags(List<String> labels) -> labels;
            case DefinedType.Shape.Enumeration(List<String> labels) -> labels;
            case DefinedType.Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                List.of("ok" + ok.isPresent(), "error" + error.isPresent());
            default -> List.of();
        };
    }

    // ---- small things

    private static @Nullable CoreReference optional(List<CoreReference> space, OptionalInt index) {
        return index.isPresent() ? space.get(index.getAsInt()) : null;
    }

    private static <T> T known(@Nullable T found) {
        if (found == null) {
            throw new IllegalStateException("validation finds every name");
        }
        return found;
    }

    private static String words(Enum<?> name) {
        return name.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}

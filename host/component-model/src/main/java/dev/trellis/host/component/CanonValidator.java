package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.ValueType.Trait;
import dev.trellis.host.engine.ExternalType;
import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Checks canonical definitions and adds the functions that they define. */
final class CanonValidator {
    private static final WasmType I32 = WasmType.I32;
    private static final Signature REALLOC = new Signature(List.of(I32, I32, I32, I32), List.of(I32));
    private static final Signature CALLBACK = new Signature(List.of(I32, I32, I32), List.of(I32));
    private static final Signature THREAD = new Signature(List.of(I32), List.of());
    private static final int CONTEXT_SLOTS = 2;

    private final Scope scope;

    CanonValidator(Scope scope) {
        this.scope = scope;
    }

    void define(Canon canon, int offset) {
        switch (canon) {
            case Canon.Lift lift -> lift(lift, offset);
            case Canon.Lower lower -> lower(lower, offset);
            case Canon.ResourceNew(int type) -> {
                localResource(type, offset);
                coreFunction(List.of(I32), List.of(I32));
            }
            case Canon.ResourceRep(int type) -> {
                localResource(type, offset);
                coreFunction(List.of(I32), List.of(I32));
            }
            case Canon.ResourceDrop(int type) -> {
                resource(type, offset);
                coreFunction(List.of(I32), List.of());
            }
            case Canon.Plain(Canon.BuiltIn builtIn) -> coreFunction(builtIn.signature());
            case Canon.TaskReturn taskReturn -> taskReturn(taskReturn, offset);
            case Canon.ContextGet(WasmType type, int slot) -> {
                context(type, slot, offset);
                coreFunction(List.of(), List.of(I32));
            }
            case Canon.ContextSet(WasmType type, int slot) -> {
                context(type, slot, offset);
                coreFunction(List.of(I32), List.of());
            }
            case Canon.SubtaskCancel _ -> coreFunction(List.of(I32), List.of(I32));
            case Canon.ChannelNew(Canon.Channel channel, int type) -> {
                element(channel, type, offset);
                coreFunction(List.of(), List.of(WasmType.I64));
            }
            case Canon.ChannelCopy copy -> channelCopy(copy, offset);
            case Canon.ChannelCancel cancel -> {
                element(cancel.channel(), cancel.type(), offset);
                coreFunction(List.of(I32), List.of(I32));
            }
            case Canon.ChannelDrop drop -> {
                element(drop.channel(), drop.type(), offset);
                coreFunction(List.of(I32), List.of());
            }
            case Canon.ErrorContextNew(List<Canon.Option> list) -> {
                CanonOptions options = options(list, offset);
                only(options, false, false, "error-context.new", offset);
                require(options.memory(), "memory", "error-context.new", offset);
                coreFunction(List.of(I32, I32), List.of(I32));
            }
            case Canon.ErrorContextDebugMessage(List<Canon.Option> list) -> {
                CanonOptions options = options(list, offset);
                only(options, true, false, "error-context.debug-message", offset);
                require(options.memory(), "memory", "error-context.debug-message", offset);
                require(options.realloc(), "realloc", "error-context.debug-message", offset);
                coreFunction(List.of(I32, I32), List.of());
            }
            case Canon.WaitableSetWait wait -> {
                memory(wait.memory(), offset);
                coreFunction(List.of(I32, I32), List.of(I32));
            }
            case Canon.WaitableSetPoll poll -> {
                memory(poll.memory(), offset);
                coreFunction(List.of(I32, I32), List.of(I32));
            }
            case Canon.ThreadNewIndirect(int coreType, int table) -> {
                thread(coreType, table, offset);
                coreFunction(List.of(I32, I32), List.of(I32));
            }
            case Canon.ThreadSwitch threadSwitch ->
                coreFunction(threadSwitch.how().toAnother() ? List.of(I32) : List.of(), List.of(I32));
            case Canon.ThreadSpawnRef _, Canon.ThreadSpawnIndirect _, Canon.ThreadAvailableParallelism _ ->
                throw invalid(offset, "threads that share memory are not supported");
        }
    }

    private void lift(Canon.Lift lift, int offset) {
        CanonOptions options = options(lift.options(), offset);
        TypeEntity entity = scope.type(lift.type(), offset);
        if (!(entity instanceof FunctionType type)) {
            throw invalid(
                    offset,
                    "a core function is lifted to a function type, type " + lift.type() + " is " + Types.a(entity));
        }
        async(options, type, offset);
        if (options.callback().isPresent() && !options.async()) {
            throw invalid(offset, "canonical option 'callback' goes with 'async', which is not there");
        }
        Signature expected =
                Flattening.lifted(type, options.async(), options.callback().isPresent());
        Signature actual = coreFunction(lift.coreFunction(), offset);
        if (!actual.equals(expected)) {
            throw invalid(
                    offset,
                    "a core function that is lifted to this type has the signature " + expected + ", this has "
                            + actual);
        }
        if (options.callback().isPresent()) {
            signature(options.callback().getAsInt(), CALLBACK, "callback", offset);
        }
        if (options.postReturn().isPresent()) {
            if (options.async()) {
                throw invalid(offset, "canonical option 'post-return' does not go with 'async'");
            }
            signature(
                    options.postReturn().getAsInt(),
                    new Signature(expected.results(), List.of()),
                    "post-return",
                    offset);
        }
        boolean manyParameters = Flattening.parametersThroughMemory(type, false);
        boolean pointersIn = manyParameters || parametersHave(type, Trait.POINTER);
        boolean pointersOut = resultHas(type, Trait.POINTER)
                || (options.async() ? Flattening.result(type).isEmpty() : Flattening.resultThroughMemory(type, false));
        if (pointersIn || pointersOut) {
            require(options.memory(), "memory", "lifting a function of this type", offset);
        }
        if (pointersIn) {
            require(options.realloc(), "realloc", "lifting a function with these parameters", offset);
        }
        scope.functions.add(type);
    }

    private void lower(Canon.Lower lower, int offset) {
        CanonOptions options = options(lower.options(), offset);
        FunctionType type = Scope.get(scope.functions, lower.function(), offset, Sort.FUNCTION);
        async(options, type, offset);
        if (options.postReturn().isPresent() || options.callback().isPresent()) {
            throw invalid(
                    offset, "canonical options 'post-return' and 'callback' are for lifting, this lowers a function");
        }
        boolean pointersIn =
                parametersHave(type, Trait.POINTER) || Flattening.parametersThroughMemory(type, options.async());
        boolean pointersOut = resultHas(type, Trait.POINTER);
        if (pointersIn || pointersOut || Flattening.resultThroughMemory(type, options.async())) {
            require(options.memory(), "memory", "lowering a function of this type", offset);
        }
        if (pointersOut) {
            require(options.realloc(), "realloc", "lowering a function with this result", offset);
        }
        coreFunction(Flattening.lowered(type, options.async()));
    }

    private void taskReturn(Canon.TaskReturn taskReturn, int offset) {
        CanonOptions options = options(taskReturn.options(), offset);
        only(options, false, false, "task.return", offset);
        Optional<ValueType> result = taskReturn.result().map(this::value);
        if (result.isPresent() && result.get().has(Trait.BORROW)) {
            throw invalid(offset, "a function's result contains no borrowed handle, this does");
        }
        FunctionType type = new FunctionType(
                false,
                result.map(value -> new DefinedType.Field("result", value)).stream()
                        .toList(),
                Optional.empty());
        if (parametersHave(type, Trait.POINTER) || Flattening.parametersThroughMemory(type, false)) {
            require(options.memory(), "memory", "task.return of this type", offset);
        }
        coreFunction(Flattening.lowered(type, false));
    }

    private void channelCopy(Canon.ChannelCopy copy, int offset) {
        CanonOptions options = options(copy.options(), offset);
        boolean reads = copy.end() == Canon.End.READABLE;
        String what = (copy.channel() == Canon.Channel.STREAM ? "stream." : "future.") + (reads ? "read" : "write");
        only(options, true, true, what, offset);
        Optional<ValueType> element = element(copy.channel(), copy.type(), offset);
        if (element.isPresent()) {
            require(options.memory(), "memory", what + " of values", offset);
            if (reads && element.get().has(Trait.POINTER)) {
                require(options.realloc(), "realloc", what + " of values with strings or lists", offset);
            }
        }
        coreFunction(copy.channel() == Canon.Channel.STREAM ? List.of(I32, I32, I32) : List.of(I32, I32), List.of(I32));
    }

    // ---- options

    private CanonOptions options(List<Canon.Option> list, int offset) {
        CanonOptions options = CanonOptions.of(list);
        if (options.memory().isPresent()) {
            memory(options.memory().getAsInt(), offset);
        }
        if (options.realloc().isPresent()) {
            require(options.memory(), "memory", "canonical option 'realloc'", offset);
            signature(options.realloc().getAsInt(), REALLOC, "realloc", offset);
        }
        return options;
    }

    private static void async(CanonOptions options, FunctionType type, int offset) {
        if (options.async() && !type.async()) {
            throw invalid(offset, "canonical option 'async' goes with functions of async type, this is not");
        }
    }

    /** Refuses the options that a built-in does not know. */
    private static void only(CanonOptions options, boolean realloc, boolean async, String what, int offset) {
        if (options.postReturn().isPresent()
                || options.callback().isPresent()
                || (options.async() && !async)
                || (options.realloc().isPresent() && !realloc)) {
            throw invalid(
                    offset,
                    "the canonical options of " + what + " are 'memory', 'string-encoding'"
                            + (realloc ? ", 'realloc'" : "") + (async ? ", 'async'" : "") + "; there are others");
        }
    }

    private static void require(OptionalInt option, String name, String what, int offset) {
        if (option.isEmpty()) {
            throw invalid(offset, what + " needs canonical option '" + name + "', which is not there");
        }
    }

    private void memory(int index, int offset) {
        Scope.get(scope.coreMemories, index, offset, Sort.CORE_MEMORY);
    }

    private void signature(int function, Signature expected, String option, int offset) {
        Signature actual = coreFunction(function, offset);
        if (!actual.equals(expected)) {
            throw invalid(
                    offset, "canonical option '" + option + "' is a core function " + expected + ", this is " + actual);
        }
    }

    // ---- types

    private Signature coreFunction(int index, int offset) {
        ExternalType function = Scope.get(scope.coreFunctions, index, offset, Sort.CORE_FUNCTION);
        if (function instanceof ExternalType.Function(Signature signature)) {
            return signature;
        }
        throw new IllegalStateException("core function " + index + " is " + function);
    }

    private void coreFunction(List<WasmType> params, List<WasmType> results) {
        coreFunction(new Signature(params, results));
    }

    private void coreFunction(Signature signature) {
        scope.coreFunctions.add(new ExternalType.Function(signature));
    }

    private static boolean parametersHave(FunctionType type, Trait trait) {
        return type.parameters().stream().anyMatch(parameter -> parameter.type().has(trait));
    }

    private static boolean resultHas(FunctionType type, Trait trait) {
        return type.result().filter(result -> result.has(trait)).isPresent();
    }

    private ValueType value(TypeSyntax.Value syntax) {
        return switch (syntax) {
            case TypeSyntax.Primitive(PrimitiveType type) -> type;
            case TypeSyntax.Reference(int offset, int index) -> {
                TypeEntity type = scope.type(index, offset);
                if (type instanceof ValueType value) {
                    yield value;
                }
                throw invalid(offset, "type " + index + " is a value type, this is " + Types.a(type));
            }
        };
    }

    private ResourceType resource(int index, int offset) {
        TypeEntity type = scope.type(index, offset);
        if (type instanceof ResourceType resource) {
            return resource;
        }
        throw invalid(offset, "type " + index + " is a resource type, this is " + Types.a(type));
    }

    private void localResource(int index, int offset) {
        if (!scope.local.contains(resource(index, offset).identity())) {
            throw invalid(
                    offset,
                    "resources are made and looked into by the component that defines them, type " + index
                            + " is of another one");
        }
    }

    /** What a stream or future type carries. */
    private Optional<ValueType> element(Canon.Channel channel, int index, int offset) {
        TypeEntity type = scope.type(index, offset);
        if (type instanceof DefinedType defined) {
            if (channel == Canon.Channel.STREAM
                    && defined.shape() instanceof Shape.StreamOf(Optional<ValueType> element)) {
                return element;
            }
            if (channel == Canon.Channel.FUTURE
                    && defined.shape() instanceof Shape.FutureOf(Optional<ValueType> element)) {
                return element;
            }
        }
        throw invalid(
                offset,
                "type " + index + " is a " + (channel == Canon.Channel.STREAM ? "stream" : "future") + " type, this is "
                        + Types.a(type));
    }

    private static void context(WasmType type, int slot, int offset) {
        if (type != I32) {
            throw invalid(offset, "the context of a thread holds i32, this is " + type);
        }
        if (slot >= CONTEXT_SLOTS) {
            throw invalid(offset, "the context of a thread has " + CONTEXT_SLOTS + " slots, this is slot " + slot);
        }
    }

    private void thread(int coreType, int table, int offset) {
        ValidComponent.CoreType type = Scope.get(scope.coreTypes, coreType, offset, Sort.CORE_TYPE);
        if (!type.equals(new ValidComponent.CoreType.Function(THREAD))) {
            throw invalid(
                    offset, "a thread starts with a function " + THREAD + ", core type " + coreType + " is another");
        }
        ExternalType entries = Scope.get(scope.coreTables, table, offset, Sort.CORE_TABLE);
        if (!(entries instanceof ExternalType.Table functions) || functions.element() != WasmType.FUNCREF) {
            throw invalid(
                    offset,
                    "a thread starts with a function of a table of funcref, this is " + TypeMatcher.describe(entries));
        }
    }
}

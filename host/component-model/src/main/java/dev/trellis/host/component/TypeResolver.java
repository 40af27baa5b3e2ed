package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.engine.ExternalType;
import dev.trellis.host.engine.ModuleOutline;
import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes types of type definitions: references become the types they stand for, and the rules about types are checked. */
final class TypeResolver {
    static final int FLAGS_MAX = 32;
    /** As of core functions. Far more than any language binding makes; measuring a function looks at each. */
    static final int PARAMETERS_MAX = 1_000;

    private static final int I32 = 0x7f;
    private static final Signature DESTRUCTOR = new Signature(List.of(WasmType.I32), List.of());

    /** Resolves a component or instance type, which is a scope of its own. */
    interface NestedTypes {
        TypeEntity resolve(Scope.Kind kind, List<Definition> declarations);
    }

    private final Scope scope;
    private final Budget budget;
    private final NestedTypes nested;

    TypeResolver(Scope scope, Budget budget, NestedTypes nested) {
        this.scope = scope;
        this.budget = budget;
        this.nested = nested;
    }

    TypeEntity define(TypeSyntax syntax, int offset) {
        return bounded(
                switch (syntax) {
                    case TypeSyntax.Value value -> value(value);
                    case TypeSyntax.Function function -> function(function, offset);
                    case TypeSyntax.Resource resource -> resource(resource, offset);
                    case TypeSyntax.ComponentOf component ->
                        nested.resolve(Scope.Kind.COMPONENT_TYPE, component.declarations());
                    case TypeSyntax.InstanceOf instance ->
                        nested.resolve(Scope.Kind.INSTANCE_TYPE, instance.declarations());
                    case TypeSyntax.RecordOf _,
                            TypeSyntax.Variant _,
                            TypeSyntax.ListOf _,
                            TypeSyntax.FixedListOf _,
                            TypeSyntax.Tuple _,
                            TypeSyntax.Flags _,
                            TypeSyntax.Enumeration _,
                            TypeSyntax.OptionOf _,
                            TypeSyntax.ResultOf _,
                            TypeSyntax.MapOf _,
                            TypeSyntax.Own _,
                            TypeSyntax.Borrow _,
                            TypeSyntax.StreamOf _,
                            TypeSyntax.FutureOf _ -> defined(syntax, offset);
                },
                offset);
    }

    private ValueType defined(TypeSyntax syntax, int offset) {
        DefinedType type = new DefinedType(shape(syntax, offset));
        if (type.layout().wideSize() >= Layout.SIZE_MAX) {
            throw invalid(
                    offset,
                    "a value takes less than " + Layout.SIZE_MAX + " bytes in memory, one of this type takes more");
        }
        return type;
    }

    private Shape shape(TypeSyntax syntax, int offset) {
        return switch (syntax) {
            case TypeSyntax.RecordOf(List<TypeSyntax.Field> fields) -> {
                notEmpty(fields, "a record", "field", offset);
                yield new Shape.RecordOf(fields("field", fields));
            }
            case TypeSyntax.Variant(List<TypeSyntax.Case> cases) -> {
                notEmpty(cases, "a variant", "case", offset);
                Set<String> taken = new HashSet<>();
                List<DefinedType.Case> resolved = new ArrayList<>();
                for (TypeSyntax.Case one : cases) {
                    label("case", one.label(), taken, one.offset());
                    resolved.add(new DefinedType.Case(one.label(), one.type().map(this::value)));
                }
                yield new Shape.Variant(resolved);
            }
            case TypeSyntax.ListOf(TypeSyntax.Value element) -> new Shape.ListOf(value(element));
            case TypeSyntax.FixedListOf(TypeSyntax.Value element, long length) -> {
                if (length == 0 || length >= Layout.SIZE_MAX) {
                    throw invalid(
                            offset,
                            "a fixed length of a list is from 1 to " + (Layout.SIZE_MAX - 1) + ", this is " + length);
                }
                yield new Shape.FixedListOf(value(element), (int) length);
            }
            case TypeSyntax.Tuple(List<TypeSyntax.Value> types) -> {
                notEmpty(types, "a tuple", "type", offset);
                yield new Shape.Tuple(types.stream().map(this::value).toList());
            }
            case TypeSyntax.Flags(List<String> labels) -> {
                if (labels.size() > FLAGS_MAX) {
                    throw invalid(offset, "flags have at most " + FLAGS_MAX + " labels, these have " + labels.size());
                }
                yield new Shape.Flags(labels("flags", labels, offset));
            }
            case TypeSyntax.Enumeration(List<String> labels) ->
                new Shape.Enumeration(labels("an enum", labels, offset));
            case TypeSyntax.OptionOf(TypeSyntax.Value type) -> new Shape.OptionOf(value(type));
            case TypeSyntax.ResultOf(Optional<TypeSyntax.Value> ok, Optional<TypeSyntax.Value> error) ->
                new Shape.ResultOf(ok.map(this::value), error.map(this::value));
            case TypeSyntax.MapOf(TypeSyntax.Value key, TypeSyntax.Value value) ->
                new Shape.MapOf(key(value(key), offset), value(value));
            case TypeSyntax.Own(int at, int index) -> new Shape.Own(resourceAt(index, at));
            case TypeSyntax.Borrow(int at, int index) -> new Shape.Borrow(resourceAt(index, at));
            case TypeSyntax.StreamOf(Optional<TypeSyntax.Value> element) -> {
                Optional<ValueType> type = carried(element, "stream", offset);
                if (type.isPresent() && type.get() == PrimitiveType.CHAR) {
                    throw invalid(offset, "a stream of char is not allowed by the specification yet");
                }
                yield new Shape.StreamOf(type);
            }
            case TypeSyntax.FutureOf(Optional<TypeSyntax.Value> element) ->
                new Shape.FutureOf(carried(element, "future", offset));
            case TypeSyntax.Value _,
                    TypeSyntax.Function _,
                    TypeSyntax.Resource _,
                    TypeSyntax.ComponentOf _,
                    TypeSyntax.InstanceOf _ -> throw new IllegalStateException("no shape: " + syntax);
        };
    }

    private Optional<ValueType> carried(Optional<TypeSyntax.Value> element, String what, int offset) {
        Optional<ValueType> type = element.map(this::value);
        if (type.isPresent() && type.get().has(ValueType.Trait.BORROW)) {
            throw invalid(offset, "a " + what + " carries no borrowed handle, the type of its elements contains one");
        }
        return type;
    }

    private static PrimitiveType key(ValueType type, int offset) {
        if (type instanceof PrimitiveType key) {
            switch (key) {
                case BOOL, S8, U8, S16, U16, S32, U32, S64, U64, CHAR, STRING -> {
                    return key;
                }
                case F32, F64, ERROR_CONTEXT -> {
                    // no keys, see below
                }
            }
        }
        throw invalid(offset, "the key of a map is a bool, an integer, a char or a string, this is " + Types.a(type));
    }

    private FunctionType function(TypeSyntax.Function function, int offset) {
        if (function.parameters().size() > PARAMETERS_MAX) {
            throw invalid(
                    offset,
                    "a function has at most " + PARAMETERS_MAX + " parameters, this has "
                            + function.parameters().size());
        }
        Optional<ValueType> result = function.result().map(this::value);
        if (result.isPresent() && result.get().has(ValueType.Trait.BORROW)) {
            throw invalid(offset, "a function's result contains no borrowed handle, this does");
        }
        return new FunctionType(function.async(), fields("parameter", function.parameters()), result);
    }

    private TypeEntity resource(TypeSyntax.Resource resource, int offset) {
        if (scope.kind != Scope.Kind.COMPONENT) {
            throw invalid(offset, "resources are defined by components, not within component and instance types");
        }
        if (resource.representation() != I32) {
            throw invalid(
                    offset,
                    "a resource is represented by an i32 (0x7f), this by "
                            + ComponentReader.hex(resource.representation()));
        }
        if (resource.destructor().isPresent()) {
            ExternalType destructor =
                    Scope.get(scope.coreFunctions, resource.destructor().get(), offset, Sort.CORE_FUNCTION);
            if (!destructor.equals(new ExternalType.Function(DESTRUCTOR))) {
                throw invalid(
                        offset,
                        "a destructor is a function " + DESTRUCTOR + ", this is " + TypeMatcher.describe(destructor));
            }
        }
        Resource identity = new Resource("the resource defined at byte " + offset);
        scope.local.add(identity);
        return new ResourceType(identity);
    }

    private ResourceType resourceAt(int index, int offset) {
        return expect(ResourceType.class, index, offset, "a resource type");
    }

    /** The type at {@code index}, which has to be of a kind. */
    <T extends TypeEntity> T expect(Class<T> kind, int index, int offset, String what) {
        TypeEntity type = scope.type(index, offset);
        if (!kind.isInstance(type)) {
            throw invalid(offset, "type " + index + " is " + what + ", this is " + Types.a(type));
        }
        return kind.cast(type);
    }

    ValueType value(TypeSyntax.Value syntax) {
        return switch (syntax) {
            case TypeSyntax.Primitive(PrimitiveType type) -> type;
            case TypeSyntax.Reference(int offset, int index) -> expect(ValueType.class, index, offset, "a value type");
        };
    }

    // ---- labels

    private List<DefinedType.Field> fields(String what, List<TypeSyntax.Field> fields) {
        Set<String> taken = new HashSet<>();
        List<DefinedType.Field> resolved = new ArrayList<>();
        for (TypeSyntax.Field field : fields) {
            label(what, field.label(), taken, field.offset());
            resolved.add(new DefinedType.Field(field.label(), value(field.type())));
        }
        return resolved;
    }

    private static List<String> labels(String what, List<String> labels, int offset) {
        notEmpty(labels, what, "label", offset);
        Set<String> taken = new HashSet<>();
        labels.forEach(label -> label("label", label, taken, offset));
        return labels;
    }

    private static void label(String what, String label, Set<String> taken, int offset) {
        if (!ExternName.isLabel(label)) {
            throw invalid(offset, what + " '" + label + "' is not in kebab case");
        }
        if (!taken.add(label.toLowerCase(Locale.ROOT))) {
            throw invalid(offset, what + " '" + label + "' is there twice, upper and lower case count as the same");
        }
    }

    private static void notEmpty(List<?> items, String what, String item, int offset) {
        if (items.isEmpty()) {
            throw invalid(offset, what + " has at least one " + item);
        }
    }

    // ---- core types

    ValidComponent.CoreType coreType(CoreTypeSyntax syntax, int offset) {
        return switch (syntax) {
            case CoreTypeSyntax.Function(Signature signature) -> new ValidComponent.CoreType.Function(signature);
            case CoreTypeSyntax.Module(List<CoreTypeSyntax.Declaration> declarations) -> {
                ModuleOutline outline = module(declarations);
                distinct(outline, offset);
                yield new ValidComponent.CoreType.Module(outline);
            }
        };
    }

    private ModuleOutline module(List<CoreTypeSyntax.Declaration> declarations) {
        List<Signature> types = new ArrayList<>();
        List<ModuleOutline.Import> imports = new ArrayList<>();
        List<ModuleOutline.Export> exports = new ArrayList<>();
        for (CoreTypeSyntax.Declaration declaration : declarations) {
            int offset = declaration.offset();
            switch (declaration) {
                case CoreTypeSyntax.Declaration.Type type -> types.add(signature(coreTypeOfModule(type), offset));
                case CoreTypeSyntax.Declaration.AliasOuter alias -> {
                    if (alias.count() == 0) {
                        types.add(Scope.get(types, alias.index(), offset, Sort.CORE_TYPE));
                    } else {
                        types.add(signature(outer(alias), offset));
                    }
                }
                case CoreTypeSyntax.Declaration.Import one ->
                    imports.add(
                            new ModuleOutline.Import(one.module(), one.name(), external(one.type(), types, offset)));
                case CoreTypeSyntax.Declaration.Export one ->
                    exports.add(new ModuleOutline.Export(one.name(), external(one.type(), types, offset)));
            }
        }
        return new ModuleOutline(imports, exports);
    }

    private ValidComponent.CoreType coreTypeOfModule(CoreTypeSyntax.Declaration.Type type) {
        return switch (type.type()) {
            case CoreTypeSyntax.Function(Signature signature) -> new ValidComponent.CoreType.Function(signature);
            case CoreTypeSyntax.Module _ ->
                throw invalid(type.offset(), "module types define no module types, as modules export none");
        };
    }

    private ValidComponent.CoreType outer(CoreTypeSyntax.Declaration.AliasOuter alias) {
        Scope target = scope;
        for (int i = 1; i < alias.count(); i++) {
            if (target.parent == null) {
                throw invalid(
                        alias.offset(),
                        "an outer alias counts scopes outwards, there are " + i + " around this one, not "
                                + alias.count());
            }
            target = target.parent;
        }
        return Scope.get(target.coreTypes, alias.index(), alias.offset(), Sort.CORE_TYPE);
    }

    private static Signature signature(ValidComponent.CoreType type, int offset) {
        return switch (type) {
            case ValidComponent.CoreType.Function(Signature signature) -> signature;
            case ValidComponent.CoreType.Module _ ->
                throw invalid(offset, "module types use function types, this is a module type");
        };
    }

    private static ExternalType external(CoreTypeSyntax.External type, List<Signature> types, int offset) {
        return switch (type) {
            case CoreTypeSyntax.External.Function(int index) ->
                new ExternalType.Function(Scope.get(types, index, offset, Sort.CORE_TYPE));
            case CoreTypeSyntax.External.Table(var element, var min, var max) ->
                new ExternalType.Table(element, min, max);
            case CoreTypeSyntax.External.Memory(var min, var max) -> new ExternalType.Memory(min, max);
            case CoreTypeSyntax.External.Global(var value, var mutable) -> new ExternalType.Global(value, mutable);
            case CoreTypeSyntax.External.Tag(int index) -> {
                Signature signature = Scope.get(types, index, offset, Sort.CORE_TYPE);
                if (!signature.results().isEmpty()) {
                    throw invalid(offset, "the type of a tag has no results, this is " + signature);
                }
                yield new ExternalType.Tag(signature);
            }
        };
    }

    /** Core WebAssembly allows imports of one name; components tell imports apart by name. */
    void distinct(ModuleOutline outline, int offset) {
        Map<String, Set<String>> imports = new HashMap<>();
        for (ModuleOutline.Import one : outline.imports()) {
            budget.step(offset);
            if (!imports.computeIfAbsent(one.module(), module -> new HashSet<>())
                    .add(one.name())) {
                throw invalid(
                        offset,
                        "imports of a core module have different names, '" + one.module() + "' '" + one.name()
                                + "' is there twice");
            }
        }
        Set<String> exports = new HashSet<>();
        for (ModuleOutline.Export one : outline.exports()) {
            budget.step(offset);
            if (!exports.add(one.name())) {
                throw invalid(
                        offset, "exports of a core module have different names, '" + one.name() + "' is there twice");
            }
        }
    }

    /** The type itself, if it is within the bounds of all types. */
    static <T extends TypeEntity> T bounded(T type, int offset) {
        if (type.treeSize() > Types.TREE_SIZE_MAX) {
            throw invalid(offset, "a type written out has at most " + Types.TREE_SIZE_MAX + " parts, this has more");
        }
        if (type.depth() > Types.DEPTH_MAX) {
            throw invalid(offset, "types nest at most " + Types.DEPTH_MAX + " deep, this is deeper");
        }
        return type;
    }
}

package dev.trellis.host.component;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Replaces resources and named types throughout a type. What does not change stays the same object. */
final class Substitution {
    /*
     * Resources and names that a type itself binds (the fresh ones of a component type, say) are objects of their own, so
     * nothing can be captured. Results are remembered by the identity of what was replaced: sharing in, sharing out.
     * Equality of the types within is identity, so comparing a rebuilt shape with the original looks at one level only.
     */
    private final Budget budget;
    private final int offset;
    private final IdentityHashMap<Resource, Resource> resources = new IdentityHashMap<>();
    private final IdentityHashMap<ResourceType, ResourceType> resourceNames = new IdentityHashMap<>();
    private final IdentityHashMap<DefinedType, ValueType> values = new IdentityHashMap<>();
    private final IdentityHashMap<TypeEntity, TypeEntity> entities = new IdentityHashMap<>();

    Substitution(Budget budget, int offset) {
        this.budget = budget;
        this.offset = offset;
    }

    void put(Resource from, Resource to) {
        resources.put(from, to);
    }

    /** Makes {@code from} be called {@code to} from now on; both are the same type up to resources. */
    void rename(TypeEntity from, TypeEntity to) {
        switch (from) {
            case ResourceType resource when to instanceof ResourceType name -> resourceNames.put(resource, name);
            case DefinedType defined when to instanceof ValueType name -> values.put(defined, name);
            default -> {
                // Other types have no identity.
            }
        }
    }

    Resource apply(Resource resource) {
        return resources.getOrDefault(resource, resource);
    }

    ResourceType apply(ResourceType resource) {
        ResourceType known = resourceNames.get(resource);
        if (known != null) {
            return known;
        }
        Resource identity = apply(resource.identity());
        ResourceType result = identity.equals(resource.identity()) ? resource : new ResourceType(identity);
        resourceNames.put(resource, result);
        return result;
    }

    ValueType apply(ValueType type) {
        return switch (type) {
            case PrimitiveType primitive -> primitive;
            case DefinedType defined -> apply(defined);
        };
    }

    private ValueType apply(DefinedType type) {
        if (!type.has(ValueType.Trait.NOMINAL)) {
            return type;
        }
        ValueType known = values.get(type);
        if (known != null) {
            return known;
        }
        DefinedType.Shape shape = inside(type);
        ValueType result = shape.equals(type.shape()) ? type : new DefinedType(shape, type);
        values.put(type, result);
        return result;
    }

    private DefinedType.Shape inside(DefinedType type) {
        budget.step(offset);
        return switch (type.shape()) {
            case DefinedType.Shape.RecordOf(List<DefinedType.Field> fields) ->
                new DefinedType.Shape.RecordOf(fields(fields));
            case DefinedType.Shape.Variant(List<DefinedType.Case> cases) ->
                new DefinedType.Shape.Variant(each(
                        cases,
                        one -> new DefinedType.Case(one.label(), one.type().map(this::apply))));
            case DefinedType.Shape.ListOf(ValueType element) -> new DefinedType.Shape.ListOf(apply(element));
            case DefinedType.Shape.FixedListOf(ValueType element, int length) ->
                new DefinedType.Shape.FixedListOf(apply(element), length);
            case DefinedType.Shape.Tuple(List<ValueType> types) ->
                new DefinedType.Shape.Tuple(each(types, this::apply));
            case DefinedType.Shape.Flags flags -> flags;
            case DefinedType.Shape.Enumeration enumeration -> enumeration;
            case DefinedType.Shape.OptionOf(ValueType some) -> new DefinedType.Shape.OptionOf(apply(some));
            case DefinedType.Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                new DefinedType.Shape.ResultOf(ok.map(this::apply), error.map(this::apply));
            case DefinedType.Shape.MapOf(PrimitiveType key, ValueType value) ->
                new DefinedType.Shape.MapOf(key, apply(value));
            case DefinedType.Shape.Own(ResourceType resource) -> new DefinedType.Shape.Own(apply(resource));
            case DefinedType.Shape.Borrow(ResourceType resource) -> new DefinedType.Shape.Borrow(apply(resource));
            case DefinedType.Shape.StreamOf(Optional<ValueType> element) ->
                new DefinedType.Shape.StreamOf(element.map(this::apply));
            case DefinedType.Shape.FutureOf(Optional<ValueType> element) ->
                new DefinedType.Shape.FutureOf(element.map(this::apply));
        };
    }

    private List<DefinedType.Field> fields(List<DefinedType.Field> fields) {
        return each(fields, field -> new DefinedType.Field(field.label(), apply(field.type())));
    }

    private <T> List<T> each(List<T> items, UnaryOperator<T> replacement) {
        List<T> replaced = new ArrayList<>();
        for (T item : items) {
            budget.step(offset);
            replaced.add(replacement.apply(item));
        }
        return replaced;
    }

    FunctionType apply(FunctionType type) {
        budget.step(offset);
        return new FunctionType(
                type.async(), fields(type.parameters()), type.result().map(this::apply));
    }

    InstanceType apply(InstanceType type) {
        if (entities.get(type) instanceof InstanceType known) {
            return known;
        }
        Map<String, ExternType> exports = externs(type.exports());
        InstanceType result = exports.equals(type.exports()) ? type : new InstanceType(exports, type.fresh());
        entities.put(type, result);
        return result;
    }

    ComponentType apply(ComponentType type) {
        if (entities.get(type) instanceof ComponentType known) {
            return known;
        }
        Map<String, ExternType> imports = externs(type.imports());
        Map<String, ExternType> exports = externs(type.exports());
        ComponentType result = imports.equals(type.imports()) && exports.equals(type.exports())
                ? type
                : new ComponentType(imports, exports, type.imported(), type.fresh());
        entities.put(type, result);
        return result;
    }

    TypeEntity apply(TypeEntity type) {
        return switch (type) {
            case ValueType value -> apply(value);
            case ResourceType resource -> apply(resource);
            case FunctionType function -> apply(function);
            case InstanceType instance -> apply(instance);
            case ComponentType component -> apply(component);
        };
    }

    ExternType apply(ExternType extern) {
        budget.step(offset);
        return switch (extern) {
            case ExternType.Module module -> module;
            case ExternType.Function(FunctionType type) -> new ExternType.Function(apply(type));
            case ExternType.Type(TypeEntity type) -> new ExternType.Type(apply(type));
            case ExternType.Instance(InstanceType type) -> new ExternType.Instance(apply(type));
            case ExternType.Component(ComponentType type) -> new ExternType.Component(apply(type));
        };
    }

    private Map<String, ExternType> externs(Map<String, ExternType> externs) {
        Map<String, ExternType> replaced = new LinkedHashMap<>();
        externs.forEach((name, extern) -> replaced.put(name, apply(extern)));
        return replaced;
    }

    /**
     * The same type under a new name: types get an object of their own, those that an instance exports as well, and
     * further uses of them that this substitution meets refer to the new objects.
     */
    ExternType named(ExternType extern) {
        budget.step(offset);
        return switch (extern) {
            case ExternType.Type(TypeEntity type) -> new ExternType.Type(named(type));
            case ExternType.Instance(InstanceType type) -> {
                Map<String, ExternType> exports = new LinkedHashMap<>();
                type.exports().forEach((name, export) -> exports.put(name, named(export)));
                yield new ExternType.Instance(new InstanceType(exports, type.fresh()));
            }
            case ExternType.Module _, ExternType.Function _, ExternType.Component _ -> apply(extern);
        };
    }

    private TypeEntity named(TypeEntity type) {
        return switch (type) {
            case ResourceType resource -> {
                ResourceType name = new ResourceType(apply(resource).identity());
                resourceNames.put(resource, name);
                yield name;
            }
            case DefinedType defined -> {
                // A name of what was renamed is a name of what that is called now.
                ValueType replaced = defined.nearest(values::containsKey)
                        .map(known -> values.getOrDefault(known, known))
                        .orElse(defined);
                DefinedType name = replaced instanceof DefinedType other && !other.equals(defined)
                        ? new DefinedType(other.shape(), other)
                        : new DefinedType(inside(defined), defined);
                values.put(defined, name);
                yield name;
            }
            case PrimitiveType primitive -> primitive;
            case FunctionType function -> apply(function);
            case InstanceType instance -> apply(instance);
            case ComponentType component -> apply(component);
        };
    }
}

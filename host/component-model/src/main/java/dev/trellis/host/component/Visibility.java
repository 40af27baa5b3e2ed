package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.Scope.Role;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Gives imports and exports their names, and sees to it that whoever reads the type of one can name every resource,
 * record, variant, enum and flags that occurs in it.
 */
final class Visibility {
    private final Scope scope;
    private final Role role;
    private final Budget budget;
    private final int offset;
    private final String subject;
    private final Substitution names;
    /** What an instance type exports, seen from its own later exports. */
    private final Set<TypeEntity> locals = Scope.identitySet();

    private final Set<DefinedType> seen = Scope.identitySet();

    private Visibility(Scope scope, Role role, Budget budget, int offset, String name) {
        this.scope = scope;
        this.role = role;
        this.budget = budget;
        this.offset = offset;
        this.subject = role + " '" + name + "'";
        this.names = new Substitution(budget, offset);
    }

    /**
     * The type under its new name; what it names is visible in {@code scope} from now on.
     *
     * @throws InvalidComponentException if it mentions what has no name. In instance types everything may be mentioned:
     *     they are looked at when an import or export uses them
     */
    static ExternType introduce(Scope scope, Role role, ExternType type, Budget budget, int offset, String name) {
        return new Visibility(scope, role, budget, offset, name).introduce(type);
    }

    private ExternType introduce(ExternType type) {
        if (type instanceof ExternType.Instance(InstanceType instance)) {
            Map<String, ExternType> exports = new LinkedHashMap<>();
            instance.exports().forEach((name, export) -> {
                exports.put(name, introduce(export));
                if (export instanceof ExternType.Type(TypeEntity entity)) {
                    // Whoever sees the instance can name the type through it, under whichever name it is used.
                    scope.visible.putIfAbsent(entity, role);
                }
            });
            return new ExternType.Instance(new InstanceType(exports, instance.fresh()));
        }
        ExternType named = names.named(type);
        if (scope.kind != Scope.Kind.INSTANCE_TYPE) {
            require(named);
        }
        if (named instanceof ExternType.Type(TypeEntity entity)) {
            scope.visible.put(entity, role);
        }
        return named;
    }

    private void require(ExternType type) {
        switch (type) {
            case ExternType.Module _, ExternType.Component _ -> {
                // They mention nothing of this scope, or were looked at when they were defined.
            }
            case ExternType.Function(FunctionType function) -> function(function);
            case ExternType.Type(TypeEntity entity) -> entity(entity);
            case ExternType.Instance(InstanceType instance) -> instance(instance);
        }
    }

    /** Of a type that gets a name itself, so that only its parts need one. */
    private void entity(TypeEntity entity) {
        switch (entity) {
            case PrimitiveType _, ResourceType _, ComponentType _ -> {
                // They mention nothing.
            }
            case DefinedType defined -> parts(defined);
            case FunctionType function -> function(function);
            case InstanceType instance -> instance(instance);
        }
    }

    private void instance(InstanceType instance) {
        instance.exports().values().forEach(export -> {
            require(export);
            if (export instanceof ExternType.Type(TypeEntity entity)) {
                locals.add(entity);
            }
        });
    }

    private void function(FunctionType function) {
        function.parameters().forEach(parameter -> value(parameter.type()));
        function.result().ifPresent(this::value);
    }

    private void value(ValueType type) {
        budget.step(offset);
        if (!(type instanceof DefinedType defined) || !defined.has(ValueType.Trait.NOMINAL) || !seen.add(defined)) {
            return;
        }
        if (isNamed(defined)) {
            return;
        }
        switch (defined.shape()) {
            case Shape.RecordOf _, Shape.Variant _, Shape.Enumeration _, Shape.Flags _ ->
                throw nameless(defined.toString());
            case Shape.ListOf _,
                    Shape.FixedListOf _,
                    Shape.Tuple _,
                    Shape.OptionOf _,
                    Shape.ResultOf _,
                    Shape.MapOf _,
                    Shape.Own _,
                    Shape.Borrow _,
                    Shape.StreamOf _,
                    Shape.FutureOf _ -> parts(defined);
        }
    }

    private void parts(DefinedType type) {
        switch (type.shape()) {
            case Shape.Own(ResourceType resource) -> resource(resource);
            case Shape.Borrow(ResourceType resource) -> resource(resource);
            default -> DefinedType.parts(type.shape()).forEach(this::value);
        }
    }

    private void resource(ResourceType resource) {
        if (!isNamed(resource)) {
            throw nameless(resource.toString());
        }
    }

    private boolean isNamed(TypeEntity type) {
        return scope.isVisible(type, role) || locals.contains(type);
    }

    private InvalidComponentException nameless(String what) {
        return invalid(
                offset,
                subject + " mentions a " + what + " that has no name outside; "
                        + (role == Role.IMPORT
                                ? "it has to be imported before, under a name"
                                : "it has to be imported or exported before, and used under that name"));
    }
}

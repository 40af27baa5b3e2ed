package dev.trellis.host.component;

import dev.trellis.host.component.DefinedType.Shape;
import java.util.Collection;
import java.util.Set;

/** Finds the resources that types refer to, without those that they introduce themselves. */
final class Resources {
    private final Budget budget;
    private final int offset;
    private final Set<Resource> found = Scope.identitySet();
    private final Set<TypeEntity> seen = Scope.identitySet();

    private Resources(Budget budget, int offset) {
        this.budget = budget;
        this.offset = offset;
    }

    static Set<Resource> free(TypeEntity type, Budget budget, int offset) {
        Resources resources = new Resources(budget, offset);
        resources.entity(type);
        return resources.found;
    }

    static Set<Resource> in(Collection<ExternType> externs, Budget budget, int offset) {
        Resources resources = new Resources(budget, offset);
        externs.forEach(resources::extern);
        return resources.found;
    }

    private void extern(ExternType extern) {
        budget.step(offset);
        switch (extern) {
            case ExternType.Module _ -> {
                // Core types know no resources.
            }
            case ExternType.Function(FunctionType type) -> entity(type);
            case ExternType.Type(TypeEntity type) -> entity(type);
            case ExternType.Instance(InstanceType type) -> entity(type);
            case ExternType.Component(ComponentType type) -> entity(type);
        }
    }

    private void entity(TypeEntity type) {
        if (!seen.add(type)) {
            return;
        }
        budget.step(offset);
        switch (type) {
            case PrimitiveType _ -> {
                // It has no parts.
            }
            case ResourceType resource -> found.add(resource.identity());
            case DefinedType defined -> defined(defined);
            case FunctionType function -> {
                function.parameters().forEach(parameter -> entity(parameter.type()));
                function.result().ifPresent(this::entity);
            }
            case InstanceType instance -> {
                instance.exports().values().forEach(this::extern);
                instance.fresh().forEach(found::remove);
            }
            case ComponentType component -> {
                component.imports().values().forEach(this::extern);
                component.exports().values().forEach(this::extern);
                component.imported().forEach(found::remove);
                component.fresh().forEach(found::remove);
            }
        }
    }

    private void defined(DefinedType type) {
        if (!type.has(ValueType.Trait.HANDLE)) {
            return;
        }
        switch (type.shape()) {
            case Shape.Own(ResourceType resource) -> entity(resource);
            case Shape.Borrow(ResourceType resource) -> entity(resource);
            default -> DefinedType.parts(type.shape()).forEach(this::entity);
        }
    }
}

package dev.trellis.host.component;

import org.jspecify.annotations.Nullable;

/** An entry of a {@link HandleTable}: one way to a resource. */
final class Handle {
    final ResourceDefinition resource;
    /** What stands for the resource: the guest's own number, or the host's object. */
    final int rep;

    final @Nullable Object object;
    /** Whose end the handle must not outlive; null for one that owns the resource. */
    final @Nullable ComponentTask scope;

    /** Calls under way that the resource is lent to. */
    int lends;

    private Handle(ResourceDefinition resource, int rep, @Nullable Object object, @Nullable ComponentTask scope) {
        this.resource = resource;
        this.rep = rep;
        this.object = object;
        this.scope = scope;
    }

    static Handle own(ResourceDefinition resource, int rep) {
        return new Handle(resource, rep, null, null);
    }

    static Handle own(ResourceDefinition resource, Object object) {
        return new Handle(resource, 0, object, null);
    }

    /** Of the same resource as {@code lent}, until {@code scope} ends. */
    static Handle borrow(ResourceDefinition resource, int rep, @Nullable Object object, ComponentTask scope) {
        scope.borrows++;
        return new Handle(resource, rep, object, scope);
    }

    boolean owns() {
        return scope == null;
    }
}

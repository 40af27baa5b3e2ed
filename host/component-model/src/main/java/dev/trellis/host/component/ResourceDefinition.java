package dev.trellis.host.component;

import org.jspecify.annotations.Nullable;

/** A resource type of a linked component: of one of its own instances, or of the host. Compared by identity. */
final class ResourceDefinition {
    /** In place of a frame: the host defines it. */
    static final int HOST = -1;

    final int number;
    /** The frame that defines it. */
    final int frame;

    final @Nullable CoreReference destructor;
    final ComponentImports.@Nullable Resource<?> host;

    ResourceDefinition(int number, int frame, @Nullable CoreReference destructor) {
        this.number = number;
        this.frame = frame;
        this.destructor = destructor;
        this.host = null;
    }

    ResourceDefinition(int number, ComponentImports.Resource<?> host) {
        this.number = number;
        this.frame = HOST;
        this.destructor = null;
        this.host = host;
    }

    boolean ofHost() {
        return host != null;
    }

    @Override
    public String toString() {
        return host == null ? "guest-defined resource " + number : "resource '" + host.name() + "'";
    }
}

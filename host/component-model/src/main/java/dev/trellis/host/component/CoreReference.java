package dev.trellis.host.component;

/** Where a core definition is found in an instance of a linked component. */
sealed interface CoreReference {
    /** An export of core instance number {@code instance}. */
    record OfInstance(int instance, String name) implements CoreReference {}

    /** Core function number {@code number} of those that canonical definitions make. */
    record Canonical(int number) implements CoreReference {}
}

package dev.trellis.host.component;

import org.jspecify.annotations.Nullable;

/**
 * A value of a variant type.
 *
 * @param label of the case
 * @param payload null for a case without one
 */
public record Variant(String label, @Nullable Object payload) {
    public static Variant of(String label) {
        return new Variant(label, null);
    }
}

package dev.trellis.host.component;

import org.jspecify.annotations.Nullable;

/** A value of a result type. A payload is null where the type has none. */
public sealed interface Result {
    record Ok(@Nullable Object value) implements Result {}

    record Err(@Nullable Object error) implements Result {}

    static Result ok(@Nullable Object value) {
        return new Ok(value);
    }

    static Result err(@Nullable Object error) {
        return new Err(error);
    }
}

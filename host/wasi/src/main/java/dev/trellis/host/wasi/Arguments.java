package dev.trellis.host.wasi;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Takes the arguments of host functions, whose types the component model has checked already. */
final class Arguments {
    private Arguments() {}

    static <T> T of(Class<T> type, @Nullable Object[] args, int index) {
        return type.cast(Objects.requireNonNull(args[index]));
    }

    static String string(@Nullable Object[] args, int index) {
        return of(String.class, args, index);
    }

    static byte[] bytes(@Nullable Object[] args, int index) {
        return of(byte[].class, args, index);
    }

    static boolean bool(@Nullable Object[] args, int index) {
        return of(Boolean.class, args, index);
    }

    /** Of any integer type but u64. */
    static long number(@Nullable Object[] args, int index) {
        return of(Number.class, args, index).longValue();
    }

    /** A u64, cut to {@link Long#MAX_VALUE}. */
    static long u64(@Nullable Object[] args, int index) {
        long bits = number(args, index);
        return bits < 0 ? Long.MAX_VALUE : bits;
    }

    static List<?> list(@Nullable Object[] args, int index) {
        return of(List.class, args, index);
    }

    static Optional<?> option(@Nullable Object[] args, int index) {
        return of(Optional.class, args, index);
    }
}

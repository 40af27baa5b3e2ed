package dev.trellis.host.component;

import dev.trellis.host.engine.WasmType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How values of a type lie in the memory of a guest, and which core values they become.
 *
 * @param size bytes in a memory with 32-bit addresses; meaningless above {@link #SIZE_MAX}
 * @param wideSize bytes in a memory with 64-bit addresses, which is what limits of the specification are about; capped
 * @param flat the core values; empty if they are more than {@link #FLAT_MAX}
 */
public record Layout(long size, int alignment, long wideSize, int wideAlignment, Optional<List<WasmType>> flat) {
    /** The most core values that any function of the canonical ABI passes. */
    public static final int FLAT_MAX = 16;

    /** A value takes less than this in a memory with 64-bit addresses. */
    public static final long SIZE_MAX = 1L << 28;

    /** Sums and products stop here, far above the limit and far below overflow. */
    private static final long CAP = 1L << 30;

    static final Layout POINTER_AND_LENGTH = new Layout(8, 4, 16, 8, Optional.of(List.of(WasmType.I32, WasmType.I32)));
    static final Layout HANDLE = scalar(4, WasmType.I32);

    public Layout {
        size = Math.min(size, CAP);
        wideSize = Math.min(wideSize, CAP);
        flat = flat.map(List::copyOf);
    }

    static Layout scalar(int size, WasmType type) {
        return new Layout(size, size, size, size, Optional.of(List.of(type)));
    }

    /** Of fields one after another, each aligned. */
    static Layout record(List<Layout> fields) {
        long size = 0;
        long wideSize = 0;
        int alignment = 1;
        int wideAlignment = 1;
        Optional<List<WasmType>> flat = Optional.of(List.of());
        for (Layout field : fields) {
            size = Math.min(CAP, align(size, field.alignment) + field.size);
            wideSize = Math.min(CAP, align(wideSize, field.wideAlignment) + field.wideSize);
            alignment = Math.max(alignment, field.alignment);
            wideAlignment = Math.max(wideAlignment, field.wideAlignment);
            flat = concat(flat, field.flat);
        }
        return new Layout(align(size, alignment), alignment, align(wideSize, wideAlignment), wideAlignment, flat);
    }

    /** Of a discriminant and the payload of one case; {@code cases} are the payloads of those that have one. */
    static Layout variant(int caseCount, List<Layout> cases) {
        int discriminant = discriminantBytes(caseCount);
        long size = 0;
        long wideSize = 0;
        int alignment = discriminant;
        int wideAlignment = discriminant;
        Optional<List<WasmType>> flat = Optional.of(List.of());
        for (Layout payload : cases) {
            size = Math.max(size, payload.size);
            wideSize = Math.max(wideSize, payload.wideSize);
            alignment = Math.max(alignment, payload.alignment);
            wideAlignment = Math.max(wideAlignment, payload.wideAlignment);
            flat = join(flat, payload.flat);
        }
        return new Layout(
                align(align(discriminant, alignment) + size, alignment),
                alignment,
                align(align(discriminant, wideAlignment) + wideSize, wideAlignment),
                wideAlignment,
                concat(Optional.of(List.of(WasmType.I32)), flat));
    }

    static Layout flags(int count) {
        int bytes = count <= 8 ? 1 : count <= 16 ? 2 : 4;
        return scalar(bytes, WasmType.I32);
    }

    static Layout fixedList(Layout element, long length) {
        Optional<List<WasmType>> flat = element.flat
                .filter(one -> one.size() * length <= FLAT_MAX)
                .map(one -> IntStream.range(0, (int) length)
                        .boxed()
                        .flatMap(i -> one.stream())
                        .collect(Collectors.toList()));
        return new Layout(
                Math.multiplyExact(element.size, length),
                element.alignment,
                Math.multiplyExact(element.wideSize, length),
                element.wideAlignment,
                flat);
    }

    static int discriminantBytes(int caseCount) {
        return caseCount <= 1 << 8 ? 1 : caseCount <= 1 << 16 ? 2 : 4;
    }

    private static long align(long offset, int alignment) {
        return (offset + alignment - 1) / alignment * alignment;
    }

    static Optional<List<WasmType>> concat(Optional<List<WasmType>> first, Optional<List<WasmType>> second) {
        if (first.isEmpty()
                || second.isEmpty()
                || first.get().size() + second.get().size() > FLAT_MAX) {
            return Optional.empty();
        }
        List<WasmType> all = new ArrayList<>(first.get());
        all.addAll(second.get());
        return Optional.of(all);
    }

    /** The core values that can hold those of either side. */
    private static Optional<List<WasmType>> join(Optional<List<WasmType>> first, Optional<List<WasmType>> second) {
        if (first.isEmpty() || second.isEmpty()) {
            return Optional.empty();
        }
        if (first.get().size() > second.get().size()) {
            return join(second, first);
        }
        List<WasmType> shorter = first.get();
        List<WasmType> longer = second.get();
        List<WasmType> joined = new ArrayList<>(longer);
        for (int i = 0; i < shorter.size(); i++) {
            joined.set(i, join(shorter.get(i), longer.get(i)));
        }
        return Optional.of(joined);
    }

    private static WasmType join(WasmType a, WasmType b) {
        if (a == b) {
            return a;
        }
        boolean narrow = (a == WasmType.I32 || a == WasmType.F32) && (b == WasmType.I32 || b == WasmType.F32);
        return narrow ? WasmType.I32 : WasmType.I64;
    }
}

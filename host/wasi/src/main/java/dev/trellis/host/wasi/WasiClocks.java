package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import java.time.Instant;
import java.util.List;

/** {@code wasi:clocks}. Guests are in UTC. */
final class WasiClocks {
    /** The zero of the guests' monotonic clock; they learn nothing of how long the machine runs. */
    private static final long ORIGIN_NANOS = System.nanoTime();

    /** As fine as the JVM's clocks count. */
    private static final long RESOLUTION_NANOS = 1;

    /** Ready from a time on. */
    record Timer(long readyAtNanos) implements Pollable {
        @Override
        public boolean ready() {
            return readyAtNanos != NEVER && System.nanoTime() - readyAtNanos >= 0;
        }
    }

    private WasiClocks() {}

    static ComponentImports imports() {
        return ComponentImports.of(monotonic(), wall(), timezone());
    }

    private static Interface monotonic() {
        return Interface.named("wasi:clocks/monotonic-clock@" + WasiImports.VERSION)
                .resource(WasiIo.POLLABLE)
                .function("now", Function.leaf((_, _) -> now()))
                .function("resolution", Function.leaf((_, _) -> RESOLUTION_NANOS))
                .function("subscribe-instant", Function.leaf((_, args) -> after(Arguments.u64(args, 0) - now())))
                .function("subscribe-duration", Function.leaf((_, args) -> after(Arguments.u64(args, 0))))
                .build();
    }

    private static long now() {
        return System.nanoTime() - ORIGIN_NANOS;
    }

    /** @param nanos more than a century counts as never */
    private static Timer after(long nanos) {
        return new Timer(nanos > Long.MAX_VALUE / 2 ? Pollable.NEVER : System.nanoTime() + nanos);
    }

    private static Interface wall() {
        return Interface.named("wasi:clocks/wall-clock@" + WasiImports.VERSION)
                .function("now", Function.leaf((_, _) -> datetime(Instant.now())))
                .function("resolution", Function.leaf((_, _) -> List.of(0L, RESOLUTION_NANOS)))
                .build();
    }

    /** A {@code datetime}; what was before 1970 is cut to that. */
    static List<Long> datetime(Instant time) {
        return time.getEpochSecond() < 0 ? List.of(0L, 0L) : List.of(time.getEpochSecond(), (long) time.getNano());
    }

    private static Interface timezone() {
        return Interface.named("wasi:clocks/timezone@" + WasiImports.VERSION)
                .function("display", Function.leaf((_, _) -> List.of(0, "UTC", false)))
                .function("utc-offset", Function.leaf((_, _) -> 0))
                .build();
    }
}

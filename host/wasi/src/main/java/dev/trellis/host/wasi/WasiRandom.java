package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.engine.GuestException;
import java.util.List;

/** {@code wasi:random}; what is called insecure there is as good as the rest. */
final class WasiRandom {
    /** Bytes of one call; more are a trap. */
    static final int BYTES_MAX = 1 << 20;

    private WasiRandom() {}

    static ComponentImports imports() {
        return ComponentImports.of(
                Interface.named("wasi:random/random@" + WasiImports.VERSION)
                        .function("get-random-bytes", BYTES)
                        .function("get-random-u64", NUMBER)
                        .build(),
                Interface.named("wasi:random/insecure@" + WasiImports.VERSION)
                        .function("get-insecure-random-bytes", BYTES)
                        .function("get-insecure-random-u64", NUMBER)
                        .build(),
                Interface.named("wasi:random/insecure-seed@" + WasiImports.VERSION)
                        .function("insecure-seed", (instance, _) -> {
                            var random = instance.attachment(WasiCall.class)
                                    .services()
                                    .random();
                            return List.of(random.nextLong(), random.nextLong());
                        })
                        .build());
    }

    private static final Function NUMBER = (instance, _) ->
            instance.attachment(WasiCall.class).services().random().nextLong();

    private static final Function BYTES = (instance, args) -> {
        long length = Arguments.u64(args, 0);
        if (length > BYTES_MAX) {
            throw GuestException.trapped(
                    "random bytes come up to " + BYTES_MAX + " at a time, asked for were " + length);
        }
        byte[] bytes = new byte[(int) length];
        instance.attachment(WasiCall.class).services().random().nextBytes(bytes);
        return bytes;
    };
}

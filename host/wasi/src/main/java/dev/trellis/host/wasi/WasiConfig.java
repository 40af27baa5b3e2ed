package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.Result;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code wasi:config}: the config that the manifest gives the component, as it is at the moment of the call. */
final class WasiConfig {
    /** All versions that there have been have these functions; pre-releases are compatible with nothing else. */
    private static final List<String> NAMES = List.of(
            "wasi:config/runtime@0.2.0-draft",
            "wasi:config/store@0.2.0-draft",
            "wasi:config/runtime@0.2.0-rc.1",
            "wasi:config/store@0.2.0-rc.1");

    private static final Function GET = (instance, args) -> {
        String value = instance.attachment(WasiCall.class).services().config().get(Arguments.string(args, 0));
        return Result.ok(Optional.ofNullable(value));
    };

    private static final Function GET_ALL = (instance, _) -> {
        Map<String, String> config =
                instance.attachment(WasiCall.class).services().config();
        return Result.ok(new TreeMap<>(config)
                .entrySet().stream()
                        .map(entry -> List.of(entry.getKey(), entry.getValue()))
                        .toList());
    };

    private WasiConfig() {}

    static ComponentImports imports() {
        ComponentImports all = ComponentImports.none();
        for (String name : NAMES) {
            all = all.and(Interface.named(name)
                    .function("get", GET)
                    .function("get-all", GET_ALL)
                    .build());
        }
        return all;
    }
}

package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Interface;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** {@code wasi:logging}: to the actor's log. */
final class WasiLogging {
    static final String VERSION = "0.1.0-draft";

    private WasiLogging() {}

    static ComponentImports imports() {
        return ComponentImports.of(Interface.named("wasi:logging/logging@" + VERSION)
                .function("log", (instance, args) -> {
                    log(instance.attachment(WasiCall.class), args);
                    return null;
                })
                .build());
    }

    private static void log(WasiCall call, @Nullable Object[] args) {
        String context = Arguments.string(args, 1);
        String message = Arguments.string(args, 2);
        String text = context.isEmpty() ? message : context + ": " + message;
        call.countLog(text.getBytes(StandardCharsets.UTF_8).length);
        call.log(
                switch (Arguments.string(args, 0)) {
                    case "trace" -> Level.TRACE;
                    case "debug" -> Level.DEBUG;
                    case "info" -> Level.INFO;
                    case "warn" -> Level.WARN;
                    default -> Level.ERROR;
                },
                text);
    }
}

package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.engine.GuestException;
import java.util.List;
import java.util.Optional;

/** {@code wasi:cli}, but for {@code run}, which commands export. */
final class WasiCli {
    /** What no guest ever gets: its streams are no terminals. */
    private static final class Terminal {}

    private static final Resource<Terminal> TERMINAL_INPUT = Resource.of("terminal-input", Terminal.class);
    private static final Resource<Terminal> TERMINAL_OUTPUT = Resource.of("terminal-output", Terminal.class);

    private WasiCli() {}

    static ComponentImports imports() {
        return ComponentImports.of(
                environment(),
                exit(),
                named("stdin")
                        .resource(WasiIo.INPUT_STREAM)
                        .function(
                                "get-stdin",
                                (instance, _) -> new InputStreamHandle(instance.attachment(WasiCall.class)
                                        .stdio()
                                        .in()))
                        .build(),
                named("stdout")
                        .resource(WasiIo.OUTPUT_STREAM)
                        .function(
                                "get-stdout",
                                (instance, _) -> new OutputStreamHandle(instance.attachment(WasiCall.class)
                                        .stdio()
                                        .out()))
                        .build(),
                named("stderr")
                        .resource(WasiIo.OUTPUT_STREAM)
                        .function(
                                "get-stderr",
                                (instance, _) -> new OutputStreamHandle(instance.attachment(WasiCall.class)
                                        .stdio()
                                        .err()))
                        .build(),
                named("terminal-input").resource(TERMINAL_INPUT).build(),
                named("terminal-output").resource(TERMINAL_OUTPUT).build(),
                noTerminal("stdin", TERMINAL_INPUT),
                noTerminal("stdout", TERMINAL_OUTPUT),
                noTerminal("stderr", TERMINAL_OUTPUT));
    }

    private static Interface.Builder named(String name) {
        return Interface.named("wasi:cli/" + name + "@" + WasiImports.VERSION);
    }

    private static Interface noTerminal(String stream, Resource<Terminal> type) {
        return named("terminal-" + stream)
                .resource(type)
                .function("get-terminal-" + stream, Function.leaf((_, _) -> Optional.empty()))
                .build();
    }

    private static Interface environment() {
        return named("environment")
                .function(
                        "get-environment",
                        (instance, _) ->
                                instance.attachment(WasiCall.class).environment().variables().entrySet().stream()
                                        .map(one -> List.of(one.getKey(), one.getValue()))
                                        .toList())
                .function("get-arguments", (instance, _) -> instance.attachment(WasiCall.class)
                        .environment()
                        .arguments())
                .function("initial-cwd", (instance, _) -> instance.attachment(WasiCall.class)
                        .environment()
                        .workingDirectory())
                .build();
    }

    private static Interface exit() {
        return named("exit")
                .function("exit", (_, args) -> {
                    throw GuestException.exited(
                            switch (Arguments.of(Result.class, args, 0)) {
                                case Result.Ok _ -> 0;
                                case Result.Err _ -> 1;
                            });
                })
                .function("exit-with-code", (_, args) -> {
                    throw GuestException.exited((int) Arguments.number(args, 0));
                })
                .build();
    }
}

package dev.trellis.host.wasi;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a guest finds around it beside its links: nothing, for an actor.
 *
 * @param arguments the first is the program's name
 * @param workingDirectory where relative paths begin, for the guest
 * @param preopens stay open for as long as calls have this environment
 * @param stdio makes the standard streams of a call
 */
record WasiEnvironment(
        Map<String, String> variables,
        List<String> arguments,
        Optional<String> workingDirectory,
        List<Preopen> preopens,
        Function<WasiCall, Stdio> stdio) {
    /** Of actors. */
    static final WasiEnvironment NONE =
            new WasiEnvironment(Map.of(), List.of(), Optional.empty(), List.of(), LoggedStdio::new);

    WasiEnvironment {
        arguments = List.copyOf(arguments);
        preopens = List.copyOf(preopens);
    }
}

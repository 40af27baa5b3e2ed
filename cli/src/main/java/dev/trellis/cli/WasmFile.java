package dev.trellis.cli;

import dev.trellis.host.component.InvalidComponentException;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A {@code .wasm} file that a command is given. */
final class WasmFile {
    /** Largest file taken, as hosts do. */
    private static final long BYTES_MAX = 64L << 20;

    private WasmFile() {}

    /** @throws CliException if it cannot be read or is too large */
    static byte[] read(Path file) throws CliException {
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw new CliException(ExitCode.INVALID, "the file is too large", "build it without debug information")
                        .at(file.toString())
                        .because("it has " + Files.size(file) + " bytes, at most " + BYTES_MAX + " are taken");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            boolean missing = !Files.exists(file);
            throw new CliException(
                            missing ? ExitCode.NOT_FOUND : ExitCode.INVALID,
                            "the file cannot be read",
                            "give the .wasm file that a build writes")
                    .at(file.toString())
                    .because(missing ? "there is no such file" : String.valueOf(e));
        }
    }

    /** @throws CliException if {@code bytes}, those of {@code file}, are not a valid component */
    static ValidComponent component(Path file, byte[] bytes) throws CliException {
        try {
            return ValidComponent.of(bytes, EngineConfig.DEFAULTS);
        } catch (InvalidComponentException e) {
            throw new CliException(
                            ExitCode.INVALID,
                            "the component is refused",
                            "build it again; if its tool is newer than this Trellis, look for a newer Trellis")
                    .at(file + ", byte " + e.offset())
                    .because(e.rule());
        }
    }
}

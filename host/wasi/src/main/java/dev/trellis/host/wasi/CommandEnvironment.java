package dev.trellis.host.wasi;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a command that is run by hand gets of the machine.
 *
 * @param variables its environment, nothing of the host's
 * @param arguments the first is the program's name
 * @param directories all that it sees of the files
 * @param in read by a thread of its own once the command asks for it; not closed
 * @param out written and flushed as the command does; not closed
 * @param err as {@code out}
 */
public record CommandEnvironment(
        Map<String, String> variables,
        List<String> arguments,
        List<Directory> directories,
        InputStream in,
        OutputStream out,
        OutputStream err) {
    /**
     * A directory of the host with all below it.
     *
     * @param guestPath what the command calls it; its relative paths begin at {@code .} or {@code /}
     */
    public record Directory(Path host, String guestPath, boolean writable) {
        public Directory {
            Objects.requireNonNull(host);
            if (guestPath.isEmpty()) {
                throw new IllegalArgumentException("the command's name for directory " + host + " must not be empty");
            }
        }
    }

    public CommandEnvironment {
        variables = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(variables));
        arguments = List.copyOf(arguments);
        directories = List.copyOf(directories);
    }
}

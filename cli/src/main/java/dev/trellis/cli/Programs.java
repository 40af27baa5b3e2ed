package dev.trellis.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Programs of this machine. */
final class Programs {
    private static final int ANSWER_BYTES_MAX = 1000;

    private Programs() {}

    /** The program called {@code name} on the PATH, to which the launcher adds the folders of servers. */
    static Optional<Path> find(String name, Session session) {
        String path = session.environment("PATH").orElse("");
        for (String folder : path.split(File.pathSeparator, -1)) {
            if (!folder.isEmpty()) {
                Path candidate = Path.of(folder, name);
                if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    /** The first line that a program prints, within two seconds. */
    static Optional<String> output(Path program, String... arguments) throws InterruptedException {
        try {
            var command = new java.util.ArrayList<String>();
            command.add(program.toString());
            command.addAll(java.util.List.of(arguments));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try {
                process.getOutputStream().close();
                if (!process.waitFor(2, TimeUnit.SECONDS)) {
                    return Optional.empty();
                }
                String text = new String(process.getInputStream().readNBytes(ANSWER_BYTES_MAX), StandardCharsets.UTF_8);
                return text.lines().findFirst().map(String::strip).filter(line -> !line.isEmpty());
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}

package dev.trellis.providers.httpserver;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Finds out who holds a port, where the operating system tells (Linux); best effort, for an error message. */
final class PortOwner {
    private static final int PROCESSES_MAX = 4096;
    private static final String LISTENING = "0A";

    private PortOwner() {}

    /** The process that listens on {@code port}; empty if that cannot be found out. */
    static Optional<String> find(int port) {
        try {
            Set<String> sockets = new HashSet<>();
            for (String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
                addSockets(Path.of(table), port, sockets);
            }
            return sockets.isEmpty() ? Optional.empty() : holder(sockets);
        } catch (IOException | DirectoryIteratorException | SecurityException e) {
            return Optional.empty();
        }
    }

    private static void addSockets(Path table, int port, Set<String> sockets) throws IOException {
        if (!Files.isReadable(table)) {
            return;
        }
        String suffix = ":%04X".formatted(port);
        for (String line : Files.readAllLines(table)) {
            String[] fields = line.strip().split("\\s+", -1);
            if (fields.length > 9 && fields[1].endsWith(suffix) && fields[3].equals(LISTENING)) {
                sockets.add("socket:[" + fields[9] + "]");
            }
        }
    }

    private static Optional<String> holder(Set<String> sockets) throws IOException {
        int seen = 0;
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                if (++seen > PROCESSES_MAX) {
                    break;
                }
                if (holds(process, sockets)) {
                    long pid = Long.parseLong(process.getFileName().toString());
                    String name = Files.readString(process.resolve("comm")).strip();
                    return Optional.of(
                            pid == ProcessHandle.current().pid()
                                    ? "this same process (%d)".formatted(pid)
                                    : "process %d (%s)".formatted(pid, name));
                }
            }
        }
        return Optional.empty();
    }

    private static boolean holds(Path process, Set<String> sockets) {
        try (var files = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path file : files) {
                if (Files.isSymbolicLink(file)
                        && sockets.contains(Files.readSymbolicLink(file).toString())) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // it ended meanwhile, or is not ours to look at
        }
        return false;
    }
}

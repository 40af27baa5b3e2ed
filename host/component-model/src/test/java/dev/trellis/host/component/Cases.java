package dev.trellis.host.component;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Components in text form with the binary beside them. The text of those to be refused says why, in its first line. */
final class Cases {
    private Cases() {}

    static List<Path> texts(String folder) {
        try {
            Path directory = Path.of(Objects.requireNonNull(Cases.class.getResource(folder), folder)
                    .toURI());
            try (Stream<Path> files = Files.list(directory)) {
                return files.filter(file -> file.toString().endsWith(".wat"))
                        .sorted()
                        .toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] binary(Path text) {
        try {
            return Files.readAllBytes(
                    text.resolveSibling(text.getFileName().toString().replace(".wat", ".wasm")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] valid(String name) {
        return texts("valid").stream()
                .filter(text -> text.getFileName().toString().equals(name + ".wat"))
                .findFirst()
                .map(Cases::binary)
                .orElseThrow();
    }
}

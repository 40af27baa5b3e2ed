package dev.trellis.wadm.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One file per rule: {@code bad/RULE.yaml} is refused with exactly the words of {@code bad/RULE.txt}. After a change of
 * words, {@code -Dtrellis.expectations.write=true} writes the latter; read the difference.
 */
class BadManifestTest {
    private static final Path FOLDER = Path.of("src", "test", "resources", "bad");

    static List<String> rules() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".yaml"))
                    .map(name -> name.substring(0, name.length() - ".yaml".length()))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void read_badManifest_saysWhatIsWrongAndWhere(String rule) throws IOException {
        byte[] bytes = Files.readAllBytes(FOLDER.resolve(rule + ".yaml"));

        var refused =
                catchThrowableOfType(InvalidManifestException.class, () -> ManifestReader.read(rule + ".yaml", bytes));

        assertThat(refused).as("%s must be refused", rule).isNotNull();
        Path expected = FOLDER.resolve(rule + ".txt");
        if (Boolean.getBoolean("trellis.expectations.write")) {
            Files.writeString(expected, refused.getMessage() + "\n");
        }
        assertThat(refused.getMessage() + "\n").isEqualTo(Files.readString(expected));
    }
}

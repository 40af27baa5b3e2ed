package dev.trellis.wadm.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestPinsTest {
    private static final String DIGEST = "0123456789abcdef".repeat(4);
    private static final Path GOOD = Path.of("src", "test", "resources", "good");
    private static final Path USER_API = Path.of(System.getProperty("trellis.root"), "manifests", "user-api");

    private static Manifest read(Path file) throws IOException, InvalidManifestException {
        return ManifestReader.read("wadm.yaml", Files.readAllBytes(file));
    }

    private static Manifest parse(String text) throws InvalidManifestException {
        return ManifestReader.read("wadm.yaml", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void pin_blockMetadata_keepsTheAuthorsText() throws Exception {
        Manifest pinned = ManifestPins.pin(read(USER_API.resolve("demo.wadm.yaml")), Map.of("user-actor", DIGEST));

        assertThat(pinned.pin("user-actor")).contains(DIGEST);
        assertThat(pinned.pin("httpserver")).isEmpty();
        assertThat(pinned.source().text())
                .isEqualTo(Files.readString(USER_API.resolve("demo.wadm.yaml"))
                        .replace(
                                "metadata:\n",
                                "metadata:\n  annotations:\n    trellis.dev/digest.user-actor: \"" + DIGEST + "\"\n"));
    }

    @Test
    void pin_blockAnnotations_keepsTheOthers() throws Exception {
        Manifest pinned = ManifestPins.pin(read(GOOD.resolve("oam.yaml")), Map.of("cart", DIGEST));

        assertThat(pinned.version()).contains("v0.1.0");
        assertThat(pinned.pin("cart")).contains(DIGEST);
        assertThat(pinned.source().text())
                .contains("  annotations:\n    trellis.dev/digest.cart: \"" + DIGEST + "\"\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"legacy.yaml", "json.json", "aliases.yaml", "oam.yaml"})
    void pin_anyDialect_changesOnlyAnnotations(String file) throws Exception {
        Manifest before = read(GOOD.resolve(file));
        String component = before.components().getFirst().name();

        Manifest pinned = ManifestPins.pin(before, Map.of(component, DIGEST));

        assertThat(pinned.pin(component)).contains(DIGEST);
        assertThat(pinned.annotations()).containsAllEntriesOf(before.annotations());
        assertThat(pinned)
                .usingRecursiveComparison()
                .ignoringFields("annotations", "source", "warnings")
                .ignoringFieldsOfTypes(Position.class)
                .isEqualTo(before);
    }

    @Test
    void pin_again_replacesTheDigest() throws Exception {
        Manifest once = ManifestPins.pin(read(GOOD.resolve("oam.yaml")), Map.of("cart", DIGEST));

        Manifest twice = ManifestPins.pin(once, Map.of("cart", "f".repeat(64)));

        assertThat(twice.pin("cart")).contains("f".repeat(64));
        assertThat(twice.version()).contains("v0.1.0");
    }

    @Test
    void pin_windowsLineBreaks_stillReads() throws Exception {
        Manifest windows = parse(Files.readString(USER_API.resolve("wadm.yaml")).replace("\n", "\r\n"));

        assertThat(ManifestPins.pin(windows, Map.of("user-actor", DIGEST)).pin("user-actor"))
                .contains(DIGEST);
    }

    @Test
    void pin_nothing_isTheSameManifest() throws Exception {
        Manifest manifest = read(GOOD.resolve("oam.yaml"));

        assertThat(ManifestPins.pin(manifest, Map.of())).isSameAs(manifest);
    }

    @Test
    void pin_unknownComponent_isRefused() throws Exception {
        Manifest manifest = read(GOOD.resolve("oam.yaml"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ManifestPins.pin(manifest, Map.of("card", DIGEST)))
                .withMessage("cannot pin 'card': application shop has no component of that name");
    }

    @Test
    void pin_noDigest_isRefused() throws Exception {
        Manifest manifest = read(GOOD.resolve("oam.yaml"));

        assertThatExceptionOfType(InvalidManifestException.class)
                .isThrownBy(() -> ManifestPins.pin(manifest, Map.of("cart", "sha256:x\n")))
                .withMessageContaining("expected 64 lower-case hex digits");
    }
}

package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Manifests and modules that cannot be used, given to the command as a user gives them. */
@Timeout(180)
class BrokenInputsTest {
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(60);
    private static final String BOMB = """
            a: &a [x, x, x, x, x, x, x, x, x]
            b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
            c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
            d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
            e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
            f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
            g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f]
            h: [*g, *g, *g, *g, *g, *g, *g, *g, *g]
            """;

    @TempDir
    private Path directory;

    private record Broken(UnaryOperator<String> how, String says) {}

    @TestFactory
    Stream<DynamicTest> validate_brokenManifest_endsWithFiveAndSaysWhereAndWhat() {
        var cases = Map.of(
                "unknown key",
                new Broken(text -> text.replace("replicas:", "replicaz:"), "did you mean 'replicas'"),
                "duplicate key",
                new Broken(text -> text.replace("  name: user-api\n", "  name: user-api\n  name: twice\n"), "name"),
                "wrong type",
                new Broken(text -> text.replace("replicas: 3", "replicas: many"), "many"),
                "missing target",
                new Broken(
                        text -> text.replace("target: httpserver", "target: httpserve"), "did you mean 'httpserver'"),
                "unknown trait",
                new Broken(text -> text.replace("type: spreadscaler", "type: spreadscale"), "spreadscale"),
                "alias bomb",
                new Broken(text -> text + BOMB, "alias"),
                "ten megabytes",
                new Broken(text -> text + "# " + "x".repeat(10 << 20) + "\n", "bytes"));
        return cases.entrySet().stream()
                .map(broken -> DynamicTest.dynamicTest(broken.getKey(), () -> {
                    Path file = directory.resolve(broken.getKey().replace(' ', '-') + ".yaml");
                    String good = Files.readString(TrellisProcess.root().resolve("manifests/user-api/wadm.yaml"));
                    String bad = broken.getValue().how().apply(good);
                    assertThat(bad).isNotEqualTo(good);
                    Files.writeString(file, bad);

                    try (var validate = TrellisProcess.start(directory, Map.of(), "validate", file.toString())) {
                        assertThat(validate.awaitExit(ENDS_WITHIN)).isEqualTo(5);
                        assertThat(validate.messages())
                                .contains(broken.getValue().says())
                                .containsPattern(bad.length() > 1 << 20 ? "\\.yaml" : "\\.yaml:\\d+:\\d+");
                        assertThat(validate.messages()).hasSizeLessThan(10_000);
                        assertThat(validate.output()).isEmpty();
                    }
                }));
    }

    @Test
    void deploy_moduleCutShort_failsAndSaysWhichImageAndWhy() throws Exception {
        byte[] whole = Files.readAllBytes(Lattice.userActor());
        Path cut = directory.resolve("cut.wasm");
        Files.write(cut, java.util.Arrays.copyOf(whole, whole.length / 2));
        try (var lattice = Lattice.start(directory, "one")) {
            var deployed = lattice.trellis(
                    "deploy", lattice.userApi().toString(), "--image", Lattice.USER_ACTOR + "=" + cut, "--wait=20s");

            assertThat(deployed.exit()).as(deployed.messages()).isIn(1, 5, 8);
            assertThat(deployed.messages()).contains(Lattice.USER_ACTOR);
            assertThat(lattice.process("one").alive()).isTrue();
        }
    }
}

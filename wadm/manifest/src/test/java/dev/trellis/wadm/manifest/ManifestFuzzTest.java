package dev.trellis.wadm.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Mutants of real manifests, by seed: each is read, or refused with problems whose places are in the document. {@code
 * -Dtrellis.fuzz.mutants=N} for more of them, {@code -Dtrellis.fuzz.seed=N} to repeat a failure.
 */
class ManifestFuzzTest {
    private static final int MUTANTS = Integer.getInteger("trellis.fuzz.mutants", 2_500);
    private static final long SEED = Long.getLong("trellis.fuzz.seed", 20_261_120L);
    private static final List<String> SNIPPETS = List.of(
            "",
            "null",
            "~",
            "{}",
            "[]",
            "- ",
            ": ",
            "? ",
            "&a ",
            "*a",
            "!!str ",
            "!x ",
            "!<tag:%zz> ",
            "|\n",
            ">-\n ",
            "'",
            "\"",
            "\\",
            "\"\\U00110000\"",
            "\"\\x0\"",
            "%YAML 9.9\n",
            "---\n",
            "...\n",
            "#",
            "\t",
            "\r",
            "\u0000",
            "\u0085",
            "\u2028",
            "\uFEFF",
            "\uD83D\uDE00",
            "1e999",
            "0x7fffffffffffffff",
            "190:20:30",
            "2001-12-14t21:59",
            "-1",
            "99999999999999999999",
            ".inf",
            "yes",
            "<<: *a",
            "=",
            "{a: {b: [c, {d: e}]}}",
            "@",
            "`",
            "a".repeat(300),
            "image: ",
            "name: ",
            "type: link\n",
            "properties: ",
            "config: '{\"a\":'",
            "trellis.dev/digest.");

    /** Every manifest of the folder, in a stable order. */
    private static List<byte[]> corpus(Path folder) throws IOException {
        var corpus = new ArrayList<byte[]>();
        try (Stream<Path> found = Files.walk(folder)) {
            for (Path file :
                    (Iterable<Path>) found.filter(file -> file.toString().matches(".*\\.(yaml|json)"))
                            .sorted()::iterator) {
                corpus.add(Files.readAllBytes(file));
            }
        }
        return corpus;
    }

    @Test
    void read_mutants_areReadOrRefusedWithPlaces() throws IOException {
        Path resources = Path.of("src", "test", "resources");
        List<byte[]> good = corpus(resources.resolve("good"));
        good.addAll(corpus(Path.of(System.getProperty("trellis.root"), "manifests")));
        List<byte[]> bad = corpus(resources.resolve("bad"));
        int accepted = 0;
        for (int i = 0; i < MUTANTS; i++) {
            long seed = SEED + i;
            RandomGenerator random =
                    RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
            byte[] mutant = mutate(random.nextInt(4) == 0 ? bad : good, random);
            try {
                accepted += check(mutant) ? 1 : 0;
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "mutant of seed " + seed + ":\n" + new String(mutant, StandardCharsets.UTF_8), e);
            }
        }
        assertThat(accepted).as("mutants that still are manifests").isBetween(MUTANTS / 100, MUTANTS * 9 / 10);
    }

    private static boolean check(byte[] mutant) {
        try {
            Manifest manifest = ManifestReader.read("wadm.yaml", mutant);
            assertThat(manifest.source().bytes()).isEqualTo(mutant);
            manifest.links().forEach(ManifestLink::toLink);
            if (!manifest.components().isEmpty()) {
                String name = manifest.components().getFirst().name();
                assertThat(ManifestPins.pin(manifest, Map.of(name, "a".repeat(64)))
                                .pin(name))
                        .contains("a".repeat(64));
            }
            return true;
        } catch (InvalidManifestException e) {
            assertThat(e.problems()).isNotEmpty().hasSizeLessThanOrEqualTo(InvalidManifestException.PROBLEMS_MAX);
            assertThat(e.problems()).anyMatch(problem -> problem.level() == Problem.Level.ERROR);
            int lines = new String(mutant, StandardCharsets.UTF_8).split("\r\n|[\n\r\u0085\u2028\u2029]", -1).length;
            assertThat(e.problems()).allMatch(problem -> problem.position().line() <= lines);
            assertThat(e.problems()).allMatch(problem -> !problem.excerpt().isEmpty());
            return false;
        }
    }

    private static byte[] mutate(List<byte[]> corpus, RandomGenerator random) {
        byte[] bytes = corpus.get(random.nextInt(corpus.size()));
        for (int n = random.nextInt(1, 4); n > 0; n--) {
            int from = random.nextInt(bytes.length + 1);
            int to = Math.min(bytes.length, from + random.nextInt(30));
            bytes = switch (random.nextInt(6)) {
                case 0 -> splice(bytes, from, to, new byte[0]);
                case 1 -> splice(bytes, from, from, snippet(random));
                case 2 -> splice(bytes, from, to, snippet(random));
                case 3 ->
                    splice(bytes, from, Math.min(bytes.length, from + 1), new byte[] {(byte) random.nextInt(256)});
                case 4 -> copyLines(bytes, corpus.get(random.nextInt(corpus.size())), random);
                default -> replaceToken(bytes, random);
            };
        }
        return bytes;
    }

    private static byte[] snippet(RandomGenerator random) {
        return SNIPPETS.get(random.nextInt(SNIPPETS.size())).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] inserted) {
        byte[] out = new byte[bytes.length - (to - from) + inserted.length];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(inserted, 0, out, from, inserted.length);
        System.arraycopy(bytes, to, out, from + inserted.length, bytes.length - to);
        return out;
    }

    /** Some lines of another manifest in the place of some of this one's. */
    private static byte[] copyLines(byte[] bytes, byte[] other, RandomGenerator random) {
        String[] mine = new String(bytes, StandardCharsets.ISO_8859_1).split("\n", -1);
        String[] theirs = new String(other, StandardCharsets.ISO_8859_1).split("\n", -1);
        var lines = new ArrayList<>(List.of(mine));
        int from = random.nextInt(lines.size());
        lines.subList(from, Math.min(lines.size(), from + random.nextInt(3))).clear();
        int theirFrom = random.nextInt(theirs.length);
        lines.addAll(from, List.of(theirs).subList(theirFrom, Math.min(theirs.length, theirFrom + random.nextInt(4))));
        return String.join("\n", lines).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What follows a colon, replaced. */
    private static byte[] replaceToken(byte[] bytes, RandomGenerator random) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int colon = text.indexOf(": ", random.nextInt(text.length() + 1));
        if (colon < 0) {
            return bytes;
        }
        int end = text.indexOf('\n', colon);
        return splice(bytes, colon + 2, end < 0 ? bytes.length : end, snippet(random));
    }
}

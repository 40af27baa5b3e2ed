package dev.trellis.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.trellis.conformance.TextCompiler.MissingToolException;
import dev.trellis.conformance.WastScript.Command;
import dev.trellis.conformance.WastScript.Expectation;
import dev.trellis.host.component.InvalidComponentException;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The component model's own test scripts, as far as they can be checked without running components: what is valid is
 * accepted, what is invalid or malformed is refused. Commands that need a running component are only counted here:
 * {@link ComponentModelExecutionTest} runs them.
 *
 * <p>The scripts are expected in {@code ../shared/conformance/component-model} beside this repository, or in
 * {@code -Dtrellis.conformance=DIRECTORY/component-model}.
 */
class ComponentModelConformanceTest {
    /** Scripts that are not looked at, with the reason. */
    private static final Map<String, String> EXCLUDED = Map.of(
            "async/cancellable.wast",
            "it uses the option 'cancellable', which the specification has dropped; the text compiler refuses it");

    /** What each suite has held before; less is a failure. */
    private static final Map<String, Counts> RECORDED = Map.of(
            "async", new Counts(37, 4, 0),
            "binary", new Counts(35, 18, 70),
            "linking", new Counts(65, 2, 0),
            "resources", new Counts(8, 0, 0),
            "validation", new Counts(100, 356, 5),
            "values", new Counts(41, 0, 0));

    /** Commands that came out as the scripts say. */
    private record Counts(int accepted, int invalid, int malformed) {
        Counts plus(Expectation expectation) {
            return switch (expectation) {
                case VALID -> new Counts(accepted + 1, invalid, malformed);
                case INVALID -> new Counts(accepted, invalid + 1, malformed);
                case MALFORMED -> new Counts(accepted, invalid, malformed + 1);
            };
        }
    }

    /** One script; {@code name} is its path within the suites. */
    private record Script(String name, String file, WastScript content) {
        String suite() {
            return name.substring(0, name.indexOf('/'));
        }
    }

    /** What is known of a suite while it runs. */
    private static final class Tally {
        private Counts held = new Counts(0, 0, 0);
        private int scripts;
        private int waiting;
        private boolean skipped;
    }

    private final Map<String, Tally> tallies = new TreeMap<>();

    @TestFactory
    Stream<DynamicNode> componentModel() throws IOException, InterruptedException {
        Path root = directory();
        if (!Files.isDirectory(root)) {
            return abort(
                    said("the component model's test scripts are not at " + root + "; the whole suite is skipped"));
        }
        Map<String, List<Script>> suites = new TreeMap<>();
        for (Path file : files(root)) {
            Script script = new Script(
                    root.relativize(file).toString(),
                    file.getFileName().toString(),
                    WastScript.parse(Files.readString(file)));
            suites.computeIfAbsent(script.suite(), suite -> new ArrayList<>()).add(script);
        }
        Texts texts = Texts.compile(suites.values().stream()
                .flatMap(List::stream)
                .map(Script::content)
                .toList());
        List<DynamicNode> nodes = new ArrayList<>();
        suites.forEach((suite, scripts) -> nodes.add(DynamicContainer.dynamicContainer(
                suite,
                scripts.stream().map(script -> DynamicTest.dynamicTest(script.file(), () -> check(script, texts))))));
        nodes.add(DynamicTest.dynamicTest("counts are at least what they were", this::counts));
        return nodes.stream();
    }

    /** Said on the console too, where a skipped test is but a number. */
    private static String said(String reason) {
        System.out.println("component model: " + reason);
        return reason;
    }

    static Path directory() {
        String configured = System.getProperty("trellis.conformance");
        Path conformance = configured != null
                ? Path.of(configured)
                : Path.of(System.getProperty("trellis.root", "."), "..", "shared", "conformance");
        return conformance.resolve("component-model").toAbsolutePath().normalize();
    }

    static List<Path> files(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".wast"))
                    .sorted()
                    .toList();
        }
    }

    private void check(Script script, Texts texts) {
        String name = script.name();
        Tally tally = tallies.computeIfAbsent(script.suite(), suite -> new Tally());
        if (EXCLUDED.containsKey(name)) {
            if (texts.missing().isEmpty()) {
                assertThat(script.content().commands().stream()
                                .anyMatch(command -> texts.of(command).refused().isPresent()))
                        .as("%s is excluded, since %s; this is not so any more", name, EXCLUDED.get(name))
                        .isTrue();
            }
            abort("excluded: " + EXCLUDED.get(name));
        }
        tally.scripts++;
        List<String> deviations = new ArrayList<>();
        for (Command command : script.content().commands()) {
            switch (command) {
                case Command.Run _ -> tally.waiting++;
                case Command.Quote quote -> {
                    if (needed(texts, tally).of(quote).refused().isPresent()) {
                        tally.held = tally.held.plus(quote.expectation());
                    } else {
                        deviations.add("line " + quote.line() + ": the text compiler accepts what is malformed text");
                    }
                }
                case Command.Text text -> {
                    Texts.Outcome outcome = needed(texts, tally).of(text);
                    if (outcome.refused().isPresent()) {
                        deviations.add("line " + text.line() + ": the text compiler says "
                                + outcome.refused().get());
                    } else {
                        check(text, outcome.binary(), text.expectation(), tally).ifPresent(deviations::add);
                    }
                }
                case Command.Binary binary ->
                    check(binary, binary.binary(), binary.expectation(), tally).ifPresent(deviations::add);
            }
        }
        assertThat(deviations).as(name).isEmpty();
    }

    private static Texts needed(Texts texts, Tally tally) {
        if (texts.missing().isPresent()) {
            tally.skipped = true;
            abort(texts.missing().get());
        }
        return texts;
    }

    /** What differs from the expectation, if anything. */
    private static Optional<String> check(Command command, byte[] binary, Expectation expectation, Tally tally) {
        String outcome;
        boolean expected;
        try {
            ValidComponent.of(binary, EngineConfig.DEFAULTS);
            outcome = "it is valid";
            expected = expectation == Expectation.VALID;
        } catch (InvalidComponentException e) {
            outcome = e.kind() + ": " + e.getMessage();
            // The engine does not tell which of both is wrong with a core module.
            expected = e.kind().name().equals(expectation.name())
                    || (expectation == Expectation.MALFORMED && e.rule().startsWith("core module: "));
        }
        if (expected) {
            tally.held = tally.held.plus(expectation);
            return Optional.empty();
        }
        return Optional.of("line " + command.line() + ": expected is " + expectation + ", but " + outcome);
    }

    private void counts() {
        StringBuilder table = new StringBuilder("component model: accepted / refused as invalid / as malformed\n");
        tallies.forEach((suite, tally) -> table.append(String.format(
                "  %-11s %2d scripts: %4d / %4d / %4d%s%s%n",
                suite,
                tally.scripts,
                tally.held.accepted(),
                tally.held.invalid(),
                tally.held.malformed(),
                tally.waiting > 0
                        ? "; " + tally.waiting + " commands need a running component, see ComponentModelExecutionTest"
                        : "",
                tally.skipped ? "; skipped for want of a tool" : "")));
        EXCLUDED.forEach((name, reason) -> table.append("  excluded: " + name + ", since " + reason + "\n"));
        System.out.print(table);
        RECORDED.forEach((suite, recorded) -> {
            Tally tally = tallies.getOrDefault(suite, new Tally());
            if (!tally.skipped) {
                assertThat(tally.held.accepted()).as("%s: accepted", suite).isGreaterThanOrEqualTo(recorded.accepted());
                assertThat(tally.held.invalid()).as("%s: invalid", suite).isGreaterThanOrEqualTo(recorded.invalid());
                assertThat(tally.held.malformed())
                        .as("%s: malformed", suite)
                        .isGreaterThanOrEqualTo(recorded.malformed());
            }
        });
    }

    /** The texts of all scripts as binaries, made in one go. */
    private record Texts(Map<String, TextCompiler.Result> results, Optional<String> missing) {
        /** Of one text: the binary, or why it has none. */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Outcome(byte[] binary, Optional<String> refused) {}

        static Texts compile(Iterable<WastScript> scripts) throws InterruptedException {
            List<String> texts = new ArrayList<>();
            for (WastScript script : scripts) {
                for (Command command : script.commands()) {
                    text(command).ifPresent(texts::add);
                }
            }
            try {
                List<TextCompiler.Result> compiled = TextCompiler.install().compile(texts);
                Map<String, TextCompiler.Result> results = new HashMap<>();
                for (int i = 0; i < texts.size(); i++) {
                    results.put(texts.get(i), compiled.get(i));
                }
                return new Texts(results, Optional.empty());
            } catch (MissingToolException e) {
                return new Texts(Map.of(), Optional.of(said("components in text form are skipped: " + e.getMessage())));
            }
        }

        Outcome of(Command command) {
            return switch (text(command).map(results::get).orElse(null)) {
                case TextCompiler.Result.Compiled(byte[] binary) -> new Outcome(binary, Optional.empty());
                case TextCompiler.Result.Refused(String why) -> new Outcome(new byte[0], Optional.of(why));
                case null -> new Outcome(new byte[0], Optional.empty());
            };
        }

        private static Optional<String> text(Command command) {
            return switch (command) {
                case Command.Text text -> Optional.of(text.text());
                case Command.Quote quote -> Optional.of(quote.text());
                case Command.Binary _, Command.Run _ -> Optional.empty();
            };
        }
    }
}

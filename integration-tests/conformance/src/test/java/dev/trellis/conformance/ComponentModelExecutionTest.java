package dev.trellis.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.trellis.conformance.ScriptForm.Items;
import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.ComponentLinkException;
import dev.trellis.host.component.DefinedType;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The component model's own test scripts, run: components are linked and instantiated, functions called, results and traps
 * compared. Of the traps also the rule is compared, in words of our own ({@link #TRAPS}).
 *
 * <p>Needs what {@link ComponentModelConformanceTest} needs.
 */
class ComponentModelExecutionTest {
    /** Suites of which nothing is run, with the reason. */
    private static final Map<String, String> EXCLUDED =
            Map.of("async", "there is no asynchronous runtime yet; the scripts are decoded and validated");

    /** Single commands that are not run, with the reason. */
    private static final Map<String, String> EXCLUDED_LINES = Map.of(
            "linking/tags.wast:134",
            "the engine's runtime tells imported tags apart by their types only, so an equal type catches another's exception");

    /** What each suite has held before; less is a failure. */
    private static final Map<String, Counts> RECORDED =
            Map.of("linking", new Counts(204, 0), "resources", new Counts(5, 12), "values", new Counts(78, 53));

    /** How we say what the scripts expect of a trap. */
    private static final Map<String, String> TRAPS = new LinkedHashMap<>();

    static {
        TRAPS.put("string content out-of-bounds", "string pointer/length out of bounds of memory");
        TRAPS.put("wasm trap: list content out-of-bounds", "realloc return: beyond end of memory");
        TRAPS.put("wasm trap: unaligned pointer", "unaligned pointer");
        TRAPS.put("realloc return: result not aligned", "result not aligned");
        TRAPS.put("incomplete utf-8 byte sequence", "invalid or incomplete utf-8");
        TRAPS.put(
                "handle index 1 used with the wrong type, expected guest-defined resource but found a different"
                        + " guest-defined resource",
                "handle index 1 used with the wrong type, expected guest-defined resource \\d+ but found"
                        + " guest-defined resource \\d+");
    }

    /** Assertions that came out as the scripts say. */
    private record Counts(int returns, int traps) {}

    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    private final Map<String, Counts> held = new TreeMap<>();

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    @TestFactory
    Stream<DynamicNode> componentModel() throws IOException, InterruptedException {
        Path root = ComponentModelConformanceTest.directory();
        if (!Files.isDirectory(root)) {
            return abort("the component model's test scripts are not at " + root + "; the whole suite is skipped");
        }
        Map<Path, List<Items>> scripts = new TreeMap<>();
        List<String> texts = new ArrayList<>();
        for (Path file : ComponentModelConformanceTest.files(root)) {
            if (!EXCLUDED.containsKey(suite(root, file))) {
                List<Items> forms = ScriptForm.parse(Files.readString(file));
                scripts.put(file, forms);
                forms.forEach(form -> component(form).ifPresent(texts::add));
            }
        }
        Map<String, byte[]> binaries = compile(texts);
        Map<String, List<DynamicNode>> suites = new TreeMap<>();
        scripts.forEach((file, forms) -> suites.computeIfAbsent(suite(root, file), _ -> new ArrayList<>())
                .add(DynamicTest.dynamicTest(
                        file.getFileName().toString(),
                        () -> run(suite(root, file), root.relativize(file).toString(), forms, binaries))));
        List<DynamicNode> nodes = new ArrayList<>();
        suites.forEach((suite, tests) -> nodes.add(DynamicContainer.dynamicContainer(suite, tests)));
        nodes.add(DynamicTest.dynamicTest("counts are at least what they were", this::counts));
        return nodes.stream();
    }

    private static String suite(Path root, Path file) {
        return root.relativize(file).getName(0).toString();
    }

    /** The text of the component that a command defines, if it is one to run. */
    private static Optional<String> component(Items form) {
        Items component =
                form.head().equals("assert_trap") || form.head().equals("assert_unlinkable") ? form.items(1) : form;
        boolean isText = component.head().equals("component")
                && !Stream.of("instance", "binary", "quote")
                        .anyMatch(kind -> kind.equals(component.word(1))
                                || kind.equals(component.word(2))
                                || kind.equals(component.word(3)));
        return isText ? Optional.of(text(component)) : Optional.empty();
    }

    private static String text(Items component) {
        return component.word(1).equals("definition")
                ? component.text().replaceFirst("definition", "")
                : component.text();
    }

    private static Map<String, byte[]> compile(List<String> texts) throws InterruptedException {
        Map<String, byte[]> binaries = new HashMap<>();
        try {
            List<TextCompiler.Result> results = TextCompiler.install().compile(texts);
            for (int i = 0; i < texts.size(); i++) {
                if (results.get(i) instanceof TextCompiler.Result.Compiled(byte[] binary)) {
                    binaries.put(texts.get(i), binary);
                }
            }
            return binaries;
        } catch (TextCompiler.MissingToolException e) {
            return abort(String.valueOf(e.getMessage()));
        }
    }

    private void run(String suite, String name, List<Items> forms, Map<String, byte[]> binaries)
            throws InterruptedException {
        Script script = new Script(binaries);
        List<String> deviations = new ArrayList<>();
        for (Items form : forms) {
            boolean excluded = EXCLUDED_LINES.containsKey(name + ":" + form.line());
            String deviation = script.run(form);
            if (excluded) {
                assertThat(deviation)
                        .as("%s:%s is excluded, since %s; this is not so any more", name, form.line(), EXCLUDED_LINES)
                        .isNotNull();
            } else if (deviation != null) {
                deviations.add("line " + form.line() + ": " + deviation);
            }
        }
        script.instances.values().forEach(ComponentInstance::close);
        held.merge(
                suite,
                new Counts(script.returns, script.traps),
                (a, b) -> new Counts(a.returns() + b.returns(), a.traps() + b.traps()));
        assertThat(deviations).isEmpty();
    }

    private void counts() {
        StringBuilder table = new StringBuilder("component model, run: returns / traps\n");
        held.forEach((suite, counts) ->
                table.append(String.format("  %-11s %4d / %4d%n", suite, counts.returns(), counts.traps())));
        EXCLUDED.forEach((suite, reason) -> table.append("  excluded: " + suite + ", since " + reason + "\n"));
        EXCLUDED_LINES.forEach((line, reason) -> table.append("  excluded: " + line + ", since " + reason + "\n"));
        System.out.print(table);
        RECORDED.forEach((suite, recorded) -> {
            Counts counts = held.getOrDefault(suite, new Counts(0, 0));
            assertThat(counts.returns()).as("%s: returns", suite).isGreaterThanOrEqualTo(recorded.returns());
            assertThat(counts.traps()).as("%s: traps", suite).isGreaterThanOrEqualTo(recorded.traps());
        });
    }

    /** One script while it runs. */
    private static final class Script {
        private final Map<String, byte[]> binaries;
        private final Map<String, byte[]> definitions = new HashMap<>();
        private final Map<String, ComponentInstance> instances = new HashMap<>();
        private int returns;
        private int traps;

        Script(Map<String, byte[]> binaries) {
            this.binaries = binaries;
        }

        /** What differs from the expectation, or null. */
        @Nullable
        String run(Items form) throws InterruptedException {
            try {
                switch (form.head()) {
                    case "component" -> define(form);
                    case "invoke" -> invoke(form, List.of());
                    case "assert_return" -> {
                        String deviation = invoke(form.items(1), form.from(2));
                        if (deviation != null) {
                            return deviation;
                        }
                        returns++;
                    }
                    case "assert_trap" -> {
                        return trap(form);
                    }
                    case "assert_unlinkable" -> {
                        try {
                            define(form.items(1));
                            return "it links";
                        } catch (ComponentLinkException e) {
                            return null;
                        }
                    }
                    case "assert_invalid", "assert_malformed" -> {
                        // The other test's.
                    }
                    default -> {
                        return "unknown command " + form.head();
                    }
                }
                return null;
            } catch (RuntimeException e) {
                return e.toString();
            }
        }

        private void define(Items form) throws InterruptedException {
            int next = 1;
            boolean definition = form.word(1).equals("definition");
            boolean instance = form.word(1).equals("instance");
            if (definition || instance) {
                next++;
            }
            String name = form.word(next).startsWith("$") ? form.word(next) : "";
            if (instance) {
                instantiate(name, Objects.requireNonNull(definitions.get(form.word(next + 1))));
                return;
            }
            byte[] binary = binaries.get(ComponentModelExecutionTest.text(form));
            if (binary == null) {
                return; // binary forms, which the other test checks
            }
            definitions.put(name, binary);
            if (!definition) {
                instantiate(name, binary);
            }
        }

        private void instantiate(String name, byte[] binary) throws InterruptedException {
            ValidComponent component = ValidComponent.of(binary, EngineConfig.DEFAULTS);
            if (!component.type().imports().isEmpty()) {
                return; // The suites have no host; such components are there to be validated.
            }
            LinkedComponent linked = LinkedComponent.link(component, ENGINE, ComponentImports.none());
            ComponentInstance made = linked.newInstance(GuestLimits.DEFAULTS, null);
            instances.put(name, made);
            instances.put("", made);
        }

        private @Nullable String invoke(Items form, List<ScriptForm> expected) throws InterruptedException {
            int next = form.word(1).startsWith("$") ? 2 : 1;
            ComponentInstance instance = Objects.requireNonNull(instances.get(next == 2 ? form.word(1) : ""));
            ComponentExport export =
                    instance.component().export(form.literal(next)).orElseThrow();
            List<DefinedType.Field> parameters = export.type().parameters();
            Object[] args = new Object[parameters.size()];
            for (int i = 0; i < args.length; i++) {
                args[i] =
                        ScriptValues.value(parameters.get(i).type(), form.all().get(next + 1 + i));
            }
            instance.begin(GuestLimits.DEFAULTS.timeBudget());
            Object result = instance.call(export, args);
            String shown = ScriptValues.show(result);
            if (expected.isEmpty()) {
                return null;
            }
            String wanted =
                    ScriptValues.show(ScriptValues.value(export.type().result().orElseThrow(), expected.getFirst()));
            return shown.equals(wanted) ? null : "expected is " + wanted + ", was " + shown;
        }

        private @Nullable String trap(Items form) throws InterruptedException {
            Items action = form.items(1);
            String rule = form.literal(2);
            try {
                if (action.head().equals("invoke")) {
                    invoke(action, List.of());
                } else {
                    define(action);
                }
                return "it does not trap with: " + rule;
            } catch (GuestException e) {
                String words = TRAPS.containsKey(rule) ? TRAPS.get(rule) : Pattern.quote(rule);
                if (!Pattern.compile(words).matcher(e.getMessage()).find()) {
                    return "expected is a trap that says '" + rule + "', was: " + e.getMessage();
                }
                traps++;
                return null;
            }
        }
    }
}

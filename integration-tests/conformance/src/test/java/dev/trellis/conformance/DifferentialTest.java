package dev.trellis.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.trellis.conformance.TextCompiler.MissingToolException;
import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentPool;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.component.Variant;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The same components with the same arguments here and in another host, jco in Node.js: the same results and the same
 * traps. {@code -Dtrellis.differential.seed=N} repeats a run, {@code -Dtrellis.differential.calls=N} makes it longer.
 */
class DifferentialTest {
    private static final long SEED = Long.getLong("trellis.differential.seed", 20_261_120L);
    private static final int CALLS = Integer.getInteger("trellis.differential.calls", 30);
    private static final long ORACLE_SECONDS_MAX = 120;

    private static final int SHOWN_LENGTH_MAX = 1_500;

    private static final String MIRROR = "trellis:mirror/values@1.0.0#";
    private static final String PRICING = "acme:shop/pricing@1.0.0#";
    private static final List<String> PRODUCTS =
            List.of("boat", "apple", "e-book", "pear", "stra\u00dfe-map", "SAVE10");

    /** Functions whose arguments decide how much stack and memory they take: chance would compare limits of hosts. */
    private static final Set<String> BY_HAND = Set.of("allocate", "deep", "strings");

    /** Calls that chance seldom finds: a function and its arguments. */
    private static final List<List<Object>> EDGES = List.of(
            List.of("divide", 7, 0),
            List.of("divide", Integer.MIN_VALUE, -1),
            List.of("divide", Integer.MIN_VALUE, 1),
            List.of("unreachable", true),
            List.of("unreachable", false),
            List.of("at", new int[] {5, 6, -1}, 2L),
            List.of("at", new int[] {5, 6, -1}, 3L),
            List.of("at", new int[0], 0L),
            List.of("deep", 100L),
            List.of("deep", 4_000_000_000L),
            List.of("allocate", 1_000L),
            List.of("allocate", 1L << 32),
            List.of("allocate", -1L),
            List.of("strings", 300L),
            List.of("strings", 0L),
            List.of("same-u8s", new byte[200_000]),
            List.of("same-f64s", new double[50_000]),
            List.of("reversed", "\ud83d\ude00\ud7ff\ue000\u0000\uffff".repeat(2_000)));

    private static final JsonMapper JSON = new JsonMapper();
    private static final JsonNode TRAP = JSON.getNodeFactory().stringNode("trap");
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    /** A function with arguments. */
    private record Call(ComponentExport function, List<Object> args) {}

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    @Test
    void valuesOfEveryType_areAndTrapAsInAnotherHost() throws Exception {
        Path file = sdk("test-guests/mirror/mirror.wasm");
        try (ComponentPool pool = pool(file)) {
            List<Call> calls = calls(pool, List.of());
            assertThat(calls.size()).isGreaterThan(500);
            EDGES.forEach(
                    edge -> calls.add(new Call(export(pool, MIRROR + edge.getFirst()), edge.subList(1, edge.size()))));
            compare(oracle(file, calls), answers(pool, calls), calls, 20);
        }
    }

    @Test
    void pricing_isTheSameInAnotherHost_andInAnotherLanguage() throws Exception {
        Path rust = sdk("samples/shop/pricing/pricing.wasm");
        try (ComponentPool pool = pool(rust);
                ComponentPool javascript = pool(sdk("samples/pricing-js/pricing-js.wasm"))) {
            List<Call> calls = new ArrayList<>();
            Random random = new Random(SEED);
            calls.add(new Call(export(pool, PRICING + "catalogue"), List.of()));
            PRODUCTS.forEach(sku -> calls.add(new Call(export(pool, PRICING + "find"), List.of(sku))));
            for (int i = 0; i < CALLS; i++) {
                calls.add(new Call(export(pool, PRICING + "price"), List.of(order(random))));
            }
            List<JsonNode> here = answers(pool, calls);
            assertThat(here)
                    .as("prices, not only refusals")
                    .anyMatch(one -> one.path(0).asString("").equals("ok"));
            compare(here, answers(javascript, calls), calls, 0);

            // Not in JavaScript: its numbers end at 2^53, and of u32 the runtime makes signed ones.
            calls.addAll(calls(pool, PRODUCTS));
            compare(oracle(rust, calls), answers(pool, calls), calls, 0);
        }
    }

    /** An order of products that there are; it has a price more often than not. */
    private static Object order(Random random) {
        List<Object> items = new ArrayList<>();
        for (int left = random.nextInt(1, 5); left > 0; left--) {
            items.add(List.of(PRODUCTS.get(random.nextInt(1, PRODUCTS.size())), (long) random.nextInt(10)));
        }
        List<Object> discounts = new ArrayList<>();
        for (int left = random.nextInt(3); left > 0; left--) {
            discounts.add(
                    switch (random.nextInt(4)) {
                        case 0 -> new Variant("percent", random.nextInt(102));
                        case 1 -> new Variant("amount", List.of("eur", random.nextLong(-10, 1000)));
                        case 2 -> new Variant("coupon", "SAVE10");
                        default -> Variant.of("free-shipping");
                    });
        }
        return List.of(items, discounts, random.nextLong(8), Optional.empty());
    }

    // ---- calls

    private static ComponentPool pool(Path file) throws Exception {
        ValidComponent component = ValidComponent.of(Files.readAllBytes(file), EngineConfig.DEFAULTS);
        return LinkedComponent.link(component, ENGINE, ComponentImports.none()).pool(GuestLimits.DEFAULTS, null);
    }

    private static Path sdk(String file) {
        return Path.of(System.getProperty("trellis.root", "../.."), "actor-sdk", file);
    }

    private static ComponentExport export(ComponentPool pool, String path) {
        return pool.component().export(path).orElseThrow(() -> new AssertionError(path));
    }

    /** Generated calls of every function that an interface exports, in the order of their names. */
    private static List<Call> calls(ComponentPool pool, List<String> words) {
        var generated = new GeneratedValues(new Random(SEED), words);
        List<Call> calls = new ArrayList<>();
        new TreeMap<>(pool.component().exports()).forEach((path, function) -> {
            String name = path.substring(path.indexOf('#') + 1);
            for (int i = 0; i < CALLS && !BY_HAND.contains(name); i++) {
                List<Object> args = new ArrayList<>();
                function.type().parameters().forEach(parameter -> args.add(generated.value(parameter.type(), 0)));
                calls.add(new Call(function, args));
            }
        });
        return calls;
    }

    /** What a component answers here, an instance for each call. */
    private static List<JsonNode> answers(ComponentPool pool, List<Call> calls) throws InterruptedException {
        List<JsonNode> answers = new ArrayList<>();
        for (Call call : calls) {
            try (var instance = pool.borrow()) {
                Object result =
                        instance.call(call.function().path(), call.args().toArray());
                answers.add(call.function()
                        .type()
                        .result()
                        .map(type -> ComparedValues.value(type, result))
                        .orElse(JSON.getNodeFactory().nullNode()));
            } catch (GuestException e) {
                assertThat(e.failure()).isInstanceOfAny(GuestFailure.Trapped.class, GuestFailure.StackExhausted.class);
                answers.add(TRAP);
            }
        }
        return answers;
    }

    /** What it answers in Node.js. */
    private static List<JsonNode> oracle(Path component, List<Call> calls) throws IOException, InterruptedException {
        Path script;
        try {
            script = TextCompiler.install().script("oracle.mjs");
        } catch (MissingToolException e) {
            return abort("nothing is compared with another host: " + e.getMessage());
        }
        Path input = Files.createTempFile("differential", ".in");
        Path output = Files.createTempFile("differential", ".out");
        Path errors = Files.createTempFile("differential", ".err");
        try {
            Files.write(input, calls.stream().map(DifferentialTest::line).toList());
            Process node = new ProcessBuilder("node", script.toString(), component.toString())
                    .redirectInput(input.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile())
                    .start();
            if (!node.waitFor(ORACLE_SECONDS_MAX, TimeUnit.SECONDS) || node.exitValue() != 0) {
                node.destroyForcibly();
                throw new IllegalStateException("the other host failed: " + Files.readString(errors));
            }
            return Files.readAllLines(output).stream().map(JSON::readTree).toList();
        } finally {
            for (Path file : List.of(input, output, errors)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static String line(Call call) {
        ObjectNode line = JSON.createObjectNode();
        String path = call.function().path();
        line.put("instance", path.substring(0, path.indexOf('#')));
        line.put("function", path.substring(path.indexOf('#') + 1));
        var parameters = call.function().type().parameters();
        ArrayNode types = line.putArray("parameters");
        ArrayNode args = line.putArray("args");
        for (int i = 0; i < parameters.size(); i++) {
            types.add(ComparedValues.type(parameters.get(i).type()));
            args.add(ComparedValues.value(parameters.get(i).type(), call.args().get(i)));
        }
        line.set(
                "result",
                call.function()
                        .type()
                        .result()
                        .map(ComparedValues::type)
                        .orElse(JSON.getNodeFactory().nullNode()));
        return JSON.writeValueAsString(line);
    }

    private static void compare(List<JsonNode> wanted, List<JsonNode> found, List<Call> calls, int trapsMin) {
        assertThat(found.size()).isEqualTo(calls.size());
        assertThat(wanted.size()).isEqualTo(calls.size());
        List<String> deviations = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            if (!wanted.get(i).equals(found.get(i))) {
                deviations.add(shortened(line(calls.get(i))) + "\n  expected "
                        + shortened(wanted.get(i).toString()) + "\n  was      "
                        + shortened(found.get(i).toString()));
            }
        }
        assertThat(deviations).as("seed " + SEED).isEmpty();
        assertThat(found.stream().filter(TRAP::equals).count()).isGreaterThanOrEqualTo(trapsMin);
    }

    private static String shortened(String text) {
        return text.length() <= SHOWN_LENGTH_MAX ? text : text.substring(0, SHOWN_LENGTH_MAX) + "...";
    }
}

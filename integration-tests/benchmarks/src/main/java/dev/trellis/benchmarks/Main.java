package dev.trellis.benchmarks;

import dev.trellis.lattice.model.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.core.type.TypeReference;

/**
 * Runs benchmarks one after the other, each in a JVM of its own, and writes a table to standard output and a JSON file
 * with the conditions. {@code --brief} only shows that they work.
 */
public final class Main {
    /** The benchmarks, and how long each may take; a longer one is ended. Together they take at most eighteen minutes. */
    private enum Known {
        ACTOR_CALL("actor-call", Duration.ofSeconds(60), new ActorCall()),
        COMPONENT("component", Duration.ofMinutes(4), new ComponentCall()),
        HTTP("http", Duration.ofSeconds(150), new HttpThroughput()),
        REMOTE_CALL("remote-call", Duration.ofSeconds(90), new RemoteCall()),
        SQL("sql", Duration.ofMinutes(2), new StoreCall()),
        TRACING("tracing", Duration.ofMinutes(2), new Tracing()),
        START("start", Duration.ofSeconds(90), new Start()),
        SWAP("swap", Duration.ofSeconds(150), new Swap());

        private final String argument;
        private final Duration most;
        private final Benchmark benchmark;

        Known(String argument, Duration most, Benchmark benchmark) {
            this.argument = argument;
            this.most = most;
            this.benchmark = benchmark;
        }

        static Known of(String argument) {
            return Arrays.stream(values())
                    .filter(known -> known.argument.equals(argument))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no benchmark '%s'; there are: %s"
                            .formatted(
                                    argument,
                                    String.join(
                                            ", ",
                                            Arrays.stream(values())
                                                    .map(known -> known.argument)
                                                    .toList()))));
        }
    }

    private Main() {}

    /** Arguments: {@code --brief}, names of benchmarks (none for all). */
    public static void main(String... arguments) throws Exception {
        Path root = Path.of(System.getProperty("trellis.root")).toAbsolutePath();
        if (arguments.length == 4 && arguments[0].equals("--child")) {
            var settings = new Settings(root, Path.of(arguments[2]), Boolean.parseBoolean(arguments[3]));
            List<Row> rows = Known.of(arguments[1]).benchmark.run(settings);
            Files.write(settings.temporary().resolve("rows.json"), WireJson.write(rows));
            System.exit(0); // a guest or a client may have left a thread behind
        }
        var names = new LinkedHashSet<>(List.of(arguments));
        boolean brief = names.remove("--brief");
        List<Known> chosen;
        try {
            chosen = names.isEmpty()
                    ? List.of(Known.values())
                    : names.stream().map(Known::of).toList();
        } catch (IllegalArgumentException e) {
            System.err.println("run: " + e.getMessage());
            System.exit(2);
            return;
        }
        Map<String, Object> conditions = Conditions.now(root, brief);
        var rows = new ArrayList<Row>();
        for (Known known : chosen) {
            System.err.println("Measuring " + known.argument + " (at most " + known.most.toSeconds() + " s) ...");
            rows.addAll(inOwnJvm(known, brief));
        }
        conditions.put("load_average_after", Conditions.loadAverage());
        var all = new LinkedHashMap<String, Object>();
        all.put("conditions", conditions);
        all.put("rows", rows);
        Path file = root.resolve("integration-tests/benchmarks/target/results.json");
        Files.writeString(file, WireJson.writePretty(all) + "\n");
        conditions.forEach((name, value) -> System.out.println(name + ": " + value));
        System.out.print(Table.of(rows));
        System.out.println("written to " + root.relativize(file));
    }

    private static List<Row> inOwnJvm(Known known, boolean brief) throws IOException, InterruptedException {
        Path temporary = Files.createTempDirectory("trellis-benchmark-");
        Process process = Child.javaCommand(
                        Main.class, "--child", known.argument, temporary.toString(), Boolean.toString(brief))
                .inheritIO()
                .start();
        try {
            if (!process.waitFor(known.most.toSeconds(), TimeUnit.SECONDS)) {
                return List.of(
                        Row.skipped(known.argument, "all", "it did not end within " + known.most.toSeconds() + " s"));
            }
            if (process.exitValue() != 0) {
                return List.of(Row.skipped(known.argument, "all", "it failed; see above"));
            }
            return WireJson.read(Files.readAllBytes(temporary.resolve("rows.json")), new TypeReference<List<Row>>() {});
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            delete(temporary);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}

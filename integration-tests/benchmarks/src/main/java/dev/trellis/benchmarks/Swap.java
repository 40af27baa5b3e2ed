package dev.trellis.benchmarks;

import dev.trellis.lattice.model.WireJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/**
 * {@code trellis provider swap} between two key-value providers of a running application under load: from when the
 * controller has taken the new version to when calls go to the new provider, and to when the old one has stopped.
 */
final class Swap implements Benchmark {
    private static final String NAME = "swap";
    private static final Duration READY_MAX = Duration.ofSeconds(40);
    private static final Duration COMMAND_MAX = Duration.ofSeconds(60);
    private static final int SWAPS = 6;

    private static final String MANIFEST = """
            apiVersion: core.oam.dev/v1beta1
            kind: Application
            metadata: {name: bench}
            spec:
              components:
                - name: shop
                  type: actor
                  properties: {image: 'user-actor:1'}
                  traits:
                    - {type: spreadscaler, properties: {instances: 8}}
                    - {type: linkdef, properties: {target: http}}
                    - {type: linkdef, properties: {target: one}}
                - name: http
                  type: capability
                  properties:
                    image: trellis:http-server
                    config: {address: '127.0.0.1:PORT'}
                - name: one
                  type: capability
                  properties: {image: 'trellis:keyvalue-nats'}
                - name: two
                  type: capability
                  properties: {image: 'trellis:keyvalue-nats'}
                  traits: [{type: spreadscaler, properties: {instances: 0}}]
            """;

    private record Calls(long moved, long drained, long failed) {}

    private record Told(long startedMs, long flippedMs, long stoppedMs, Calls calls) {}

    private record Document(Told data) {}

    @Override
    public List<Row> run(Settings settings) throws Exception {
        if (Programs.find("nats-server").isEmpty()) {
            return List.of(Row.skipped(NAME, "swap of a provider", "there is no nats-server on the PATH"));
        }
        String trellis = settings.root().resolve("trellis").toString();
        Programs.output(List.of(trellis, "version")); // builds it
        Path data = settings.temporary();
        int port = Programs.freePort();
        Path manifest = Files.writeString(data.resolve("wadm.yaml"), MANIFEST.replace("PORT", Integer.toString(port)));
        try (var nats = NatsServer.start(data.resolve("js"));
                var controller = service(
                        trellis,
                        nats,
                        data,
                        "controller",
                        "--data",
                        data.resolve("controller").toString());
                var host = service(
                        trellis,
                        nats,
                        data,
                        "host",
                        "--data",
                        data.resolve("host").toString())) {
            controller.await(line -> line.contains("leads lattice"), READY_MAX);
            host.await(line -> line.contains("Host is up"), READY_MAX);
            command(
                    trellis,
                    nats,
                    data,
                    "deploy",
                    manifest.toString(),
                    "--wait=60s",
                    "--image",
                    "user-actor:1=" + settings.root().resolve("actor-sdk/samples/user-actor/user-actor.wasm"));
            var swaps = new ArrayList<Told>();
            var load = new Load(Integer.toString(port));
            try (load) {
                for (int i = 0; i < (settings.brief() ? 1 : SWAPS); i++) {
                    String[] names = i % 2 == 0 ? new String[] {"one", "two"} : new String[] {"two", "one"};
                    String told =
                            command(trellis, nats, data, "provider", "swap", "bench", names[0], names[1], "-o", "json");
                    swaps.add(WireJson.read(told.getBytes(StandardCharsets.UTF_8), Document.class)
                            .data());
                }
            }
            return List.of(Row.of(NAME, "swap of a key-value provider under load")
                    .with("started_ms", median(swaps, Told::startedMs))
                    .with("flipped_ms", median(swaps, Told::flippedMs))
                    .with("stopped_ms", median(swaps, Told::stoppedMs))
                    .with("calls_moved", sum(swaps, told -> told.calls().moved()))
                    .with("calls_failed", sum(swaps, told -> told.calls().failed()))
                    .with("http_not_200", load.failed)
                    .noting("median of " + swaps.size() + "; the old one serves late calls for 3 s by design"));
        }
    }

    private static double median(List<Told> swaps, ToLongFunction<Told> figure) {
        long[] all = swaps.stream().mapToLong(figure).sorted().toArray();
        return all[all.length / 2];
    }

    private static double sum(List<Told> swaps, ToLongFunction<Told> figure) {
        return swaps.stream().mapToLong(figure).sum();
    }

    private static ProcessBuilder builder(String trellis, NatsServer nats, Path data, String... arguments) {
        var words = new ArrayList<>(List.of(trellis));
        words.addAll(Arrays.asList(arguments));
        var builder = new ProcessBuilder(words);
        builder.environment()
                .putAll(Map.of(
                        "TRELLIS_NATS_URL",
                        nats.url(),
                        "TRELLIS_DATA",
                        data.resolve("data").toString()));
        return builder;
    }

    private static Child service(String trellis, NatsServer nats, Path data, String... arguments) throws IOException {
        return Child.start(builder(trellis, nats, data, arguments).redirectErrorStream(true));
    }

    private static String command(String trellis, NatsServer nats, Path data, String... arguments)
            throws IOException, InterruptedException {
        Process process = builder(trellis, nats, data, arguments)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(COMMAND_MAX.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", arguments) + " failed");
            }
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    /** One request after the other until it is closed. */
    private static final class Load implements AutoCloseable {
        private volatile boolean stop;
        private int failed; // read once it is closed
        private final Thread thread;

        Load(String port) {
            thread = Thread.ofPlatform().start(() -> {
                while (!stop) {
                    if (Http.status("http://127.0.0.1:" + port + "/users") != 200) {
                        failed++;
                    }
                }
            });
        }

        @Override
        public void close() {
            stop = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

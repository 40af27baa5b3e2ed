package dev.trellis.benchmarks;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Executors;

/**
 * Requests through the HTTP server and an actor that does next to nothing, two spans each: with tracing off, with every
 * span recorded and published to the lattice as far as the rate allows, and with a collector besides. The controller's
 * store is in the same process, as under {@code trellis up}; the collector, which takes all and keeps nothing, is in this
 * one. All on the same cores.
 */
final class Tracing implements Benchmark {
    private static final String NAME = "tracing";
    private static final int CONNECTIONS = 64;
    private static final int ROUNDS = 7;
    private static final Duration WARM_UP = Duration.ofSeconds(7);
    private static final Duration PASS = Duration.ofSeconds(2);

    @Override
    public List<Row> run(Settings settings) throws Exception {
        HttpServer collector = collector();
        try (LoadedServer off = LoadedServer.start(settings, "actor");
                LoadedServer on = LoadedServer.start(settings, "traced");
                LoadedServer exporting = LoadedServer.start(
                        settings,
                        "traced",
                        "http://127.0.0.1:" + collector.getAddress().getPort())) {
            var ways = new LinkedHashMap<String, Rounds.Pass<LoadedServer.Measured>>();
            ways.put("off", time -> off.measure(CONNECTIONS, time));
            ways.put("on", time -> on.measure(CONNECTIONS, time));
            ways.put("exporting", time -> exporting.measure(CONNECTIONS, time));
            int rounds = settings.brief() ? settings.rounds() : ROUNDS;
            var passes = Rounds.interleaved(rounds, settings.time(WARM_UP), settings.time(PASS), ways);
            Row without = LoadedServer.row(NAME, "off", passes.of("off"));
            return List.of(
                    LoadedServer.row(NAME, "100 %, to the lattice", passes.of("on"))
                            .against(without)
                            .ratioAtLeast("per_s", 0.95),
                    LoadedServer.row(NAME, "100 %, to the lattice and a collector", passes.of("exporting"))
                            .against(without),
                    without);
        } finally {
            collector.stop(0);
        }
    }

    private static HttpServer collector() throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(200, -1);
            }
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return server;
    }
}

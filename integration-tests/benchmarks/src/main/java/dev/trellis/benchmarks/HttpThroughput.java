package dev.trellis.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Requests through the HTTP server and an actor, a component in Rust or a classic one in C, beside the same server over a plain Java handler, and Vert.x alone.
 * Each server has a JVM of its own; all are up, one at a time is under load.
 */
final class HttpThroughput implements Benchmark {
    private static final String NAME = "http";
    private static final List<Integer> CONNECTIONS = List.of(64, 256);
    private static final Duration WARM_UP = Duration.ofSeconds(7);
    private static final Duration PASS = Duration.ofSeconds(4);

    @Override
    public List<Row> run(Settings settings) throws Exception {
        try (LoadedServer component = LoadedServer.start(settings, "actor", settings.guest("hello-http"));
                LoadedServer actor = LoadedServer.start(settings, "actor");
                LoadedServer plain = LoadedServer.start(settings, "plain");
                LoadedServer bare = LoadedServer.start(settings, "bare")) {
            var rows = new ArrayList<Row>();
            for (int connections : CONNECTIONS) {
                var ways = new LinkedHashMap<String, Rounds.Pass<LoadedServer.Measured>>();
                ways.put("component", time -> component.measure(connections, time));
                ways.put("actor", time -> actor.measure(connections, time));
                ways.put("plain", time -> plain.measure(connections, time));
                ways.put("bare", time -> bare.measure(connections, time));
                var warmUp = connections == CONNECTIONS.getFirst() ? WARM_UP : Duration.ofSeconds(1);
                var passes = Rounds.interleaved(settings.rounds(), settings.time(warmUp), settings.time(PASS), ways);
                Row java = row("plain Java handler", connections, passes.of("plain"));
                rows.add(row("component", connections, passes.of("component")).against(java));
                rows.add(row("classic actor", connections, passes.of("actor"))
                        .against(java)
                        .ratioAtLeast("per_s", 0.78)
                        .ratioAtMost("p99_us", 1.31));
                rows.add(java);
                rows.add(row("bare Vert.x", connections, passes.of("bare")));
            }
            return rows;
        }
    }

    private static Row row(String subject, int connections, List<LoadedServer.Measured> passes) {
        return LoadedServer.row(NAME, subject + ", " + connections + " connections", passes);
    }
}

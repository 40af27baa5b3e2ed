package dev.trellis.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Requests through the HTTP server and an actor, beside the same server over a plain Java handler, and Vert.x alone.
 * Each server has a JVM of its own; all are up, one at a time is under load.
 */
final class HttpThroughput implements Benchmark {
    private static final String NAME = "http";
    private static final List<Integer> CONNECTIONS = List.of(64, 256);
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration WARM_UP = Duration.ofSeconds(7);
    private static final Duration PASS = Duration.ofSeconds(4);

    /** One pass; processor time is the server's, user and system. */
    private record Measured(HttpLoad load, double cpuMicrosPerRequest) {}

    @Override
    public List<Row> run(Settings settings) throws Exception {
        try (Server actor = Server.start(settings, "actor");
                Server plain = Server.start(settings, "plain");
                Server bare = Server.start(settings, "bare")) {
            var rows = new ArrayList<Row>();
            for (int connections : CONNECTIONS) {
                var ways = new LinkedHashMap<String, Rounds.Pass<Measured>>();
                ways.put("actor", time -> actor.measure(connections, time));
                ways.put("plain", time -> plain.measure(connections, time));
                ways.put("bare", time -> bare.measure(connections, time));
                var warmUp = connections == CONNECTIONS.getFirst() ? WARM_UP : Duration.ofSeconds(1);
                var passes = Rounds.interleaved(settings.rounds(), settings.time(warmUp), settings.time(PASS), ways);
                Row java = row("plain Java handler", connections, passes.of("plain"));
                rows.add(row("actor", connections, passes.of("actor"))
                        .against(java)
                        .ratioAtLeast("per_s", 0.78)
                        .ratioAtMost("p99_us", 1.31));
                rows.add(java);
                rows.add(row("bare Vert.x", connections, passes.of("bare")));
            }
            return rows;
        }
    }

    private static Row row(String subject, int connections, List<Measured> passes) {
        Row row = Row.of(NAME, subject + ", " + connections + " connections")
                .with("per_s", median(passes, pass -> pass.load.perSecond()))
                .with("p50_us", median(passes, pass -> pass.load.p50Micros()))
                .with("p99_us", median(passes, pass -> pass.load.p99Micros()))
                .with("server_cpu_us_per_request", median(passes, Measured::cpuMicrosPerRequest));
        double failures =
                passes.stream().mapToDouble(pass -> pass.load.failures()).sum();
        return failures == 0 ? row : row.noting((long) failures + " requests failed: the figures do not count");
    }

    private static double median(List<Measured> passes, ToDoubleFunction<Measured> figure) {
        double[] sorted = passes.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private record Server(Child process, int port) implements AutoCloseable {
        static Server start(Settings settings, String kind) throws Exception {
            int port = Programs.freePort();
            Child process = Child.java(
                    HttpServerProcess.class,
                    kind,
                    Integer.toString(port),
                    settings.temporary().toString(),
                    settings.guest("echo-c").toString());
            process.await(line -> line.equals("ready"), START_MAX);
            return new Server(process, port);
        }

        Measured measure(int connections, Duration time) throws Exception {
            Duration before = process.cpu();
            HttpLoad load = HttpLoad.run(port, connections, time);
            return new Measured(load, process.cpu().minus(before).toNanos() / 1e3 / load.requests());
        }

        @Override
        public void close() {
            process.close();
        }
    }
}

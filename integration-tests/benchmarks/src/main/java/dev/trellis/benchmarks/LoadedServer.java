package dev.trellis.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One of the servers that are compared, in a JVM of its own. */
record LoadedServer(Child process, int port) implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(60);

    /** One pass; processor time is the server's, user and system. */
    record Measured(HttpLoad load, double cpuMicrosPerRequest) {}

    /** Starts a server of a kind that {@link HttpServerProcess} knows; an actor is {@code echo-c}. */
    static LoadedServer start(Settings settings, String kind, String... more) throws Exception {
        return start(settings, kind, settings.guest("echo-c"), more);
    }

    /** Starts a server of a kind that {@link HttpServerProcess} knows. */
    static LoadedServer start(Settings settings, String kind, Path image, String... more) throws Exception {
        int port = Programs.freePort();
        var arguments = new ArrayList<String>();
        arguments.add(kind);
        arguments.add(Integer.toString(port));
        arguments.add(settings.temporary().toString());
        arguments.add(image.toString());
        arguments.addAll(List.of(more));
        Child process = Child.java(HttpServerProcess.class, arguments.toArray(String[]::new));
        process.await(line -> line.equals("ready"), START_MAX);
        return new LoadedServer(process, port);
    }

    Measured measure(int connections, Duration time) throws Exception {
        Duration before = process.cpu();
        HttpLoad load = HttpLoad.run(port, connections, time);
        return new Measured(load, process.cpu().minus(before).toNanos() / 1e3 / load.requests());
    }

    /** The medians of several passes. */
    static Row row(String benchmark, String subject, List<Measured> passes) {
        Row row = Row.of(benchmark, subject)
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

    @Override
    public void close() {
        process.close();
    }
}

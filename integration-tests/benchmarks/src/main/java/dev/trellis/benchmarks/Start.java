package dev.trellis.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code ./trellis up --demo} to the first answered request, and the memory of a host with idle actors. */
final class Start implements Benchmark {
    private static final String NAME = "start";
    private static final Duration UP_MAX = Duration.ofSeconds(40);
    private static final Duration SCALE_MAX = Duration.ofSeconds(40);
    private static final Duration POLL = Duration.ofMillis(5);
    private static final int WARM_STARTS = 3;
    private static final List<Integer> INSTANCES = List.of(1, 100, 1_000);
    private static final Pattern READY = Pattern.compile("serves on (http://[A-Za-z0-9.-]+:[0-9]+)");
    private static final String PATH = "/users";
    private static final double MEBIBYTE = 1 << 20;

    @Override
    public List<Row> run(Settings settings) throws Exception {
        var rows = new ArrayList<Row>();
        startUp(settings, rows);
        idle(settings, rows);
        return rows;
    }

    private static void startUp(Settings settings, List<Row> rows) throws Exception {
        String trellis = settings.root().resolve("trellis").toString();
        try {
            Programs.output(List.of(trellis, "version")); // run has built it: that is not the start
            Path data = settings.temporary().resolve("up");
            rows.add(Row.of(NAME, "up --demo to first answer, nothing cached").with("ms", up(trellis, data)));
            int starts = settings.brief() ? 1 : WARM_STARTS;
            double[] warm = new double[starts];
            for (int i = 0; i < starts; i++) {
                warm[i] = up(trellis, data);
            }
            java.util.Arrays.sort(warm);
            rows.add(Row.of(NAME, "up --demo to first answer, same data folder again")
                    .with("ms", warm[starts / 2])
                    .noting("median of " + starts));
        } catch (java.io.IOException | TimeoutException e) {
            rows.add(Row.skipped(NAME, "up --demo to first answer", String.valueOf(e.getMessage())));
        }
    }

    /** Milliseconds from the start of the process to the first answer of the demo. */
    private static double up(String trellis, Path data) throws Exception {
        var command = new ProcessBuilder(trellis, "up", "--demo").redirectErrorStream(true);
        command.environment().put("TRELLIS_DATA", data.toString());
        long start = System.nanoTime();
        try (Child up = Child.start(command)) {
            Matcher ready = READY.matcher(up.await(said -> READY.matcher(said).find(), UP_MAX));
            String url = ready.find() ? ready.group(1) + PATH : "";
            while (Http.status(url) != 200) {
                if (System.nanoTime() - start > UP_MAX.toNanos()) {
                    throw new TimeoutException(url + " was not answered with 200 within " + UP_MAX.toSeconds() + " s");
                }
                Thread.sleep(POLL);
            }
            return (System.nanoTime() - start) / 1e6;
        }
    }

    private static void idle(Settings settings, List<Row> rows) throws Exception {
        String image = settings.guest("echo-c").toString();
        try (Child host = Child.java(IdleHostProcess.class, settings.temporary().toString(), image)) {
            host.await(line -> line.equals("ready"), UP_MAX);
            double first = 0;
            for (int instances : INSTANCES) {
                host.ask(Integer.toString(instances), SCALE_MAX);
                double rss = host.rssBytes() / MEBIBYTE;
                double heap = Long.parseLong(host.ask("gc", SCALE_MAX)) / MEBIBYTE;
                Row row = Row.of(NAME, "host with " + instances + " idle actors")
                        .with("rss_mb", rss)
                        .with("rss_after_gc_mb", host.rssBytes() / MEBIBYTE)
                        .with("live_heap_mb", heap);
                if (instances == INSTANCES.getFirst()) {
                    first = heap;
                } else {
                    row = row.with(
                            "live_heap_kb_per_actor", (heap - first) * 1024 / (instances - INSTANCES.getFirst()));
                }
                rows.add(row);
            }
        }
    }
}

package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a host process holds once everything that nobody refers to is gone.
 *
 * @param objects live objects of the classes in question, by their names
 * @param threads of the operating system
 */
record HostMemory(Map<String, Integer> objects, int threads) {
    /** Of these a call may leave no more behind than pools keep: instances, what guests hold of the host, calls. */
    private static final List<String> WATCHED = List.of(
            "dev.trellis.host.component.ComponentInstance",
            "dev.trellis.host.component.HandleTable",
            "dev.trellis.host.wasi.WasiCall",
            "dev.trellis.host.wasi.IncomingRequest",
            "dev.trellis.host.wasi.OutgoingResponse",
            "dev.trellis.host.wasi.InputStreamHandle",
            "dev.trellis.host.wasi.OutputStreamHandle",
            "java.lang.VirtualThread",
            "java.lang.Thread");

    /** Instances that pools may have made in between, calls that are just over. */
    private static final int SLACK = 24;

    /** A row of what jcmd prints after a collection of garbage: number, objects, bytes, class. */
    private static final Pattern ROW = Pattern.compile("^ *\\d+: +(?<count>\\d+) +\\d+ +(?<name>\\S+)");

    HostMemory {
        objects = Map.copyOf(objects);
    }

    static HostMemory of(TrellisProcess host) throws IOException, InterruptedException {
        var objects = new LinkedHashMap<String, Integer>();
        WATCHED.forEach(name -> objects.put(name, 0));
        for (String line : histogram(host)) {
            Matcher row = ROW.matcher(line);
            if (row.find() && objects.containsKey(row.group("name"))) {
                objects.put(row.group("name"), Integer.parseInt(row.group("count")));
            }
        }
        return new HostMemory(objects, number(host, "Threads:"));
    }

    private static List<String> histogram(TrellisProcess host) throws IOException, InterruptedException {
        Path output = Files.createTempFile("histogram", ".txt");
        try {
            Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
            Process process = new ProcessBuilder(jcmd.toString(), Long.toString(host.pid()), "GC.class_histogram")
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(30, TimeUnit.SECONDS);
            List<String> lines = Files.readAllLines(output);
            assertThat(ended && process.exitValue() == 0)
                    .as("jcmd: " + String.join("\n", lines))
                    .isTrue();
            return lines;
        } finally {
            Files.delete(output);
        }
    }

    /** Memory of the process that is in use now, heap and everything else. */
    static long residentBytes(TrellisProcess host) throws IOException {
        return number(host, "VmRSS:") * 1024L;
    }

    private static int number(TrellisProcess host, String name) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(host.pid()), "status")).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> Integer.parseInt(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " of process " + host.pid()));
    }

    /** That there is no more of anything than before. */
    void assertNoMoreThan(HostMemory before, String host) {
        objects.forEach((name, count) -> assertThat(count)
                .as(name + " on " + host + ": " + before + ", then " + this)
                .isLessThanOrEqualTo(before.objects.getOrDefault(name, 0) + SLACK));
        assertThat(threads).as("threads of " + host).isLessThanOrEqualTo(before.threads + SLACK);
    }
}

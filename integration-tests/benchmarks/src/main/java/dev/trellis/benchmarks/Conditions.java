package dev.trellis.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Under what conditions figures were taken. */
final class Conditions {
    private Conditions() {}

    static Map<String, Object> now(Path root, boolean brief) throws InterruptedException {
        var conditions = new LinkedHashMap<String, Object>();
        conditions.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        conditions.put("brief", brief);
        conditions.put("commit", commit(root));
        conditions.put("cpu", cpu());
        conditions.put("cpus", Runtime.getRuntime().availableProcessors());
        conditions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        conditions.put("jdk", System.getProperty("java.vendor") + " " + Runtime.version());
        conditions.put(
                "jvm_flags",
                String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
        conditions.put("nats_server", firstLine("nats-server", "--version"));
        conditions.put("load_generator", Programs.find("wrk").isPresent() ? "wrk" : "own closed loop");
        conditions.put("load_average_before", loadAverage());
        return conditions;
    }

    /** Over the last minute. */
    static double loadAverage() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static String commit(Path root) throws InterruptedException {
        String commit = firstLine("git", "-C", root.toString(), "rev-parse", "--short=12", "HEAD");
        String changed = firstLine("git", "-C", root.toString(), "status", "--porcelain");
        return changed.isEmpty() ? commit : commit + " with local changes";
    }

    private static String cpu() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }

    private static String firstLine(String... command) throws InterruptedException {
        try {
            return Programs.output(List.of(command)).lines().findFirst().orElse("");
        } catch (IOException e) {
            return "unknown: " + command[0] + " cannot be run here";
        }
    }
}

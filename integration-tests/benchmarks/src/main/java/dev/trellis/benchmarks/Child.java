package dev.trellis.benchmarks;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** A process that a benchmark started, with lines in and out. Ends, with all that it started, on {@link #close()}. */
final class Child implements AutoCloseable {
    private static final Duration END_MAX = Duration.ofSeconds(10);
    private static final int LINES_MAX = 10_000;
    private static final int LINES_TOLD = 20;

    private final Process process;
    private final BufferedWriter in;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>(LINES_MAX);
    private final List<String> seen = new ArrayList<>();
    private final Thread hook = new Thread(this::kill);

    private Child(Process process) {
        this.process = process;
        this.in = process.outputWriter(StandardCharsets.UTF_8);
        Runtime.getRuntime().addShutdownHook(hook);
        Thread.ofVirtual().start(this::read);
    }

    static Child start(ProcessBuilder command) throws IOException {
        return new Child(command.start());
    }

    /** Starts {@code main} in a JVM with the flags and classes of this one. */
    static Child java(Class<?> main, String... arguments) throws IOException {
        return start(javaCommand(main, arguments).redirectError(ProcessBuilder.Redirect.INHERIT));
    }

    static ProcessBuilder javaCommand(Class<?> main, String... arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** Waits for a line that {@code wanted} takes. */
    String await(Predicate<String> wanted, Duration time) throws InterruptedException, TimeoutException {
        long end = System.nanoTime() + time.toNanos();
        while (true) {
            Optional<String> line = lines.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (line == null || line.isEmpty()) {
                throw new TimeoutException("%s did not say what was waited for within %d s; it said: %s"
                        .formatted(
                                process.info().command().orElse("the process"),
                                time.toSeconds(),
                                String.join(" | ", seen.subList(Math.max(0, seen.size() - LINES_TOLD), seen.size()))));
            }
            seen.add(line.get());
            if (wanted.test(line.get())) {
                return line.get();
            }
        }
    }

    /** Sends a line and waits for the next one. */
    String ask(String line, Duration time) throws IOException, InterruptedException, TimeoutException {
        in.write(line);
        in.newLine();
        in.flush();
        return await(_ -> true, time);
    }

    /** Processor time used so far, user and system. */
    Duration cpu() {
        return process.toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Resident memory. */
    long rssBytes() throws IOException, InterruptedException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        String kilobytes;
        if (Files.isReadable(status)) {
            kilobytes = Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .findFirst()
                    .orElseThrow(() -> new IOException(status + " has no VmRSS"));
        } else {
            kilobytes = Programs.output(List.of("ps", "-o", "rss=", "-p", Long.toString(process.pid())));
        }
        return Long.parseLong(kilobytes.replaceAll("\\D", "")) << 10;
    }

    private void read() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (!lines.offer(Optional.of(line))) {
                    lines.clear(); // nobody listens any more, but the process must be able to go on
                }
            }
        } catch (IOException e) {
            // it was ended while it spoke
        }
        boolean _ = lines.offer(Optional.empty());
    }

    private void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(END_MAX.toSeconds(), TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // this JVM ends
        }
    }
}

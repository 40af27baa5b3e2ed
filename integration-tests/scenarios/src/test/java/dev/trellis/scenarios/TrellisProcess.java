package dev.trellis.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The {@code trellis} command in a JVM of its own, as a user runs it; standard output and error each in a file. Killed
 * with the test JVM at the latest.
 */
public final class TrellisProcess implements AutoCloseable {
    private final Process process;
    private final Path stdout;
    private final Path stderr;
    private final String name;
    private final Thread reaper;

    private TrellisProcess(String name, Process process, Path stdout, Path stderr) {
        this.name = name;
        this.process = process;
        this.stdout = stdout;
        this.stderr = stderr;
        this.reaper = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /** Starts a command that goes on running. {@code environment} is added to that of the tests. */
    static TrellisProcess start(Path directory, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(List.of(), directory, environment, arguments);
    }

    /** Starts it by {@code wrapper}, a command that becomes the one that follows it, such as {@code ip netns exec N}. */
    static TrellisProcess start(
            List<String> wrapper, Path directory, Map<String, String> environment, String... arguments)
            throws IOException {
        Files.createDirectories(directory);
        String name = "trellis-" + String.join("-", arguments).replaceAll("[^A-Za-z0-9]+", "-");
        name = name.substring(0, Math.min(60, name.length()));
        Path stdout = Files.createTempFile(directory, name, ".out");
        Path stderr = Files.createTempFile(directory, name, ".err");
        var command = new ArrayList<>(wrapper);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Djdk.virtualThreadScheduler.parallelism=4",
                "-Djdk.virtualThreadScheduler.maxPoolSize=512",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dtrellis.home=" + root(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.trellis.cli.Main"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(stdout.toFile())
                .redirectError(stderr.toFile());
        builder.environment().putAll(environment);
        return new TrellisProcess(name, builder.start(), stdout, stderr);
    }

    /** The root of the checkout. */
    static Path root() {
        return Path.of(System.getProperty("trellis.root"));
    }

    /** Waits until the standard error output matches; fails with all of it if the command ends first or time is up. */
    void awaitMessage(String regex, Duration time) throws IOException, InterruptedException {
        Pattern pattern = Pattern.compile(regex);
        Waiting.until(time, () -> "'" + regex + "' on stderr of " + name + "; it says:\n" + messages(), () -> {
            if (pattern.matcher(messages()).find() || pattern.matcher(output()).find()) {
                return true;
            }
            if (!process.isAlive()) {
                throw new AssertionError(name + " ended with " + process.exitValue() + " before '" + regex
                        + "'; it says:\n" + messages());
            }
            return false;
        });
    }

    String output() throws IOException {
        return Files.readString(stdout);
    }

    String messages() throws IOException {
        return Files.readString(stderr);
    }

    long pid() {
        return process.pid();
    }

    boolean alive() {
        return process.isAlive();
    }

    /** Waits for the command's end and returns its exit code. */
    int awaitExit(Duration time) throws IOException, InterruptedException {
        if (!process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError(name + " still runs after " + time + "; it says:\n" + messages());
        }
        return process.exitValue();
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** SIGTERM, and the wait for its end. */
    int terminate(Duration time) throws IOException, InterruptedException {
        process.destroy();
        return awaitExit(time);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().removeShutdownHook(reaper);
    }
}

package dev.trellis.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The echo sample as a native process per request, started by a small native program: no JVM in its way. */
record NativeSpawn(Path spawner, Path program, Path request) {
    /** Builds both programs with {@code cc}. */
    static NativeSpawn build(Settings settings, Path request) throws IOException, InterruptedException {
        Path sample = settings.root().resolve("actor-sdk/samples/echo-c");
        Programs.output(List.of("sh", sample.resolve("build.sh").toString(), "native"));
        Path spawner = settings.temporary().resolve("spawn");
        Path source = settings.root().resolve("integration-tests/benchmarks/src/main/c/spawn.c");
        Programs.output(List.of("cc", "-O2", "-o", spawner.toString(), source.toString()));
        return new NativeSpawn(spawner, sample.resolve("target/echo-native"), request);
    }

    Samples run(int count) throws IOException, InterruptedException {
        long start = System.nanoTime();
        String lines = Programs.output(
                List.of(spawner.toString(), program.toString(), request.toString(), Integer.toString(count)));
        return new Samples(lines.lines().mapToLong(Long::parseLong).toArray(), (System.nanoTime() - start) / 1e9);
    }
}

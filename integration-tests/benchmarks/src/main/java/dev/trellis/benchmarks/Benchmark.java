package dev.trellis.benchmarks;

import java.util.List;

/** Something to measure beside its baseline. Runs in a JVM of its own, which has the flags of {@code trellis up}. */
@FunctionalInterface
interface Benchmark {
    /** Measures. What cannot be measured here is a row that says why. */
    List<Row> run(Settings settings) throws Exception;
}

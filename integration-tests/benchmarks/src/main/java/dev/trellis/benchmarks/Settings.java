package dev.trellis.benchmarks;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What every benchmark is told.
 *
 * @param root the checkout
 * @param temporary a folder for this run, deleted after it
 * @param brief whether only to see that all works: passes take a fraction of their time, figures mean nothing
 */
record Settings(Path root, Path temporary, boolean brief) {
    private static final int BRIEF_FRACTION = 8;

    /** Rounds in which the ways are measured in turn, after one that is not counted. */
    int rounds() {
        return brief ? 1 : 3;
    }

    /** {@code full}, or its fraction in a brief run. */
    Duration time(Duration full) {
        return brief ? full.dividedBy(BRIEF_FRACTION) : full;
    }

    Path guest(String sample) {
        return root.resolve("actor-sdk/samples").resolve(sample).resolve(sample + ".wasm");
    }
}

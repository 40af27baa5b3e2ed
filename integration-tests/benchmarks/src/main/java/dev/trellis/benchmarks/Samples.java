package dev.trellis.benchmarks;

import java.util.Arrays;
import java.util.Collection;

/** Times of single calls, in nanoseconds, and how long taking all of them took. */
final class Samples {
    private final long[] sorted;
    private final double seconds;

    Samples(long[] nanos, double seconds) {
        if (nanos.length == 0) {
            throw new IllegalArgumentException("there must be at least one sample; the pass was too short");
        }
        this.sorted = nanos.clone();
        Arrays.sort(sorted);
        this.seconds = seconds;
    }

    /** All samples of several passes, taken one after the other. */
    static Samples merged(Collection<Samples> passes) {
        long[] all = passes.stream()
                .flatMapToLong(pass -> Arrays.stream(pass.sorted))
                .toArray();
        return new Samples(
                all, passes.stream().mapToDouble(pass -> pass.seconds).sum());
    }

    int count() {
        return sorted.length;
    }

    /** The smallest time that at least {@code quantile} of the samples do not exceed. */
    double micros(double quantile) {
        int rank = (int) Math.ceil(quantile * sorted.length) - 1;
        return sorted[Math.clamp(rank, 0, sorted.length - 1)] / 1e3;
    }

    double perSecond() {
        return sorted.length / seconds;
    }
}

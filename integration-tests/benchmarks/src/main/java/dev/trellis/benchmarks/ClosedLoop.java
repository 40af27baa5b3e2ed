package dev.trellis.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Callers that make one call after the other, as fast as they are answered. */
final class ClosedLoop {
    /** Samples of one caller; further ones are not kept. */
    private static final int SAMPLES_MAX = 4 << 20;

    @FunctionalInterface
    interface Call {
        void run() throws Exception;
    }

    /** A call that times itself. */
    @FunctionalInterface
    interface TimedCall {
        long nanos() throws Exception;
    }

    private ClosedLoop() {}

    static TimedCall timed(Call call) {
        return () -> {
            long start = System.nanoTime();
            call.run();
            return System.nanoTime() - start;
        };
    }

    /** One caller: this thread. */
    static Samples here(Duration time, TimedCall call) throws Exception {
        long start = System.nanoTime();
        long[] nanos = loop(start + time.toNanos(), call);
        return new Samples(nanos, (System.nanoTime() - start) / 1e9);
    }

    /** {@code callers} virtual threads at once. */
    static Samples concurrent(int callers, Duration time, Call call) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            long start = System.nanoTime();
            long end = start + time.toNanos();
            Callable<long[]> caller = () -> loop(end, timed(call));
            List<Future<long[]>> running = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                running.add(threads.submit(caller));
            }
            List<long[]> all = new ArrayList<>();
            for (var one : running) {
                all.add(one.get());
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Samples(all.stream().flatMapToLong(Arrays::stream).toArray(), seconds);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a measured call failed: " + e.getCause(), e);
        }
    }

    private static long[] loop(long end, TimedCall call) throws Exception {
        long[] nanos = new long[1024];
        int count = 0;
        do {
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * count);
            }
            nanos[count++] = call.nanos();
        } while (System.nanoTime() - end < 0 && count < SAMPLES_MAX);
        return Arrays.copyOf(nanos, count);
    }
}

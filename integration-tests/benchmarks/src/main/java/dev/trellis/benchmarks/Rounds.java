package dev.trellis.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Measures several ways to do the same in turn (ABAB), so that whatever else the machine does hits all alike. */
final class Rounds {
    /** One pass of one way. */
    @FunctionalInterface
    interface Pass<T> {
        T run(Duration time) throws Exception;
    }

    /** What the passes of each way gave, in their order. */
    record Results<T>(Map<String, List<T>> byWay) {
        List<T> of(String way) {
            return Objects.requireNonNull(byWay.get(way), way);
        }
    }

    private Rounds() {}

    /** Runs each way once for {@code warmUp}, then {@code rounds} times for {@code time} in turn; the latter count. */
    static <T> Results<T> interleaved(int rounds, Duration warmUp, Duration time, Map<String, ? extends Pass<T>> ways)
            throws Exception {
        for (Pass<T> way : ways.values()) {
            way.run(warmUp);
        }
        var results = new LinkedHashMap<String, List<T>>();
        for (int round = 0; round < rounds; round++) {
            for (var way : ways.entrySet()) {
                results.computeIfAbsent(way.getKey(), _ -> new ArrayList<>())
                        .add(way.getValue().run(time));
            }
        }
        return new Results<>(results);
    }
}

package dev.trellis.observability.traces;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TraceRateTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Random ids = new Random(1);
    private long now;
    private final TraceRate rate = new TraceRate(1000, 100, 0);

    private int taken(int spansPerSecond, int seconds, boolean notable) {
        int taken = 0;
        for (int i = 0; i < spansPerSecond * seconds; i++) {
            now += SECOND / spansPerSecond;
            taken += rate.takes(ids.nextLong(), notable, now) ? 1 : 0;
        }
        return taken;
    }

    @Test
    void spans_belowTheRate_areAllTaken() {
        assertThat(taken(900, 5, false)).isEqualTo(4500);
    }

    @Test
    void spans_farAboveTheRate_areTakenAtAboutTheRate() {
        taken(100_000, 1, false);

        assertThat(taken(100_000, 5, false)).isBetween(4_000, 6_500);
    }

    @Test
    void spans_afterAQuietTime_areTakenAgain() {
        taken(100_000, 1, false);
        now += 10 * SECOND;

        assertThat(taken(10, 1, false)).isEqualTo(10);
    }

    @Test
    void notableSpans_beyondTheRate_haveARateOfTheirOwn() {
        taken(100_000, 1, false);

        assertThat(taken(100_000, 5, true) - taken(100_000, 5, false)).isBetween(350, 650);
    }

    @Test
    void hosts_differentLoad_agreeOnTheTracesOfTheSmallerShare() {
        var busier = new TraceRate(1000, 100, 0);
        taken(10_000, 1, false);
        for (int i = 0; i < 50_000; i++) {
            busier.takes(ids.nextLong(), false, i * SECOND / 50_000);
        }
        var here = new HashSet<Long>();
        var there = new HashSet<Long>();
        for (int i = 0; i < 2000; i++) {
            long trace = ids.nextLong();
            now += SECOND / 10_000;
            if (rate.takes(trace, false, now)) {
                here.add(trace);
            }
            if (busier.takes(trace, false, SECOND + i * SECOND / 50_000)) {
                there.add(trace);
            }
        }
        assertThat(there).isNotEmpty();
        assertThat(here).hasSizeGreaterThan(there.size()).containsAll(there);
    }
}

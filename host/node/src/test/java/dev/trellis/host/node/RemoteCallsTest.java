package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RemoteCallsTest {
    private final AtomicLong nanos = new AtomicLong();
    private final PeerPath path = new PeerPath(nanos::get);
    private final RemoteCalls calls = new RemoteCalls();

    @Test
    void lost_threeInARow_trips_aReplyInBetweenDoesNot() {
        lose(RemoteCalls.LOST_MAX - 1);
        calls.answered();
        lose(RemoteCalls.LOST_MAX - 1);
        assertThat(calls.tripped(path)).isFalse();

        lose(1);

        assertThat(calls.tripped(path)).isTrue();
    }

    @Test
    void tripped_pingAnsweredAfterwards_takesCallsAgain_oneMoreLostTripsItAtOnce() {
        lose(RemoteCalls.LOST_MAX);
        path.answered(Duration.ofMillis(1));
        assertThat(calls.tripped(path)).isFalse();

        lose(1);
        assertThat(calls.tripped(path)).isTrue();

        path.answered(Duration.ofMillis(1));
        calls.answered();
        lose(RemoteCalls.LOST_MAX - 1);
        assertThat(calls.tripped(path)).isFalse();
    }

    @Test
    void path_missedPings_areSuspectThenBroken_unlessSomethingWasHeardSince() {
        path.missed(nanos.get());
        assertThat(path.state()).isEqualTo(PeerPath.State.SUSPECT);

        long sent = nanos.getAndIncrement();
        path.heard();
        path.missed(sent);
        assertThat(path.state()).isEqualTo(PeerPath.State.HEALTHY);

        path.missed(nanos.get());
        path.missed(nanos.get());
        assertThat(path.state()).isEqualTo(PeerPath.State.BROKEN);
    }

    @Test
    void path_roundTripsAreSmoothed() {
        path.answered(Duration.ofMillis(8));
        path.answered(Duration.ofMillis(16));

        assertThat(Duration.ofNanos(path.roundTripNanos())).isEqualTo(Duration.ofMillis(9));
    }

    private void lose(int times) {
        for (int i = 0; i < times; i++) {
            calls.lost(path);
        }
    }
}

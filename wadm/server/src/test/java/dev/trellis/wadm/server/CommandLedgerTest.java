package dev.trellis.wadm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.wadm.core.Activity;
import dev.trellis.wadm.core.WadmCommand;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CommandLedgerTest {
    private static final WadmCommand STOP =
            new WadmCommand.StopProvider("app", new HostId("h"), new EntityId("p"), Duration.ZERO);
    private static final WadmCommand START = new WadmCommand.StartProvider(
            "app", new HostId("h"), new EntityId("p"), new ImageRef("p:1"), List.of(), Map.of(), Duration.ZERO);

    private final CommandLedger ledger = new CommandLedger();

    private static long at(double seconds) {
        return (long) (seconds * 1e9);
    }

    private List<WadmCommand> due(double seconds, WadmCommand... wanted) {
        return ledger.due(List.of(wanted), at(seconds));
    }

    @Test
    void due_underWay_isNotSentAgain() {
        assertThat(due(0, STOP)).containsExactly(STOP);
        assertThat(due(1, STOP)).isEmpty();
        ledger.accepted(STOP.key(), at(1));
        assertThat(due(2, STOP)).isEmpty();
        assertThat(ledger.activities()).containsEntry(STOP.key(), new Activity.InProgress());
    }

    @Test
    void due_anotherCommandForTheSameThing_isSentOnceTheFirstIsAnswered() {
        due(0, STOP);
        assertThat(due(0, START)).isEmpty();
        ledger.accepted(STOP.key(), at(0));
        assertThat(due(0, START)).containsExactly(START);
    }

    @Test
    void due_failed_waitsEverLongerUpToTheBound() {
        double now = 0;
        for (double wait : List.of(1, 2, 4, 8, 16, 30, 30).stream()
                .map(Integer::doubleValue)
                .toList()) {
            assertThat(due(now, STOP)).containsExactly(STOP);
            ledger.failed(STOP.key(), "no", at(now));
            assertThat(due(now + wait - 0.1, STOP)).isEmpty();
            now += wait;
        }
        assertThat(ledger.activities()).containsEntry(STOP.key(), new Activity.Failed("no", 7));
    }

    @Test
    void due_acceptedButNeverObserved_countsAsFailed() {
        due(0, STOP);
        ledger.accepted(STOP.key(), at(0));
        assertThat(due(31, STOP)).isEmpty();
        assertThat(ledger.activities())
                .containsEntry(STOP.key(), new Activity.Failed("accepted, but not observed within 30 s", 1));
        assertThat(due(32.1, STOP)).containsExactly(STOP);
    }

    @Test
    void forgive_failed_isDueAtOnce() {
        due(0, STOP);
        ledger.failed(STOP.key(), "no", at(0));
        ledger.forgive(at(0.1));
        assertThat(due(0.1, STOP)).containsExactly(STOP);
    }

    @Test
    void accepted_afterTheFailureWasSeen_staysFailed() {
        due(0, STOP);
        ledger.failed(STOP.key(), "no", at(0));
        ledger.accepted(STOP.key(), at(0));
        assertThat(ledger.activities()).containsEntry(STOP.key(), new Activity.Failed("no", 1));
        assertThat(due(1, STOP)).containsExactly(STOP);
    }

    @Test
    void due_notWantedAnyMore_isForgotten() {
        due(0, STOP);
        ledger.failed(STOP.key(), "no", at(0));
        due(0.1);
        assertThat(ledger.activities()).isEmpty();
    }

    @Test
    void backoff_manyFailures_isBounded() {
        assertThat(CommandLedger.backoff(1_000_000)).isEqualTo(Duration.ofSeconds(30));
    }
}

package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.lattice.transport.LatticeTransport;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LatticeRecordsTest {
    private static final int RACES = 100;

    private final InProcessLattice lattice = new InProcessLattice();
    private final LatticeTransport first = lattice.join();
    private final LatticeTransport second = lattice.join();
    private final LatticeRecords here = new LatticeRecords(first, Subjects.of(LatticeName.DEFAULT));
    private final LatticeRecords there = new LatticeRecords(second, Subjects.of(LatticeName.DEFAULT));

    @AfterEach
    void close() {
        first.close();
        second.close();
        lattice.close();
    }

    @Test
    void putLink_twoHostsAtOnceWithDifferentTargets_exactlyOneWins() throws Exception {
        for (int i = 0; i < RACES; i++) {
            Link a = link("s" + i, "app-a", "wasmcloud:keyvalue");
            Link b = link("s" + i, "app-b", "wasmcloud:keyvalue");

            int won = race(a, b, "different target");

            assertThat(won).as("race " + i).isEqualTo(1);
            assertThat(of("s" + i)).as("race " + i).hasSize(1);
        }
    }

    @Test
    void putLink_twoHostsAtOnceWithFacesOfOneContract_exactlyOneWins() throws Exception {
        for (int i = 0; i < RACES; i++) {
            Link a = link("s" + i, "app-a", "wasmcloud:keyvalue");
            Link b = link("s" + i, "app-a", "wasi:keyvalue");

            int won = race(a, b, "same contract by another name");

            assertThat(won).as("race " + i).isEqualTo(1);
            assertThat(of("s" + i)).as("race " + i).hasSize(1);
        }
    }

    @Test
    void putLink_anotherFaceUntilTheFirstIsDeleted_isRefused() throws Exception {
        Link old = link("s", "app-a", "wasmcloud:keyvalue");
        Link next = link("s", "app-a", "wasi:keyvalue");
        here.putLink(old);

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> here.putLink(next))
                .withMessageContaining("wasmcloud:keyvalue");
        here.deleteLink(old.key());
        here.putLink(next);

        assertThat(here.links()).extracting(StoredLink::link).containsExactly(next);
    }

    private List<Link> of(String source) throws InterruptedException {
        return here.links().stream()
                .map(StoredLink::link)
                .filter(link -> link.source().value().equals(source))
                .toList();
    }

    private int race(Link a, Link b, String refusal) throws Exception {
        var start = new CyclicBarrier(2);
        int won = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var puts = List.of(put(threads, start, here, a), put(threads, start, there, b));
            for (Future<?> put : puts) {
                try {
                    put.get();
                    won++;
                } catch (ExecutionException e) {
                    assertThat(e.getCause())
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining(refusal);
                }
            }
        }
        return won;
    }

    private static Future<?> put(ExecutorService threads, CyclicBarrier start, LatticeRecords records, Link link) {
        return threads.submit(() -> {
            try {
                start.await();
            } catch (BrokenBarrierException e) {
                throw new IllegalStateException(e);
            }
            records.putLink(link);
            return link;
        });
    }

    private static Link link(String source, String target, String contract) {
        return new Link(
                new EntityId(source),
                new EntityId(target),
                LinkName.DEFAULT,
                new ContractId(contract),
                List.of(),
                List.of(),
                List.of());
    }
}
